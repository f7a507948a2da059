internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Synchronization
internal import Testing

/// What is open stays open, whatever is changed meanwhile.
@Suite(.serialized) struct UnbrokenTests {
    @Test func openStreamsOfEveryKindSurviveAHundredFlipsAndAnotherConfiguration() async throws {
        let events = Events()
        try await Bench.record(answering: events.answer) { bench, recorder in
            let sockets = try PythonProgram("websocket_target")
            let calls = try PythonProgram("grpc_target")
            defer {
                sockets.stop()
                calls.stop()
            }
            let (socketPort, callPort) = (try await sockets.port(), try await calls.port())
            try await bench.lead(Bench.qa, "socket", to: socketPort)
            try await bench.lead(Bench.qa, "greeter", to: callPort, by: .grpc)

            let socket = try PythonProgram("websocket_client", ["\(bench.door)", "/socket/room", "linger"])
            #expect(try await socket.line() == "path /room sandbox qa")
            #expect(try await socket.line() == "open")
            let call = try PythonProgram("grpc_client", ["\(bench.door)", StreamTests.authority, "linger"])
            #expect(try await call.line() == "open")
            let stream = try #require(RawConnection(to: bench.door))
            stream.send("GET /wire/events HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(stream.read(through: "\r\n\r\n")?.hasPrefix("HTTP/1.1 200 ") == true)

            func allSay(_ word: String) async throws {
                try socket.say(word)
                try call.say(word)
                events.send(word)
                #expect(try await socket.line() == word)
                #expect(try await call.line() == word)
                #expect(stream.read(through: "\n\n\r\n")?.hasSuffix("data: \(word)\n\n\r\n") == true)
            }
            for turn in 0..<100 {
                let target = turn % 2 == 0 ? bench.baseline : bench.branch
                for service in ["wire", turn % 4 < 2 ? "socket" : "greeter"] {
                    try await bench.lead(Bench.qa, service, to: target.port)
                }
                let isLast = turn == 99
                if turn % 10 == 0 || isLast {
                    #expect(try bench.ask("/wire/a", port: bench.door).target == target.name)
                    try await allSay("turn-\(turn)")
                }
            }
            let old = bench.pid
            try await bench.driver.configure(bench.narrowed(by: 1))
            #expect(bench.pid != old)
            #expect(Set(bench.processes()) == [old, bench.pid], "the replaced process serves what is open")
            try await allSay("another-process")
            #expect(try bench.ask("/wire/a", port: bench.door).target == "branch")

            events.end()
            try await socket.end()
            try await call.end()
            #expect(stream.read(through: "0\r\n\r\n") != nil)
            stream.close()
            #expect(try await eventually { bench.processes() == [bench.pid] }, "nothing keeps the replaced process")
        }
    }

    @Test func clientsThatKeepTheirConnectionsNoticeNoneOfTwentyConfigurations() async throws {
        try await Bench.record { bench, recorder in
            let clients = Posting(clients: 8, to: bench.door)
            defer { clients.stop() }
            for turn in 0..<20 {
                let before = clients.answers
                try await bench.driver.configure(bench.narrowed(by: turn % 2 + 1))
                try #require(try await eventually { clients.answers > before + 16 || !clients.failures.isEmpty })
            }
            clients.stop()
            #expect(clients.failures == [])
            #expect(clients.answers > 320)
            #expect(recorder.requests.count == clients.answers, "each was sent on once")
            #expect(try await eventually { bench.processes() == [bench.pid] })
        }
    }

    @Test func callsOfOneClientNoticeNoneOfTenConfigurations() async throws {
        try await Bench.run { bench in
            let target = try PythonProgram("grpc_target")
            defer { target.stop() }
            try await bench.serve("greeter", on: try await target.port(), by: .grpc)
            let client = try PythonProgram("grpc_client", ["\(bench.door)", StreamTests.authority, "load"])
            #expect(try await client.line() == "open")
            for turn in 0..<10 { try await bench.driver.configure(bench.narrowed(by: turn % 2 + 1)) }
            try await client.end()
            #expect(try await client.line() == "load well")
        }
    }
}

/// Clients that post without pause, each on a connection that it keeps until the gateway says goodbye.
private final class Posting: Sendable {
    private struct Count {
        var answers = 0
        var failures: [String] = []
    }

    private let isRunning = Atomic(true)
    private let count = Mutex(Count())
    private let done = DispatchGroup()

    init(clients: Int, to port: UInt16) {
        for client in 0..<clients {
            done.enter()
            Thread.detachNewThread {
                var connection: RawConnection?
                var number = 0
                while self.isRunning.load(ordering: .relaxed) {
                    if connection == nil { connection = RawConnection(to: port) }
                    number += 1
                    let answer = connection.flatMap { Self.post("\(client)-\(number)", on: $0) }
                    self.note(answer, wanted: "/\(client)-\(number)")
                    if answer == nil || answer?.headers["connection"] == "close" { connection = nil }
                }
                self.done.leave()
            }
        }
    }

    private static func post(_ name: String, on connection: RawConnection) -> Answer? {
        let body = String(repeating: "body ", count: 400)
        let head = "POST /wire/\(name) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
        guard connection.send(head + body) else { return nil }
        return connection.answer()
    }

    private func note(_ answer: Answer?, wanted: String) {
        count.withLock { count in
            if answer?.status == 200, answer?.body == wanted {
                count.answers += 1
            } else {
                count.failures.append("\(wanted): \(answer.map { "\($0.status) \($0.body)" } ?? "no answer")")
            }
        }
    }

    var answers: Int { count.withLock { $0.answers } }
    var failures: [String] { count.withLock { $0.failures } }

    func stop() {
        isRunning.store(false, ordering: .relaxed)
        done.wait()
    }
}
