import AgentProtocol
import AgentTransport
import Foundation
import Model
import Reconciler
import Testing

@Suite("The control socket")
struct ControlTests {
    /// Shows a node of no containers, and refuses what is asked of a sandbox.
    private struct Fixed: Observer {
        let node: NodeName

        func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
            if let sandbox = inquiry.sandbox { throw HostError("look at \(sandbox)", .stale, "it is gone") }
            return ObservedNode(node: node, busyPorts: [80])
        }
    }

    private static func view(_ names: [String]) throws -> ControlServer.View {
        let nodes = try names.map { try NodeName($0) }
        let statuses = nodes.map {
            NodeStatus(
                node: $0, connection: .connected, since: Timestamp(milliseconds: 5), release: "0.1",
                engine: "Docker 20.10.24", skewMillis: -3, containers: 7, message: "as ever")
        }
        return ControlServer.View(
            observer: { nodes.contains($0) ? Fixed(node: $0) : nil },
            tail: { node, tail in
                .lines((0..<tail.lines).map { TimedLine(at: Timestamp(milliseconds: 1), text: "\(node) \($0)") })
            },
            nodes: { statuses })
    }

    private func served<Value: Sendable>(
        _ path: String, _ view: ControlServer.View, _ work: @escaping @Sendable (ControlClient) async throws -> Value
    ) async throws -> Value {
        let (bound, told) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                defer { told.finish() }
                try await ControlServer(path: path).run(view) { told.yield() }
                return nil
            }
            group.addTask {
                for await _ in bound { return try await work(ControlClient(path: path)) }
                return nil
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let value = next { return value }
            }
            throw Impatience(description: "nothing was served")
        }
    }

    @Test("Another process looks through the controller: nodes, observations and what containers wrote")
    func looks() async throws {
        let scratch = try Scratch()
        let path = scratch.file("control.sock")
        let node = try NodeName("micro-92")
        try await served(path, try Self.view(["gateway", "micro-92"])) { client in
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(client.exists)
            let statuses = try await client.nodes()
            #expect(statuses.map(\.node.text) == ["gateway", "micro-92"])
            #expect(statuses.first?.skewMillis == -3)
            #expect(try await client.observer(of: node).observe(Inquiry()) == ObservedNode(node: node, busyPorts: [80]))
            let tail = try await client.tail(node, Tail(container: ContainerID("abc"), lines: 2))
            let lines = ["micro-92 0", "micro-92 1"].map { TimedLine(at: Timestamp(milliseconds: 1), text: $0) }
            #expect(tail == .lines(lines))
        }
    }

    @Test("What a node answers with an error is that error")
    func errors() async throws {
        let scratch = try Scratch()
        let node = try NodeName("micro-92")
        let other = try NodeName("micro-93")
        let sandbox = try SandboxName("qa")
        try await served(scratch.file("control.sock"), try Self.view(["micro-92"])) { client in
            let stale = try await #require(throws: HostError.self) {
                try await client.observer(of: node).observe(Inquiry(sandbox: sandbox))
            }
            #expect(stale == HostError("look at qa", .stale, "it is gone"))
            let unknown = try await #require(throws: HostError.self) {
                try await client.observer(of: other).observe(Inquiry())
            }
            #expect(unknown.description == "look at micro-93: the running controller serves no node micro-93")
        }
    }

    @Test("Without a controller the remedy is told, and a socket that a dead one left is in nobody's way")
    func nobody() async throws {
        let scratch = try Scratch()
        let path = scratch.file("control.sock")
        let client = ControlClient(path: path)
        #expect(!client.exists)
        let none = try #require(await failure { () async throws(LinkError) in _ = try await client.nodes() })
        #expect(none.failure == .lost)
        #expect(none.message == "no controller runs here (\(path) is missing): start berth serve")

        let program = "import socket; socket.socket(1, 1).bind('\(path)')"
        let dead = try Program(["/usr/bin/python3", "-c", program], in: scratch)
        _ = try await dead.end()
        #expect(client.exists)
        let stale = try #require(await failure { () async throws(LinkError) in _ = try await client.nodes() })
        #expect(stale.failure == .lost)
        #expect(stale.message.contains("is berth serve still running?"), "\(stale)")

        let count = try await served(path, try Self.view(["micro-92"])) { try await $0.nodes().count }
        #expect(count == 1)
    }

    @Test("A living controller is not disturbed by a second")
    func second() async throws {
        let scratch = try Scratch()
        let path = scratch.file("control.sock")
        let view = try Self.view(["micro-92"])
        try await served(path, view) { client in
            let error = try #require(
                await failure { () async throws(LinkError) in try await ControlServer(path: path).run(view) })
            #expect(error.failure == .refused)
            #expect(error.message.contains("another `berth serve` runs on this data folder"), "\(error)")
            #expect(try await client.nodes().count == 1)
        }
    }

    @Test("A path that is too long for a socket is told with the remedy")
    func longPath() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 120)
        let view = try Self.view([])
        let error = try #require(
            await failure { () async throws(LinkError) in try await ControlServer(path: path).run(view) })
        #expect(error.message.contains("choose a shorter --data folder"), "\(error)")
    }
}
