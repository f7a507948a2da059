import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// Images that come in archives, and go.
@Suite(.serialized) struct ImageTests {
    private func saved(_ image: ImageReference, of bench: Bench) async throws -> [UInt8] {
        try await bench.stranger(.post, "/images/\(bench.image)/tag?repo=\(image.text.dropLast(2))&tag=1")
        let archive = try await bench.stranger(.get, "/images/\(image)/get")
        #expect(archive.isSuccess)
        try await bench.engine.removeImage(image)
        #expect(try await bench.engine.image(image) == nil)
        return archive.body
    }

    @Test(arguments: Runtime.allCases)
    func `an archive of docker save is loaded, and loading it again is harmless`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let image = bench.imageName()
            let archive = try await saved(image, of: bench)
            for _ in 1...2 { try await bench.engine.load(stream(archive)) }
            #expect(try await bench.engine.image(image) == bench.engine.image(bench.image))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a damaged archive is refused, whatever is wrong with it`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let image = bench.imageName()
            let archive = try await saved(image, of: bench)
            var other = Archive()
            try other.add("/some.txt", Array("not an image".utf8), mode: 0o644)
            for damaged in [Array(archive.prefix(archive.count / 2)), Array(repeating: 7, count: 5000), other.closed()]
            {
                let error = try await failure { try await bench.engine.load(stream(damaged)) }
                #expect(error.failure == .refused)
                #expect(error.message.hasPrefix("the archive cannot be loaded; make it again with docker save: "))
            }
            #expect(try await bench.engine.image(image) == nil)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `an image goes by its name, but not one in use or of another installation`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let image = bench.imageName()
            let dockerfile = "FROM \(bench.image)\nRUN echo \(bench.sandbox)\nRUN echo two\n"
            let lines = try await BuildFixture(image, dockerfile).build(on: bench.engine)
            let steps = lines.compactMap { line in
                line.wholeMatch(of: /\ ---> (?<id>[0-9a-f]{12})/).map { String($0.output.id) }
            }
            #expect(runtime == .podman || steps.count > 3, "\(lines)")
            try await bench.engine.createNetwork(bench.network, as: ResourceUID("u-1"))
            var spec = bench.sleeper
            spec.image = image
            let draft = try bench.draft("account", spec)
            try await bench.engine.create(draft, secrets: [:], as: ResourceUID("u-2"))
            let used = try await failure { try await bench.engine.removeImage(image) }
            #expect(used.failure == .refused)
            let words =
                switch runtime {
                case .docker: "is using its referenced image"
                case .podman: "image is in use by a container"
                }
            #expect(used.message.contains(words), "\(used)")
            try await bench.engine.remove(.planned(name: draft.name))

            let stranger = DockerEngine(
                socket: bench.socket, installation: InstallationID("elsewhere"), key: Bench.key, namesRoot: "/absent")
            let theirs = try await failure { try await stranger.removeImage(image) }
            await stranger.shutdown()
            #expect(
                theirs
                    == HostError(
                        "remove image \(image)", .refused,
                        "it is of installation \(bench.engine.labels.installation)"))

            for _ in 1...2 { try await bench.engine.removeImage(image) }
            #expect(try await bench.engine.image(image) == nil)
            #expect(try await bench.engine.image(bench.image) != nil)
            struct Listed: Decodable { let RepoTags: [String]? }
            let left = try await bench.stranger(.get, "/images/json?all=1").decode([Listed].self, for: "list")
            #expect(runtime == .docker || left.allSatisfy { $0.RepoTags != nil }, "no step is left")
            for step in steps.dropFirst() {
                #expect(try await bench.stranger(.get, "/images/\(step)/json").status == 404, "no step is left")
            }
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: Runtime.allCases)
    func `an image that appears is a hint to look at everything, and many are few hints`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let end = Hint.sandbox(bench.sandbox, what: "account was removed")
            var hints: [Hint] = []
            for await hint in bench.engine.changes() where hint == .everything || hint == end {
                hints.append(hint)
                if hints.count == 1 {
                    let name = bench.imageName().text.dropLast(2)
                    for tag in 1...60 {
                        try await bench.stranger(.post, "/images/\(bench.image)/tag?repo=\(name)&tag=\(tag)")
                    }
                    try await bench.engine.createNetwork(bench.network, as: ResourceUID("u-1"))
                    let draft = try bench.draft("account", bench.sleeper)
                    try await bench.engine.create(draft, secrets: [:], as: ResourceUID("u-2"))
                    try await bench.engine.remove(.planned(name: draft.name))
                }
                // One when it listens, one for the first image, and one for those that followed it closely.
                if hints.contains(end), hints.count(where: { $0 == .everything }) >= 3 { break }
            }
            #expect(hints.count < 30)
            #expect(try await bench.engine.survey(bench.sandbox).images[bench.imageName("60").text] != nil)
        }
    }
}
