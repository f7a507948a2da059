package import AgentProtocol
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import GRPCProtobuf
package import Model
package import Reconciler

/// Lets other processes of this user look through a controller that runs: what its nodes show and what containers wrote.
/// There is no call by which something could be done.
package struct ControlServer: Sendable {
    /// What it shows.
    package struct View: Sendable {
        /// In the words of a node that is not served: it says so as an error.
        package let observer: @Sendable (NodeName) -> (any Observer)?
        package let tail: @Sendable (NodeName, Tail) async -> TailAnswer
        package let nodes: @Sendable () async -> [NodeStatus]

        package init(
            observer: @escaping @Sendable (NodeName) -> (any Observer)?,
            tail: @escaping @Sendable (NodeName, Tail) async -> TailAnswer,
            nodes: @escaping @Sendable () async -> [NodeStatus]
        ) {
            self.observer = observer
            self.tail = tail
            self.nodes = nodes
        }
    }

    private let socket: ControlSocket

    package init(path: String) { socket = ControlSocket(path: path) }

    /// Serves until the task is cancelled. `bound` is told when it can be asked.
    package func run(_ view: View, bound: @escaping @Sendable () -> Void = {}) async throws(LinkError) {
        let descriptor = try socket.listen()
        let transport = HTTP2ServerTransport.Posix(
            listeningSocketDescriptor: Int(descriptor), transportSecurity: .plaintext,
            config: .defaults { config in
                config.rpc.maxRequestPayloadSize = Bounds.frame
                config.http2.targetWindowSize = StreamBounds.window
                config.http2.maxConcurrentStreams = StreamBounds.calls
                config.connection.maxIdleTime = StreamBounds.idle
            })
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await GRPCServer(transport: transport, services: [ControlService(view: view)]).serve()
                }
                bound()
                try await group.waitForAll()
            }
        } catch {
            guard !Task.isCancelled else { return }
            throw LinkError(.refused, "\(socket.path) can no longer be served: \(AgentListener.words(error))")
        }
    }
}

private struct ControlService: WireControl.SimpleServiceProtocol {
    let view: ControlServer.View

    func observe(request: WireObserveRequest, context: ServerContext) async throws -> WireObserveReply {
        let (node, inquiry) = try answering { () throws(LinkError) in try request.question() }
        guard let observer = view.observer(node) else {
            return WireObserveReply(
                .failure(HostError("look at \(node)", .refused, "the running controller serves no node \(node)")))
        }
        do throws(HostError) {
            return WireObserveReply(.success(try await observer.observe(inquiry)))
        } catch {
            return WireObserveReply(.failure(error))
        }
    }

    func tail(request: WireTailRequest, context: ServerContext) async throws -> WireTailAnswer {
        let (node, tail) = try answering { () throws(LinkError) in try request.question() }
        return WireTailAnswer(await view.tail(node, tail))
    }

    func nodes(request: WireNodesRequest, context: ServerContext) async throws -> WireNodesReply {
        WireNodesReply(await view.nodes())
    }

    private func answering<Value>(_ work: () throws(LinkError) -> Value) throws -> Value {
        do throws(LinkError) { return try work() } catch { throw error.status }
    }
}
