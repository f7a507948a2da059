internal import AgentProtocol
internal import Foundation
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import GRPCProtobuf
internal import Logging
internal import Model
internal import X509

/// The calls that agents make. Who calls is asked of the certificate once more with each call: a connection may be older
/// than the revocation of what opened it.
struct AgentsService: RegistrableRPCService {
    /// Sessions of one node at once: the newest wins, and those before it end a moment later.
    private static let mostSessions = 4

    let authority: Authority
    let logger: Logger
    let session: @Sendable (Peer, LinkToAgent) async -> Void
    private let sessions = Census()

    init(
        authority: Authority, logger: Logger, session: @escaping @Sendable (Peer, LinkToAgent) async -> Void
    ) {
        self.authority = authority
        self.logger = logger
        self.session = session
    }

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: WireAgents.Method.Join.descriptor,
            deserializer: FrameDeserializer<WireJoinRequest>(), serializer: ProtobufSerializer<WireJoinReply>()
        ) { request, context in
            let asked = try await Self.only(request.messages)
            return try answering { () throws(LinkError) in try join(asked, context) }
        }
        router.registerHandler(
            forMethod: WireAgents.Method.Renew.descriptor,
            deserializer: FrameDeserializer<WireRenewRequest>(), serializer: ProtobufSerializer<WireRenewReply>()
        ) { request, context in
            let asked = try await Self.only(request.messages)
            return try answering { () throws(LinkError) in try renew(asked, context) }
        }
        router.registerHandler(
            forMethod: .session, deserializer: PlainBytes(), serializer: PlainBytes()
        ) { request, context in
            do throws(LinkError) {
                let peer = try agent(context)
                guard let seat = sessions.enter(peer.node, most: Self.mostSessions) else {
                    throw LinkError(
                        .lost, "\(peer.node) has \(Self.mostSessions) sessions already; is an agent started twice?")
                }
                return StreamingServerResponse { writer in
                    defer { seat.leave() }
                    await serve(peer, request.messages, writer)
                    return [:]
                }
            } catch {
                logger.notice("an agent was turned away", metadata: ["why": "\(error)"])
                throw error.status
            }
        }
    }

    private func serve(
        _ peer: Peer, _ frames: RPCAsyncSequence<[UInt8], any Error>, _ writer: RPCWriter<[UInt8]>
    ) async {
        let link = FrameLink<ControllerFrame, AgentFrame>.toAgent()
        await withTaskGroup { group in
            group.addTask { await link.pump(from: frames) }
            await withTaskGroup { sending in
                sending.addTask {
                    // A stream that cannot be written to has ended the link already.
                    do { try await link.pump(into: writer) } catch {}
                }
                await withRPCCancellationHandler {
                    await session(peer, link)
                } onCancelRPC: {
                    link.end(LinkError(.lost, "the agent of \(peer.node) is gone"))
                }
                link.end(nil)
                sending.addTask {
                    // A named bounded wait: cancelled as soon as the rest is sent.
                    do { try await Task.sleep(for: StreamBounds.linger) } catch {}
                }
                await sending.next()
                sending.cancelAll()
            }
            group.cancelAll()
        }
    }

    private func join(_ request: WireJoinRequest, _ context: ServerContext) throws(LinkError) -> WireJoinReply {
        switch try visitor(context) {
        case .agent(let peer):
            throw LinkError(.refused, "\(peer.node) has joined already; it renews its certificate by itself")
        case .invited(let node, let token):
            let certificate = try authority.join(Array(request.signingRequest), with: token)
            logger.notice("a node joined", metadata: ["node": "\(node)", "from": "\(context.remotePeer)"])
            var reply = WireJoinReply()
            reply.certificate = Data(try certificate.der())
            reply.authority = Data(try authority.own.certificate.der())
            return reply
        }
    }

    private func renew(_ request: WireRenewRequest, _ context: ServerContext) throws(LinkError) -> WireRenewReply {
        let certificate = try authority.renew(Array(request.signingRequest), for: agent(context))
        var reply = WireRenewReply()
        reply.certificate = Data(try certificate.der())
        reply.authority = Data(try authority.own.certificate.der())
        return reply
    }

    private func agent(_ context: ServerContext) throws(LinkError) -> Peer {
        switch try visitor(context) {
        case .agent(let peer): return peer
        case .invited(let node, _):
            throw LinkError(.refused, "a join token only lets \(node) join; what it gets for it does the rest")
        }
    }

    private func visitor(_ context: ServerContext) throws(LinkError) -> Visitor {
        guard let posix = context.transportSpecific as? HTTP2ServerTransport.Posix.Context,
            let certificate = posix.peerCertificate
        else { throw LinkError(.refused, "the call was made without a certificate") }
        return try authority.visitor(showing: certificate)
    }

    private static func only<Message>(
        _ messages: RPCAsyncSequence<Message, any Error>
    ) async throws -> Message {
        for try await message in messages { return message }
        throw RPCError(code: .invalidArgument, message: "the call came without its request")
    }
}

private func answering<Reply: Sendable>(
    _ work: () throws(LinkError) -> Reply
) throws -> StreamingServerResponse<Reply> {
    let reply: Reply
    do throws(LinkError) { reply = try work() } catch { throw error.status }
    return StreamingServerResponse(single: ServerResponse(message: reply))
}
