package import AgentProtocol
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import Synchronization

/// Reaches an agent's controller.
package struct AgentDialer: Sendable {
    private let address: HostPort
    private let credentials: AgentCredentials

    package init(_ address: HostPort, credentials: AgentCredentials) {
        self.address = address
        self.credentials = credentials
    }

    /// One attempt of ``Bounds/handshake`` at most. Renews the certificate before, where that is due and can be done.
    /// Whoever is given the link closes it.
    package func dial() async throws(LinkError) -> LinkToController {
        do {
            try await credentials.renewWhenDue(at: address)
        } catch {
            // The dial itself tells what is wrong, and until the certificate ends it serves.
        }
        let proof = try credentials.proof()
        let caller = try Caller(
            address, showing: proof.own, anchor: .certificate(proof.authority), now: credentials.now)
        let link = FrameLink<AgentFrame, ControllerFrame>.toController()
        let opened = Handoff<Void>()
        let conversation = Task {  // SAFE: it ends with the link, which its holder closes
            await caller.converse(over: link, opened: opened)
        }
        do {
            try await withinHandshake(at: address) { () throws(LinkError) in
                guard try await opened.take() != nil else {
                    throw LinkError(.lost, "the dialling of \(address) was given up")
                }
            }
            return DialedLink(link)
        } catch {
            link.end(error)
            conversation.cancel()
            throw error
        }
    }
}

/// Closes its link when nobody holds it any more.
private final class DialedLink: Link {
    private let link: FrameLink<AgentFrame, ControllerFrame>

    init(_ link: FrameLink<AgentFrame, ControllerFrame>) { self.link = link }

    deinit { link.end(LinkError(.lost, "the link was let go")) }

    func send(_ frame: AgentFrame) async throws(LinkError) { try await link.send(frame) }
    func receive() async throws(LinkError) -> ControllerFrame? { try await link.receive() }
    func close() async { await link.close() }
}

/// Lets a call to a controller take ``Bounds/handshake`` at most.
func withinHandshake<Value: Sendable>(
    at address: HostPort, _ work: @escaping @Sendable () async throws(LinkError) -> Value
) async throws(LinkError) -> Value {
    let result = await withTaskGroup(of: Result<Value, LinkError>.self) { group in
        group.addTask {
            do throws(LinkError) { return .success(try await work()) } catch { return .failure(error) }
        }
        group.addTask {
            // A named bounded wait.
            do { try await Task.sleep(for: Bounds.handshake) } catch {}
            return .failure(
                LinkError(
                    .lost,
                    "\(address) did not answer within \(Bounds.handshake.components.seconds) s; does `berth serve "
                        + "--agents` run there, and does a firewall let it through?"))
        }
        defer { group.cancelAll() }
        return await group.next() ?? .failure(LinkError(.lost, "nothing was asked of \(address)"))
    }
    return try result.get()
}
