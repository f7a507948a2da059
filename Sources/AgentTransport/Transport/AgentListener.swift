package import AgentProtocol
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
package import Logging
internal import Model

/// Where agents dial in: TLS 1.3 with certificates on both sides, one session a call.
package struct AgentListener: Sendable {
    private let address: HostPort
    private let authority: Authority
    private let logger: Logger

    package init(_ address: HostPort, authority: Authority, logger: Logger) {
        self.address = address
        self.authority = authority
        self.logger = logger
    }

    /// Serves until the task is cancelled. `bound` is told where it listens; `session` has one link until it returns.
    package func run(
        bound: @escaping @Sendable (HostPort) -> Void = { _ in },
        session: @escaping @Sendable (Peer, LinkToAgent) async -> Void
    ) async throws(LinkError) {
        let encryption = try ListenerEncryption(authority) { [logger] error in
            logger.info("a caller was turned away", metadata: ["why": "\(error)"])
        }
        let transport = HTTP2ServerTransport.Posix(
            address: address.socketAddress, transportSecurity: .plaintext, config: Self.config(encryption))
        let service = AgentsService(authority: authority, logger: logger, session: session)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await GRPCServer(transport: transport, services: [service]).serve() }
                group.addTask { bound(HostPort(try await transport.listeningAddress, asked: address)) }
                try await group.waitForAll()
            }
        } catch {
            guard !Task.isCancelled else { return }
            throw LinkError(
                .refused, "cannot listen for agents at \(address): \(Self.words(error)); choose another with --agents")
        }
    }

    /// Encryption is put before all else of a connection by us, for the transport's own would also take TLS 1.2.
    private static func config(_ encryption: ListenerEncryption) -> HTTP2ServerTransport.Posix.Config {
        let gate = Gate()
        return .defaults { config in
            config.rpc.maxRequestPayloadSize = Bounds.frame
            config.http2.targetWindowSize = StreamBounds.window
            config.http2.maxFrameSize = StreamBounds.frame
            config.http2.maxConcurrentStreams = StreamBounds.calls
            config.connection.maxIdleTime = StreamBounds.idle
            config.connection.keepalive.time = StreamBounds.ping
            config.connection.keepalive.timeout = StreamBounds.pong
            config.connection.keepalive.clientBehavior.allowWithoutCalls = true
            config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(1)
            config.channelDebuggingCallbacks.onAcceptTCPConnection = { gate.admit($0, with: encryption) }
        }
    }

    static func words(_ error: any Error) -> String {
        guard let error = error as? RuntimeError else { return String(describing: error) }
        return error.cause.map { words($0) } ?? error.message
    }
}

/// Of the HTTP/2 that carries sessions. Sizes in bytes.
enum StreamBounds {
    /// What may be on its way before the reader took any of it.
    static let window = 1 << 20
    static let frame = 1 << 18
    /// Calls at once over one connection: a session, and renewals beside it.
    static let calls = 8
    /// How long a connection without a call is kept.
    static let idle = Duration.seconds(60)
    /// After how much silence the other side is pinged, and how long its answer may take.
    static let ping = Duration.seconds(5)
    static let pong = Duration.seconds(6)
    /// After how much silence a connection is taken for dead. With the time of ``farewell``, less than
    /// ``Bounds/silence``.
    static let silence = Duration.seconds(12)
    /// How long the other side may take to say good-bye to a connection that is closed.
    static let farewell = Duration.seconds(1)
    /// How long what was sent last has to leave before the stream is cut.
    static let linger = Duration.seconds(5)
}

extension HostPort {
    /// Where one listens.
    var socketAddress: GRPCNIOTransportHTTP2.SocketAddress {
        if host.isEmpty { return .ipv4(host: "0.0.0.0", port: port) }
        return isIPv6 ? .ipv6(host: host, port: port) : .ipv4(host: host, port: port)
    }

    init(_ bound: GRPCNIOTransportHTTP2.SocketAddress, asked: HostPort) {
        let port = bound.ipv4?.port ?? bound.ipv6?.port ?? asked.port
        self.init(host: asked.host, port: port)
    }
}
