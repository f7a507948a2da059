internal import Foundation
internal import Model
internal import Testing

/// What lives longer than a request: streams, upgraded connections, large bodies. Clients and targets are programs that
/// know nothing of a gateway, with libraries that are not ours.
@Suite(.serialized) struct StreamTests {
    @Test func gRPCPassesInAllItsForms() async throws {
        try await Bench.run { bench in
            let target = try PythonProgram("grpc_target")
            defer { target.stop() }
            try await bench.serve("greeter", on: try await target.port(), by: .grpc)
            let forms = ["unary", "large", "many", "status", "unknown", "stream", "collect", "talk", "deadline"]
            let client = try PythonProgram("grpc_client", ["\(bench.door)", Self.authority] + forms)
            for form in forms { #expect(try await client.line() == "\(form) well") }
            try await client.end()
            #expect(try await target.line() == "given up", "the target is told when a call's deadline passes")
        }
    }

    @Test func webSocketPassesInAllItsForms() async throws {
        try await Bench.run { bench in
            let target = try PythonProgram("websocket_target")
            defer { target.stop() }
            try await bench.serve("socket", on: try await target.port())
            let client = try PythonProgram("websocket_client", ["\(bench.door)", "/socket/room?a=1", "all"])
            #expect(try await client.line() == "path /room?a=1 sandbox qa")
            #expect(try await client.line() == "all well")
            try await client.end()
        }
    }

    /// Each event is sent only when the client has the last: nothing may be kept back.
    @Test(arguments: [true, false]) func eventsArriveOneByOneAndAtOnce(isChunked: Bool) async throws {
        let events = Events(isChunked: isChunked)
        try await Bench.record(answering: events.answer) { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send("GET /wire/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n")
            #expect(client.read(through: "\r\n\r\n")?.contains("content-type: text/event-stream") == true)
            let start = ContinuousClock.now
            for number in 0..<50 {
                events.send("event \(number)")
                #expect(client.read(through: "\n\n")?.hasSuffix("data: event \(number)\n\n") == true)
            }
            #expect(ContinuousClock.now - start < .seconds(5), "each is kept back")
            events.end()
            if isChunked { #expect(client.read(through: "0\r\n\r\n") != nil) } else { #expect(client.endsHere) }
        }
    }

    @Test(arguments: ["chunked", "length"])
    func aGibibyteGoesUpInConstantMemory(kind: String) async throws {
        try await Bench.run { bench in
            let target = try PythonProgram("upload_target")
            defer { target.stop() }
            try await bench.serve("upload", on: try await target.port())
            #expect(try bench.ask("/upload/a", port: bench.door).status == 200)
            let before = memoryPeak(of: bench.pid)
            let client = try PythonProgram("upload_client", ["\(bench.door)", "/upload/a", "\(1 << 30)", kind])
            try await client.end(within: 110)
            #expect(try await client.line() == "well")
            #expect(before > 0 && memoryPeak(of: bench.pid) < before + (16 << 10), "KiB, of the proxy")
        }
    }

    static let authority = "greeter.qa.sand.example"

    /// The most that a process ever had in memory, in KiB.
    private func memoryPeak(of pid: Int32) -> Int {
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/status") ?? Data()
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
