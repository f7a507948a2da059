package import AgentProtocol
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import Glibc
package import Model
package import Reconciler

/// Asks the controller that runs on a data folder. Each question has a connection of its own.
package struct ControlClient: Sendable {
    private let path: String
    /// The longest that is waited for an answer, beyond what a question asks to wait itself.
    private static let patience = Duration.seconds(60)

    package init(path: String) { self.path = path }

    /// Whether there is something to ask. It may be that of a controller that is no more.
    package var exists: Bool { access(path, F_OK) == 0 }

    /// Looks at a node as the controller sees it.
    package func observer(of node: NodeName) -> any Observer { Through(client: self, node: node) }

    package func tail(_ node: NodeName, _ tail: Tail) async throws(LinkError) -> TailAnswer {
        try await ask { control in try await control.tail(WireTailRequest(node, tail)).tailAnswer() }
    }

    /// In order of name.
    package func nodes() async throws(LinkError) -> [NodeStatus] {
        try await ask { control in try await control.nodes(WireNodesRequest()).statuses() }
    }

    private struct Through: Observer {
        let client: ControlClient
        let node: NodeName

        func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
            let node = node
            let result: Result<ObservedNode, HostError>
            do throws(LinkError) {
                result = try await client.ask(beyond: inquiry.patience) { control in
                    try await control.observe(WireObserveRequest(node, inquiry)).result()
                }
            } catch {
                throw HostError("look at \(node)", .unreachable, error.message)
            }
            return try result.get()
        }
    }

    private func ask<Answer: Sendable>(
        beyond patience: Duration = .zero,
        _ question: @escaping @Sendable (Control) async throws -> Answer
    ) async throws(LinkError) -> Answer {
        guard exists else { throw LinkError(.lost, "no controller runs here (\(path) is missing): start berth serve") }
        do {
            let transport = try HTTP2ClientTransport.Posix(
                target: .unixDomainSocket(path: path, authority: "localhost"), transportSecurity: .plaintext,
                config: .defaults { $0.http2.targetWindowSize = StreamBounds.window })
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                let client = GRPCClient(transport: transport)
                group.addTask {
                    try await client.runConnections()
                    return nil
                }
                let control = Control(client: client, timeout: Self.patience + patience)
                group.addTask { try await question(control) }
                defer { group.cancelAll() }
                while let next = try await group.next() {
                    if let answer = next { return answer }
                }
                throw LinkError(.lost, "the controller ended the connection")
            }
        } catch let error as RPCError where error.code == .unavailable {
            throw LinkError(
                .lost, "the controller of \(path) does not answer (\(error.words)): is berth serve still running?")
        } catch {
            throw LinkError(error, of: "the controller of \(path)")
        }
    }

    /// The calls, with their bounds.
    private struct Control: Sendable {
        let client: GRPCClient<HTTP2ClientTransport.Posix>
        let timeout: Duration

        private var options: CallOptions {
            var options = Caller.options
            options.timeout = timeout
            return options
        }

        private var stub: WireControl.Client<HTTP2ClientTransport.Posix> { .init(wrapping: client) }

        func observe(_ request: WireObserveRequest) async throws -> WireObserveReply {
            try await stub.observe(request, options: options)
        }

        func tail(_ request: WireTailRequest) async throws -> WireTailAnswer {
            try await stub.tail(request, options: options)
        }

        func nodes(_ request: WireNodesRequest) async throws -> WireNodesReply {
            try await stub.nodes(request, options: options)
        }
    }
}
