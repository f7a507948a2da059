import Foundation
import Model
import Reconciler
import Synchronization
import Testing

@testable import Workshop

@Suite("An image of a commit")
struct ImageBuildTests {
    static let alpine = "alpine:3.20"

    /// An engine with the base, and a workpiece that needs it.
    private func image(
        _ bench: Bench, _ files: [String: FakeCode.File] = [:], _ build: ImageBuild = ImageBuild(),
        of repository: CodeRepository = Bench.account
    ) -> Workpiece {
        bench.images.set { $0.images[Self.alpine] = "sha256:0" }
        let dockerfile = ["Dockerfile": FakeCode.File(text: "FROM \(Self.alpine)\nCOPY . /app\n")]
        return bench.piece(.image(build), dockerfile.merging(files) { _, new in new }, of: repository)
    }

    @Test(
        "The context is what tar reads: names of any length, modes, links; ignored files and submodules are not in it")
    func context() async throws {
        try await Bench.run { bench in
            let long = String(repeating: "folder-with-a-name/", count: 14) + "file"
            let target = String(repeating: "../", count: 50) + "far"
            let piece = image(
                bench,
                [
                    "run.sh": .init(text: "#!/bin/sh\n", kind: .executable), "src/main.c": .init(text: "int main;"),
                    long: .init(text: "deep"), "link": .init(text: "src/main.c", kind: .symlink),
                    "far": .init(text: target, kind: .symlink), "vendor/lib": .init(text: "", kind: .submodule),
                    "notes.md": .init(text: "no"), ".dockerignore": .init(text: "*.md\nDockerfile\n.dockerignore\n"),
                    "empty": .init(text: ""), "ö/ü": .init(text: "umlaut"),
                ])
            try await bench.workshop().make(piece)
            let out = bench.folder + "/out"
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: false)
            let archive = bench.folder + "/context.tar"
            try Data(bench.images.state.withLock(\.context)).write(to: URL(filePath: archive))
            try run("tar", "--extract", "--same-permissions", "--file", archive, "--directory", out)
            let found = try FileManager.default.subpathsOfDirectory(atPath: out).filter { !$0.hasPrefix("folder") }
            #expect(
                found.sorted() == [
                    ".dockerignore", "Dockerfile", "empty", "far", "link", "run.sh", "src", "src/main.c", "ö", "ö/ü",
                ])
            #expect(try bench.text("\(out)/\(long)") == "deep")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: out + "/far") == target)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: out + "/link") == "src/main.c")
            for (path, mode) in ["run.sh": 0o755, "src": 0o755, "empty": 0o644] {
                let facts = try FileManager.default.attributesOfItem(atPath: "\(out)/\(path)")
                #expect(facts[.posixPermissions] as? Int == mode, "\(path)")
            }
            #expect(await bench.output(of: piece).contains("vendor/lib is a submodule and is left out"))
        }
    }

    @Test("A .dockerignore that would take hours is refused, and no survey waits for any")
    func endlessPatterns() async throws {
        let files = (0..<100).map { number in
            (
                path: "\(number)/aaaaaaaaaa",
                entry: CodeEntry(path: "\(number)/aaaaaaaaaa", kind: .file, blob: BlobID("0"), size: 0)
            )
        }
        let ignore = IgnoreFile(String(repeating: "**a**a**a**b\n", count: 100))
        _ = try BuildContext(files, without: ignore, always: [], bases: [])
        for (work, verdicts) in [(10_000, IgnoreFile.mostVerdicts), (IgnoreFile.mostWork, 9_000)] {
            let problem = #expect(throws: BuildContext.Problem.self) {
                try BuildContext(
                    files, without: ignore, always: [], bases: [], mostWork: work, mostVerdicts: verdicts)
            }
            #expect(problem?.message == "its .dockerignore has too many patterns for its 100 files")
        }

        // The survey reads the Dockerfile alone.
        try await Bench.run { bench in
            let much = String(repeating: "#", count: IgnoreFile.largest + 1)
            let piece = image(bench, [".dockerignore": .init(text: much)])
            let making = Making(repository: piece.repository, reference: "main", recipe: piece.recipe)
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            let seen = await workshop.survey([making], patience: .seconds(10))
            #expect(seen.bases[piece.id]?.map(\.text) == [Self.alpine])
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(error.message.hasPrefix(".dockerignore has \(much.utf8.count) bytes"))
        }
    }

    private func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("The engine is told what the recipe says, for the part of the repository that it names")
    func order() async throws {
        try await Bench.run { bench in
            let repository = Bench.repository("mono", subPath: "services")
            let build = ImageBuild(
                dockerfile: "docker/Dockerfile", context: "./account", target: "run", arguments: ["A": "1"],
                timeoutMillis: 1000)
            let piece = image(
                bench,
                [
                    "services/account/docker/Dockerfile": .init(text: "FROM scratch AS run"),
                    "services/other": .init(text: ""), "account/x": .init(text: ""),
                ], build, of: repository)
            let workshop = bench.workshop()
            try await workshop.make(piece)
            let image = try #require(piece.image)
            #expect(
                bench.images.state.withLock(\.orders) == [
                    ImageOrder(
                        image: image, dockerfile: "docker/Dockerfile", target: "run", arguments: ["A": "1"],
                        piece: piece.id, timeout: .seconds(1), limits: BuildLimits())
                ])
            let seen = await workshop.survey([], patience: .zero).pieces[piece.id]
            #expect(seen?.condition == .ready)
            #expect(seen?.image == image)
            #expect(seen?.uid == Bench.uid)
            #expect(!String(decoding: bench.images.state.withLock(\.context), as: UTF8.self).contains("other"))
            // It is there, so it is not built again; when the engine has lost it, it is.
            try await workshop.build(piece, as: Bench.uid)
            #expect(bench.images.state.withLock(\.orders.count) == 1)
            bench.images.set { $0.images = [:] }
            try await workshop.build(piece, as: Bench.uid)
            #expect(bench.images.state.withLock(\.orders.count) == 2)
        }
    }

    @Test("Its bases are known once its commit is here; one that the node lacks is named and nothing is remembered")
    func bases() async throws {
        try await Bench.run { bench in
            let piece = image(bench)
            bench.images.set { $0.images = [:] }
            let making = Making(repository: piece.repository, reference: "main", recipe: piece.recipe)
            let workshop = bench.workshop()
            #expect(await workshop.survey([making], patience: .zero).bases == [:])
            try await workshop.fetch(piece)
            let base = try #require(ImageReference(Self.alpine))
            #expect(await workshop.survey([making], patience: .zero).bases == [piece.id: [base]])
            let error = try await failure { () throws(HostError) in try await workshop.build(piece, as: Bench.uid) }
            #expect(error.failure == .stale)
            #expect(
                error.message
                    == "its Dockerfile builds on alpine:3.20, which this node does not have; pull it, or load it by an ImageBundle"
            )
            #expect(await workshop.condition(of: piece) == .unfinished)
        }
    }

    @Test("A refused build is remembered with its last lines; trouble with the engine is not")
    func failures() async throws {
        try await Bench.run { bench in
            let piece = image(bench)
            let workshop = bench.workshop()
            bench.images.set { state in
                state.output = (1...7).map { "Step \($0)/7" }
                state.failure = HostError("build", .unreachable, "the engine is gone")
            }
            _ = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(await workshop.condition(of: piece) == .unfinished)
            bench.images.set { $0.failure = HostError("build", .refused, "returned a non-zero code: 2") }
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            let message = "returned a non-zero code: 2"
            #expect(error.message == message)
            #expect(await workshop.condition(of: piece) == .failed(.build, message: message))
        }
    }

    @Test("A Dockerfile that is not there is the commit's failure")
    func missingDockerfile() async throws {
        try await Bench.run { bench in
            let piece = image(bench, [:], ImageBuild(dockerfile: "Containerfile", context: "app"))
            let workshop = bench.workshop()
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(error.message.hasSuffix("there is no Containerfile in app at this commit"))
            #expect(Failures(bench.settings).all().count == 1)
        }
    }
}
