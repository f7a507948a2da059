internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// A stream may be silent for longer than a request may. The proxy is ours in all but one thing: it takes a minute for
/// a second.
@Suite(.serialized) struct IdleTests {
    @Test func silentStreamsOutliveTheTimeThatARequestMayBeSilent() async throws {
        let events = Events()
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { request, connection in
            // Never answered.
            request.path.hasSuffix("/silent") ? connection.read(1) != nil : events.answer(request, connection)
        }
        try await Bench.record(answering: answers) { bench, recorder in
            let sockets = try PythonProgram("websocket_target")
            let calls = try PythonProgram("grpc_target")
            defer {
                sockets.stop()
                calls.stop()
            }
            let ports: [(String, UInt16, Endpoint.Scheme)] = [
                ("wire", recorder.port, .http), ("socket", try await sockets.port(), .http),
                ("greeter", try await calls.port(), .grpc),
            ]
            try await Hasty.run(in: bench) { gateway, driver in
                let door = try #require(gateway.sandboxPorts?.lowerBound)
                try await Bench.admit(Bench.qa, port: door, to: gateway, by: driver)
                for (service, port, scheme) in ports {
                    try await Bench.lead(
                        Bench.qa, service, to: port, by: scheme, label: "\(service)@here", on: gateway, driver)
                }
                try await streamsAreSilent(at: door, events)
            }
        }
    }

    private func streamsAreSilent(at door: UInt16, _ events: Events) async throws {
        let stream = try #require(RawConnection(to: door))
        stream.send("GET /wire/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n")
        events.send("first")
        #expect(stream.read(through: "data: first\n\n") != nil)
        let socket = try PythonProgram("websocket_client", ["\(door)", "/socket/room", "linger"])
        #expect(try await socket.line() == "path /room sandbox qa")
        #expect(try await socket.line() == "open")
        let call = try PythonProgram("grpc_client", ["\(door)", StreamTests.authority, "linger"])
        #expect(try await call.line() == "open")

        // Each of these takes the time that a request may be silent.
        for _ in 0..<2 {
            let request = try #require(RawConnection(to: door))
            request.send("GET /wire/silent HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(request.answer()?.status == 504)
        }
        events.send("second")
        #expect(stream.read(through: "data: second\n\n") != nil, "the events were cut")
        for program in [socket, call] {
            try program.say("still here")
            #expect(try await program.line() == "still here")
            try await program.end()
        }
    }
}

/// A gateway whose proxy is in a hurry. The script meets a file twice, as a candidate and in its place.
private enum Hasty {
    private static let script = """
        #!/bin/sh
        for file in "$@"; do
            case $file in
            *.cfg | *.next) /bin/sed -i -E 's/(timeout [a-z-]+) 60s/\\1 1s/; s/(timeout [a-z-]+) 3600s/\\1 59s/' "$file" ;;
            esac
        done
        exec /usr/sbin/haproxy "$@"
        """

    static func run(in bench: Bench, _ body: (DesiredGateway, HAProxyDriver) async throws -> Void) async throws {
        let file = "\(bench.directory)/hasty-haproxy"
        try Data(script.utf8).write(to: URL(filePath: file))
        chmod(file, 0o700)
        let driver = HAProxyDriver(directory: "\(bench.directory)/hasty", executable: file)
        let gateway = DesiredGateway(
            name: bench.gateway.name, node: bench.gateway.node, sandboxPorts: FreePorts.range(2),
            baseDomain: bench.gateway.baseDomain, place: bench.gateway.place)
        var failure: (any Error)?
        do {
            try await driver.configure(gateway)
            try await body(gateway, driver)
        } catch {
            failure = error
        }
        try await driver.dismantle(gateway.name)
        if let failure { throw failure }
    }
}
