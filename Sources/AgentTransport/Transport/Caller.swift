internal import AgentProtocol
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import GRPCProtobuf
internal import NIOCore
internal import SwiftProtobuf

/// One connection to a controller, for one call.
struct Caller: Sendable {
    private typealias Transport = HTTP2ClientTransport.Posix

    private let address: HostPort
    private let encryption: DialerEncryption

    init(
        _ address: HostPort, showing identity: Identity, anchor: DialerEncryption.Anchor, now: @escaping TimeOfDay
    ) throws(LinkError) {
        guard !address.host.isEmpty, address.port > 0 else {
            throw LinkError(
                .refused, "\(address) names no controller: write host and port, as in --controller berth.example:3452")
        }
        self.address = address
        encryption = try DialerEncryption(showing: identity, anchor: anchor, now: now)
    }

    /// Opens a session and carries the frames of `link` until it ends. `opened` is told once it stands, or why not.
    func converse(over link: FrameLink<AgentFrame, ControllerFrame>, opened: Handoff<Void>) async {
        await withTaskGroup { group in
            group.addTask {
                let end = await connected { client in
                    try await client.bidirectionalStreaming(
                        request: StreamingClientRequest { try await link.pump(into: $0) },
                        descriptor: .session, serializer: PlainBytes(), deserializer: PlainBytes(),
                        options: Self.options
                    ) { response in
                        _ = try response.accepted.get()
                        try await opened.offer(())
                        await link.pump(from: response.messages)
                    }
                }
                if case .failure(let error) = end { link.end(error) }
                link.end(nil)
                switch end {
                case .success: opened.finish(LinkError(.lost, "\(address) ended the session before it began"))
                case .failure(let error): opened.finish(error)
                }
            }
            group.addTask {
                await link.ended()
                // A named bounded wait: what was sent last has this long to leave.
                do { try await Task.sleep(for: StreamBounds.linger) } catch {}
            }
            await group.next()
            group.cancelAll()
        }
    }

    func join(_ request: WireJoinRequest) async throws(LinkError) -> WireJoinReply {
        try await ask(request, WireAgents.Method.Join.descriptor)
    }

    func renew(_ request: WireRenewRequest) async throws(LinkError) -> WireRenewReply {
        try await ask(request, WireAgents.Method.Renew.descriptor)
    }

    private func ask<Request: SwiftProtobuf.Message & Sendable, Reply: SwiftProtobuf.Message & Sendable>(
        _ request: Request, _ method: MethodDescriptor
    ) async throws(LinkError) -> Reply {
        try await withinHandshake(at: address) { () throws(LinkError) in
            try await connected { client in
                try await client.unary(
                    request: ClientRequest(message: request), descriptor: method,
                    serializer: ProtobufSerializer<Request>(), deserializer: FrameDeserializer<Reply>(),
                    options: Self.options
                ) { try $0.message }
            }.get()
        }
    }

    /// Runs one call over a connection of its own.
    private func connected<Value: Sendable>(
        _ call: @Sendable @escaping (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Value
    ) async -> Result<Value, LinkError> {
        do {
            let transport = try Transport(
                target: address.target, transportSecurity: .customSecure, config: config())
            let value = try await withThrowingTaskGroup(of: Value?.self) { group in
                let client = GRPCClient(transport: transport)
                group.addTask {
                    try await client.runConnections()
                    return nil
                }
                group.addTask { try await call(client) }
                defer { group.cancelAll() }
                while let next = try await group.next() {
                    if let value = next { return value }
                }
                throw LinkError(.lost, "\(address) ended the connection")
            }
            return .success(value)
        } catch {
            return .failure(encryption.objection.error ?? LinkError(error, of: "the controller at \(address)"))
        }
    }

    /// Encryption is put before all else by us, as in the listener.
    private func config() -> Transport.Config {
        .defaults { [encryption] config in
            config.http2.targetWindowSize = StreamBounds.window
            config.http2.maxFrameSize = StreamBounds.frame
            config.connection.keepalive = .init(
                time: StreamBounds.ping, timeout: StreamBounds.pong, allowWithoutCalls: true)
            config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try encryption.handler()
                    try channel.pipeline.syncOperations.addHandler(handler, position: .first)
                    try channel.pipeline.syncOperations.addHandler(Watch(), position: .after(handler))
                }
            }
        }
    }

    static var options: CallOptions {
        var options = CallOptions.defaults
        options.waitForReady = false
        // The transport takes the first for what comes in as well.
        options.maxRequestMessageBytes = Bounds.frame
        options.maxResponseMessageBytes = Bounds.frame
        return options
    }
}

extension HostPort {
    /// Where one dials.
    var target: any ResolvableTarget {
        if isIPv6 { return .ipv6(address: host, port: port) }
        if isIPv4 { return .ipv4(address: host, port: port) }
        return .dns(host: host, port: port)
    }
}
