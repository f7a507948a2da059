import Foundation
import Glibc
import Model
import Reconciler
import Synchronization
import Testing

@testable import Workshop

@Suite("What is kept, brought and thrown away")
struct KeepingTests {
    @Test("A workpiece counts how long nobody asked about it")
    func idle() async throws {
        let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))
        try await Bench.run { bench in
            let piece = bench.piece(.worktree(build: nil, target: "/app"))
            let making = Making(repository: piece.repository, reference: "main", recipe: piece.recipe)
            let workshop = bench.workshop(now: { time.withLock(\.self) })
            try await workshop.make(piece)
            for (passed, asks, idle) in [(0, true, 0), (90, false, 90), (90, true, 0), (30, false, 30)] {
                time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + Int64(passed) * 1000) }
                let seen = await workshop.survey(asks ? [making] : [], patience: .zero)
                #expect(seen.pieces[piece.id]?.idleMillis == Int64(idle) * 1000)
            }
            // It is written down: the next one counts on.
            #expect(
                await bench.workshop(now: { time.withLock(\.self) }).survey([], patience: .zero).pieces[piece.id]?
                    .idleMillis == 30_000)
        }
    }

    @Test("What is thrown away is gone with its image; its log stays, its mirror goes with the last of its repository")
    func discard() async throws {
        try await Bench.run { bench in
            bench.images.set { $0.images["alpine:latest"] = "sha256:0" }
            let image = bench.piece(.image(ImageBuild()), ["Dockerfile": .init(text: "FROM alpine")])
            let maker = bench.workshop()
            try await maker.make(image)
            let files = bench.script("mkdir -p a/b && touch a/b/c && chmod 0 a/b a")
            try await maker.make(files)
            let workshop = bench.workshop()
            let mirror = bench.settings.folder + "/account.git"
            bench.images.set { $0.removalFailure = HostError("remove image", .refused, "a container uses it") }
            let refused = try await failure { () throws(HostError) in try await workshop.discard(image.id) }
            #expect(refused.message == "a container uses it")
            #expect(await workshop.condition(of: image) == .ready)

            bench.images.set { $0.removalFailure = nil }
            try await workshop.discard(image.id)
            #expect(bench.images.state.withLock(\.removed) == [try #require(image.image)])
            #expect(!FileManager.default.fileExists(atPath: bench.folder(of: image)))
            #expect(FileManager.default.fileExists(atPath: mirror))
            try await workshop.discard(files.id)
            try await workshop.discard(files.id)
            #expect(!FileManager.default.fileExists(atPath: mirror))
            #expect(await workshop.survey([], patience: .zero).pieces == [:])
            #expect(FileManager.default.fileExists(atPath: bench.logFile(of: files)))
            #expect(try FileManager.default.contentsOfDirectory(atPath: bench.settings.folder + "/pieces") == [])
        }
    }

    @Test(
        "What was half thrown away when we were killed is made anew by whoever wants it, and a mirror is never half there"
    )
    func halfDiscarded() async throws {
        try await Bench.run { bench in
            let piece = bench.script("mkdir a; touch a/b")
            let workshop = bench.workshop()
            try await workshop.make(piece)
            // A folder that cannot be removed stands for our end in the middle of it.
            let lasting = bench.folder(of: piece) + "/lasting"
            try FileManager.default.createDirectory(atPath: lasting, withIntermediateDirectories: false)
            #expect(mount("tmpfs", lasting, "tmpfs", 0, nil) == 0 || geteuid() != 0)
            defer { umount2(lasting, Int32(MNT_DETACH)) }
            if geteuid() == 0 {
                let error = try await failure { () throws(HostError) in try await workshop.discard(piece.id) }
                #expect(error.failure == .refused)
                #expect(await workshop.condition(of: piece) == .unfinished)
                umount2(lasting, Int32(MNT_DETACH))
            }
            let remains = bench.settings.folder + "/old.git.gone"
            try FileManager.default.createDirectory(atPath: remains + "/objects", withIntermediateDirectories: true)
            try await workshop.discard(piece.id)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: bench.settings.folder).sorted() == [
                    "home", "pieces",
                ])
        }
    }

    @Test("Who waits while a workpiece is thrown away makes it anew")
    func makingAfterDiscard() async throws {
        try await Bench.run { bench in
            let piece = bench.script("true")
            let workshop = bench.workshop()
            try await workshop.make(piece)
            let lockFile = "\(bench.settings.folder)/pieces/\(piece.id).lock"
            try await withThrowingTaskGroup(of: Void.self) { group in
                let lock = try #require(try FileLock(lockFile, for: "test"))
                let other = bench.workshop()
                try FileManager.default.removeItem(atPath: bench.settings.logs)
                group.addTask { try await other.fetch(piece) }
                try await soon("it has begun") { FileManager.default.fileExists(atPath: bench.settings.logs) }
                // It is answered when the other waits.
                _ = await other.survey([], patience: .zero)
                try FileManager.default.removeItem(atPath: bench.folder(of: piece))
                unlink(lockFile)
                withExtendedLifetime(lock) {}
            }
            #expect(await workshop.condition(of: piece) == .unfinished)
            try await workshop.make(piece)
            #expect(await workshop.condition(of: piece) == .ready)
        }
    }

    @Test("A mirror that lost something is made anew: by a fetch it would never be whole again")
    func damagedMirror() async throws {
        try await Bench.run { bench in
            let piece = bench.script("true")
            let workshop = bench.workshop()
            let mirror = bench.settings.folder + "/account.git"
            try await workshop.fetch(piece)
            bench.code.set { $0.checkoutError = SourceError("check out", .missing, "object not found") }
            let error = try await failure { () throws(HostError) in
                try await workshop.checkout(piece, as: Bench.uid)
            }
            #expect(error.failure == .unreachable)
            #expect(
                error.message == "the copy of its repository is damaged, and is fetched anew: object not found")
            #expect(!FileManager.default.fileExists(atPath: mirror))

            // It has the branch and lacks the commit, which no fetch brings.
            bench.code.set {
                $0.checkoutError = nil
                $0.mirrors = [:]
                $0.references = [:]
            }
            for isThere in [true, false] {
                let error = try await failure { () throws(HostError) in try await workshop.fetch(piece) }
                #expect(error.failure == .stale)
                #expect(FileManager.default.fileExists(atPath: mirror) == isThere)
            }
            #expect(await workshop.condition(of: piece) == .unfinished)
        }
    }

    @Test("Of the logs of what is gone the newest are kept")
    func oldLogs() async throws {
        try await Bench.run { bench in
            let piece = bench.script("true")
            let workshop = bench.workshop()
            try await workshop.make(piece)
            for number in 0..<210 {
                let log = "\(bench.settings.logs)/gone-000000000000-\(number).log"
                #expect(FileManager.default.createFile(atPath: log, contents: nil))
                let time = Date(timeIntervalSince1970: Double(1_700_000_000 + number))
                try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: log)
            }
            try await workshop.discard(try #require(Workpiece.ID("gone-000000000000-0")))
            let left = try FileManager.default.contentsOfDirectory(atPath: bench.settings.logs)
            #expect(left.count == 201)
            #expect(!left.contains("gone-000000000000-9.log"))
            #expect(left.contains("gone-000000000000-10.log"))
            #expect(left.contains("\(piece.id).log"))
        }
    }

    @Test("A tree deeper than we reach is a failure, and is removed all the same")
    func deep() async throws {
        try await Bench.run { bench in
            let piece = bench.script("i=0; while [ $i -lt 300 ]; do mkdir d; cd d; i=$((i+1)); done; touch f")
            let workshop = bench.workshop()
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(error.message.hasSuffix("or folders more than 128 deep"))
            #expect(Failures(bench.settings).all().map(\.stage) == [.build])
            try await workshop.discard(piece.id)
            #expect(!FileManager.default.fileExists(atPath: bench.folder(of: piece)))
        }
    }

    @Test("An archive is loaded when its checksum is right, in parts, and not at all when it is wrong or absent")
    func load() async throws {
        try await Bench.run { bench in
            let path = bench.folder + "/images.tar"
            let bytes = [UInt8](repeating: 7, count: 5_000_000)
            try Data(bytes).write(to: URL(filePath: path))
            var sum = Checksum()
            sum.add(bytes)
            let workshop = bench.workshop()
            func load(_ archive: String, _ sha256: String) async throws(HostError) {
                guard let name = try? BundleName("base") else { preconditionFailure("a name") }  // SAFE: a literal
                try await workshop.load(
                    DesiredBundle(
                        name: name, images: [], archive: archive, sha256: sha256,
                        place: Place(file: "b.yaml", line: 1, column: 1)))
            }
            let wrong = String(repeating: "0", count: 64)
            let refused = try await failure { () throws(HostError) in try await load(path, wrong) }
            #expect(refused.failure == .refused)
            #expect(
                refused.message
                    == "\(path) has the SHA-256 \(sum.text), and its manifest says \(wrong); nothing was loaded")
            let absent = try await failure { () throws(HostError) in try await load(path + ".gz", wrong) }
            #expect(
                absent.message
                    == "\(path).gz cannot be read (No such file or directory); bring the archive to this node, or mend its path"
            )
            #expect(bench.images.state.withLock(\.loaded) == [])
            try await load(path, sum.text)
            #expect(bench.images.state.withLock(\.loaded) == bytes)
            #expect(bench.images.state.withLock(\.largestChunk) <= 1 << 20)
        }
    }

    @Test("No credential is in any file, whatever fails")
    func canary() async throws {
        let canary = "7d1e-canary-c0ffee"
        try await Bench.run { bench in
            var repository = Bench.repository("remote", url: "https://git.test/remote")
            repository.credential = .init(user: "ci", secret: .environment("TOKEN"))
            let workshop = bench.workshop { _ in Secret(canary) }
            let build = HostBuild(command: ["sh", "-c", "env; cat /proc/self/environ; exit 1"])
            let piece = bench.piece(.worktree(build: build, target: "/src"), of: repository)
            let making = Making(repository: repository, reference: "main", recipe: piece.recipe)
            _ = await workshop.survey([making], patience: .seconds(10))
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(!"\(error)".contains(canary))
            #expect(bench.code.state.withLock { $0.credentials.contains(canary) })
            for path in try FileManager.default.subpathsOfDirectory(atPath: bench.folder) {
                let data = FileManager.default.contents(atPath: "\(bench.folder)/\(path)") ?? Data()
                #expect(data.range(of: Data(canary.utf8)) == nil, "\(path)")
            }
        }
    }
}
