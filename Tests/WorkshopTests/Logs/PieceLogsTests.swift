import Foundation
import Model
import Reconciler
import Synchronization
import Testing
import Workshop

@Suite("Logs of workpieces")
struct PieceLogsTests {
    @Test("Are told line by line while they are written, parts of lines too, and end with the work")
    func follow() async throws {
        try await Bench.run { bench in
            let gate = bench.folder + "/gate"
            let piece = bench.script(
                "echo one; printf part; while [ ! -e \(gate) ]; do sleep 0.02; done; echo ' rest'; echo two")
            let heard = Collected<String>()
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            try await workshop.checkout(piece, as: Bench.uid)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await workshop.build(piece, as: Bench.uid) }
                group.addTask {
                    for await line in PieceLogs(bench.settings).lines(of: piece.id, follow: true) {
                        heard.add(line.text)
                    }
                }
                try await soon("what is written is seen, and nobody waits for the end of a line") {
                    heard.all.suffix(2) == ["one", "part"]
                }
                #expect(FileManager.default.createFile(atPath: gate, contents: nil))
                try await group.waitForAll()
            }
            let lines = heard.all
            #expect(lines.suffix(3).dropLast() == [" rest", "two"])
            #expect(lines.last?.hasPrefix("-- completed in ") == true)
            #expect(
                lines.filter { $0.hasPrefix("-- ") }.map { $0.split(separator: " ")[1] } == [
                    "fetch", "completed", "checkout", "completed", "build", "completed",
                ])
        }
    }

    @Test("A line is seen within 200 ms of being written", .timeLimit(.minutes(2)))
    func latency() async throws {
        try await Bench.run { bench in
            // On a machine that is busy one try may be late; a reader that is slow by design always is.
            let piece = bench.script("i=0; while [ $i -lt 20 ]; do date +%s%3N; sleep 0.1; i=$((i+1)); done")
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            try await workshop.checkout(piece, as: Bench.uid)
            let delays = Collected<Int64>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await workshop.build(piece, as: Bench.uid) }
                group.addTask {
                    for await line in PieceLogs(bench.settings).lines(of: piece.id, follow: true) {
                        if let written = Int64(line.text) {
                            delays.add(Bench.now().milliseconds - written)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sorted = delays.all.sorted()
            #expect(sorted.count == 20)
            #expect(try #require(sorted.first) <= 200)
        }
    }

    @Test("Can be asked for their end, and for what is newer than a time")
    func selection() async throws {
        let time = Mutex<Int64>(1_763_736_240_000)
        try await Bench.run { bench in
            let piece = bench.script("for i in 1 2 3 4 5; do echo line $i; done")
            let workshop = bench.workshop(now: {
                Timestamp(
                    milliseconds: time.withLock { time in
                        time += 1
                        return time
                    })
            })
            try await workshop.make(piece)
            let logs = PieceLogs(bench.settings)
            var all: [LogLine] = []
            for await line in logs.lines(of: piece.id) { all.append(line) }
            #expect(logs.has(piece.id))
            #expect(all.first?.at.milliseconds ?? 0 > 1_763_736_240_000)
            for (tail, expected) in [(0, 0), (3, 3), (1000, all.count)] {
                var lines: [LogLine] = []
                for await line in logs.lines(of: piece.id, tail: tail) { lines.append(line) }
                #expect(lines == all.suffix(expected))
            }
            let third = try #require(all.first { $0.text == "line 3" })
            var since: [String] = []
            for await line in logs.lines(of: piece.id, since: third.at) { since.append(line.text) }
            #expect(Array(since.prefix(3)) == ["line 3", "line 4", "line 5"])
        }
    }

    @Test("Hold no orders to a terminal, and no line is endless")
    func cleaning() async throws {
        try await Bench.run { bench in
            let piece = bench.script(
                "printf '\\033[31mred\\007\\n10%%\\r20%%\\r\\nend\\n'; head -c 10000 /dev/zero | tr '\\0' x")
            try await bench.workshop().make(piece)
            let output = await bench.output(of: piece).dropFirst()
            #expect(output.prefix(4) == ["?[31mred?", "10%", "20%", "end"])
            #expect(output.dropFirst(4).map(\.count).reduce(0, +) == 10000)
            #expect(output.allSatisfy { $0.utf8.count <= 4096 })
        }
    }

    @Test("A log that nobody wrote has no lines")
    func absent() async throws {
        try await Bench.run { bench in
            let piece = bench.script("true")
            #expect(await bench.output(of: piece) == [])
            #expect(!PieceLogs(bench.settings).has(piece.id))
            for await _ in PieceLogs(bench.settings).lines(of: piece.id, follow: true) { Issue.record("a line") }
        }
    }
}
