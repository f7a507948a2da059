package import AgentProtocol
internal import Crypto
internal import Foundation
package import Model
internal import X509

extension AgentCredentials {
    /// Spends a join token: asks the controller to sign a key that was made here and that never leaves this machine.
    /// Does nothing where a certificate of the token's controller and node is held already, so that an agent may be
    /// started with its token again and again.
    package func join(_ token: Secret<String>, at address: HostPort) async throws(LinkError) {
        let token = try JoinToken(token)
        guard try !makesNeedless(token) else { return }
        let caller = try Caller(
            address, showing: try Identity.introduction(of: token, at: now()), anchor: .fingerprint(token.authority),
            now: now)
        let key = P256.Signing.PrivateKey()
        var request = WireJoinRequest()
        request.signingRequest = Data(try Identity.request(key, for: token.node))
        request.release = Release.current.wire
        let reply = try await caller.join(request)
        let authority = try Certificate(der: Array(reply.authority))
        guard try authority.fingerprint() == token.authority else {
            throw LinkError(.refused, "the controller answered for another authority than the token's")
        }
        try keep(Identity(certificate: try Certificate(der: Array(reply.certificate)), key: key), by: authority)
    }

    /// Replaces the certificate once two thirds of its life are over. Returns whether it was. Sessions go on meanwhile.
    /// Asked again while one is under way, it does nothing.
    @discardableResult
    package func renewWhenDue(at address: HostPort) async throws(LinkError) -> Bool {
        guard let renewal, now() >= renewal, beginRenewal() else { return false }
        defer { endRenewal() }
        let proof = try proof()
        let caller = try Caller(address, showing: proof.own, anchor: .certificate(proof.authority), now: now)
        let key = P256.Signing.PrivateKey()
        var request = WireRenewRequest()
        request.signingRequest = Data(try Identity.request(key, for: proof.node))
        request.release = Release.current.wire
        let reply = try await caller.renew(request)
        let identity = Identity(certificate: try Certificate(der: Array(reply.certificate)), key: key)
        guard Role(of: identity.certificate) == .agent(proof.node) else {
            throw LinkError(.malformed, "the controller answered with a certificate of another node")
        }
        try keep(identity, by: proof.authority)
        return true
    }
}
