import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// What containers write, as people read it.
@Suite(.serialized) struct LogTests {
    private let uid = ResourceUID("u-1")

    /// Runs a script in a container, and gives its id.
    private func run(_ script: String, on bench: Bench, _ change: (inout ContainerSpec) -> Void = { _ in })
        async throws -> ContainerID
    {
        var spec = bench.spec("sh", "-c", script)
        spec.restart = .no
        change(&spec)
        let draft = try bench.draft("account", spec)
        try await bench.engine.createNetwork(bench.network, as: uid)
        try await bench.engine.create(
            draft, secrets: [.environment("S"): Secret("canary-1"), .environment("T"): Secret("can")], as: uid)
        try await bench.engine.start(.planned(name: draft.name))
        return try await bench.only().id
    }

    private func ended(_ bench: Bench) async throws {
        try await bench.eventually("it ends") { try await bench.only().state == .exited }
    }

    private func all(_ stream: AsyncThrowingStream<ContainerLine, any Error>) async throws -> [ContainerLine] {
        var lines: [ContainerLine] = []
        for try await line in stream { lines.append(line) }
        return lines
    }

    @Test(arguments: Runtime.allCases)
    func `lines of both streams are read with their times, from a time on, and the last of them`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let began = Int64(Date().timeIntervalSince1970 * 1000)
            let id = try await run(
                "echo one; /bin/busybox sleep 1; echo two >&2; /bin/busybox sleep 1; echo; printf end", on: bench)
            try await ended(bench)
            let lines = try await all(bench.engine.logs(of: id))
            #expect(lines.map(\.text) == ["one", "two", "", "end"])
            #expect(lines.map(\.stream) == [.output, .error, .output, .output])
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            #expect(lines.allSatisfy { (began - 1000...now).contains($0.at.milliseconds) })
            #expect(lines.map(\.at) == lines.map(\.at).sorted())
            let second = try #require(lines.dropFirst().first)
            let late = Timestamp(milliseconds: second.at.milliseconds - 300)
            #expect(try await all(bench.engine.logs(of: id, since: late)) == Array(lines.dropFirst()))
            #expect(try await all(bench.engine.logs(of: id, tail: 1)).map(\.text) == ["end"])
            #expect(try await all(bench.engine.logs(of: id, tail: 0)).isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: Runtime.allCases)
    func `a log is followed line by line to the end of the container`(on runtime: Runtime) async throws {
        try await MountTests.withFolder { folder in
            try await Bench.run(on: runtime) { bench in
                let wait = "while [ ! -e /src/go ]; do /bin/busybox sleep 0.1; done"
                let id = try await run("echo one; \(wait); echo two >&2; echo three", on: bench) {
                    $0.mounts = [Mount(source: folder, target: "/src", isReadOnly: true)]
                }
                var lines: [String] = []
                for try await line in bench.engine.logs(of: id, follow: true) {
                    lines.append(line.text)
                    // It goes on only when its first line is here.
                    if lines == ["one"] {
                        #expect(FileManager.default.createFile(atPath: folder + "/go", contents: nil))
                    }
                }
                #expect(lines.first == "one")
                #expect(lines.sorted() == ["one", "three", "two"])
            }
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: Runtime.allCases)
    func `who stops reading a log that goes on is let go`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let id = try await run("while :; do echo again; done", on: bench)
            var count = 0
            for try await line in bench.engine.logs(of: id, follow: true) {
                #expect(line.text == "again")
                count += 1
                if count == 5000 { break }
            }
            #expect(count == 5000)
            _ = try await bench.engine.survey(bench.sandbox)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `who reads slower than a container writes misses nothing`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let count = Bounds.linesAhead * 3
            let id = try await run("i=0; while [ $i -lt \(count) ]; do i=$((i+1)); echo $i; done", on: bench)
            try await ended(bench)
            var lines: [String] = []
            for try await line in bench.engine.logs(of: id) {
                // Time for more lines than may wait; with less the test proves less, and passes.
                if lines.isEmpty { try await Task.sleep(for: .milliseconds(500)) }
                lines.append(line.text)
            }
            #expect(lines == (1...count).map(String.init))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a line of a megabyte is cut, and what follows it is whole`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let script = "/bin/busybox head -c 1000000 /dev/zero | /bin/busybox tr '\\0' a; echo; echo after"
            let id = try await run(script, on: bench)
            try await ended(bench)
            let lines = try await all(bench.engine.logs(of: id)).map(\.text)
            #expect(lines.count == 2)
            #expect(lines.first == String(repeating: "a", count: Bounds.logLine) + " [cut: 1000000 bytes]")
            #expect(lines.last == "after")
        }
    }

    @Test(arguments: Runtime.allCases)
    func `the values of secret variables are blotted out`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let id = try await run("echo it is $DB; echo $DB$SHORT >&2", on: bench) {
                $0.environment = ["DB": .secret(.environment("S")), "SHORT": .secret(.environment("T"))]
            }
            try await ended(bench)
            let lines = try await all(bench.engine.logs(of: id)).map(\.text)
            #expect(lines.sorted() == ["<redacted><redacted>", "it is <redacted>"])
        }
    }

    @Test(arguments: Runtime.allCases)
    func `no log is shown of what has secret files, or is not there`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let id = try await run("/bin/busybox cat /s", on: bench) {
                $0.files = [FileSpec(path: "/s", content: .secret(.environment("S")), mode: 0o400)]
            }
            let hidden = try await failure { _ = try await all(bench.engine.logs(of: id)) }
            #expect(hidden.failure == .refused)
            #expect(hidden.message.hasPrefix("its output is not shown, for it has secret files"))
            let absent = ContainerID("0123456789abcdef")
            let gone = try await failure { _ = try await all(bench.engine.logs(of: absent)) }
            #expect(gone == HostError("read the log of 0123456789ab", .stale, "it does not exist"))
        }
    }
}
