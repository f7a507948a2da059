import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// Images that the real engine makes of a Dockerfile.
@Suite(.serialized) struct BuildTests {
    private let uid = ResourceUID("u-1")

    @Test(arguments: Runtime.allCases)
    func `an image is built of its files, arguments and target, and is known by its labels`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let image = bench.imageName()
            #expect(try await bench.engine.image(image) == nil)
            let fixture = try BuildFixture(
                image,
                """
                FROM \(bench.image) AS first
                ARG WHO=nobody
                COPY docker/greeting.txt large.txt /
                RUN echo "built for $WHO"; /bin/busybox cat /greeting.txt; /bin/busybox wc -c /large.txt >&2
                CMD ["/bin/busybox", "cat", "/greeting.txt"]
                FROM first AS second
                RUN echo never
                """,
                files: [
                    "docker/greeting.txt": "hello, \(bench.sandbox)\n",
                    "large.txt": String(repeating: "x", count: 3 << 20),
                ],
                target: "first", arguments: ["WHO": "Achmad & \"Co\""])
            let lines = try await fixture.build(on: bench.engine)
            #expect(lines.contains("built for Achmad & \"Co\""))
            #expect(lines.contains("hello, \(bench.sandbox)"))
            #expect(lines.contains("3145728 /large.txt"), "what it writes to standard error is not painted")
            #expect(!lines.contains { $0.contains("never") })
            #expect(lines.first?.hasSuffix(": FROM \(bench.image) AS first") == true)

            let id = try #require(try await bench.engine.image(image))
            #expect(try await bench.engine.survey(bench.sandbox).images[image.text] == id)
            let answer = try await bench.stranger(.get, "/images/\(image)/json")
            let labels = try answer.decode(InspectedImage.self, for: "look").config?.labels
            let expected = [
                "berth.owner": bench.engine.labels.installation.text, "berth.piece": fixture.order.piece.text,
            ]
            #expect(labels?.filter { $0.key.hasPrefix("berth.") } == expected)
            #expect(try await bench.builders("\(bench.sandbox)").isEmpty)

            // What a stranger runs of it takes over those labels, and is not ours.
            try await bench.stranger(
                .post, "/containers/create?name=\(bench.network.name)-x", #"{"Image":"\#(image)"}"#)
            #expect(try await bench.only().ownership == .foreign)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a failing step is refused in the builder's words, with the last lines`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let fixture = try BuildFixture(
                bench.imageName(), "FROM \(bench.image)\nRUN echo one; echo two >&2; echo three; exit 3\n")
            let error = try await failure { _ = try await fixture.build(on: bench.engine) }
            #expect(error.failure == .refused)
            #expect(error.operation == "build \(fixture.order.image)")
            let status =
                switch runtime {
                case .docker: "returned a non-zero code: 3"
                case .podman: "exit status 3"
                }
            #expect(error.message.contains("\(status); it last wrote: "), "\(error)")
            for word in ["one", "two", "three"] { #expect(error.message.contains(" | \(word)")) }
            #expect(try await bench.engine.image(fixture.order.image) == nil)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a build that is cancelled is given up at once, and leaves no container`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let fixture = try sleeping(bench, timeout: .seconds(300))
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let error = await withTaskGroup(of: HostError?.self) { group in
                group.addTask {
                    do throws(HostError) {
                        // That the line is here while the command sleeps is also how lines are live.
                        try await bench.engine.build(fixture.order, from: stream(fixture.context)) { line in
                            if line == "begun" { begin.finish() }
                        }
                        return nil
                    } catch {
                        return error
                    }
                }
                for await _ in begun {}
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(error?.failure == .unreachable)
            #expect(error?.message == "cancelled")
            try await bench.eventually("its container is gone") {
                try await bench.builders(bench.sandbox.text).isEmpty
            }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a build that takes too long is stopped and refused`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let fixture = try sleeping(bench, timeout: .seconds(3))
            let error = try await failure { _ = try await fixture.build(on: bench.engine) }
            #expect(error.failure == .refused)
            #expect(error.message == "it took longer than its 3 s, and was stopped")
            try await bench.eventually("its container is gone") {
                try await bench.builders(bench.sandbox.text).isEmpty
            }
        }
    }

    private func sleeping(_ bench: Bench, timeout: Duration) throws -> BuildFixture {
        try BuildFixture(
            bench.imageName(),
            "FROM \(bench.image)\nRUN echo \(bench.sandbox); echo begun; /bin/busybox sleep 1000; echo ended\n",
            timeout: timeout)
    }

    @Test(arguments: Runtime.allCases)
    func `a base that is not there is named with the remedy`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let fixture = try BuildFixture(
                bench.imageName(), "FROM \(bench.image) AS tools\nFROM berth-test/absent:1\nRUN echo no\n")
            let error = try await failure { _ = try await fixture.build(on: bench.engine) }
            #expect(
                error.message.hasPrefix(
                    "its base image berth-test/absent:1 is not on this node: load it, or give the node a way to its "
                        + "registry ("), "\(error)")
            #expect(error.failure == .unreachable, "the net comes back, and somebody may load it")
        }
    }

    @Test(arguments: [
        ("FRUM x\n", nil, "unknown instruction: FRUM"), ("FROM scratch\n", "absent", "absent"),
        ("", nil, "cannot be empty"),
    ])
    func `a Dockerfile that cannot be read is refused`(text: String, target: String?, words: String) async throws {
        try await Bench.run(on: .docker) { bench in
            let fixture = try BuildFixture(bench.imageName(), text, target: target)
            let error = try await failure { _ = try await fixture.build(on: bench.engine) }
            #expect(error.failure == .refused, "\(error)")
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a context that breaks off builds nothing, and says why`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let fixture = try BuildFixture(bench.imageName(), "FROM \(bench.image)\nRUN echo \(bench.sandbox)\n")
            for (thrown, expected) in [
                (HostError("read", .refused, "blob 12 is missing") as any Error, HostFailure.refused),
                (Runtime.Missing(description: ""), .unreachable),
            ] {
                let given = Shared(false)
                let context = AsyncThrowingStream<[UInt8], any Error> {
                    let isFirst = given.withLock { given in
                        defer { given = true }
                        return !given
                    }
                    guard isFirst else { throw thrown }
                    return Array(fixture.context.prefix(512))
                }
                let error = try await failure {
                    try await bench.engine.build(fixture.order, from: context) { _ in }
                }
                #expect(error.failure == expected)
                #expect(error.message.hasPrefix("what it is made of could not be read: "), "\(error)")
            }
            #expect(try await bench.engine.image(fixture.order.image) == nil)
        }
    }
}
