package import AgentProtocol
package import Model
internal import SwiftASN1
internal import Synchronization
internal import X509

/// What an agent shows its controller, in a folder of the agent's: `agent.pem` with its certificate and key, and
/// `authority.pem` with the certificate of the authority that it trusts alone.
package final class AgentCredentials: Sendable {
    /// Both sides of the proof.
    struct Proof: Sendable {
        let own: Identity
        let authority: Certificate
        let node: NodeName

        var end: Timestamp { Timestamp(own.certificate.notValidAfter) }
    }

    private let folder: PrivateFolder
    let lifetimes: Lifetimes
    let now: TimeOfDay
    private let held: Mutex<Proof?>
    /// A renewal is under way.
    private let isRenewing = Mutex(false)

    private var agent: PrivateFile { folder.file("agent.pem") }
    private var trusted: PrivateFile { folder.file("authority.pem") }

    /// Reads what is there. Nothing there is no error; what is damaged is.
    package init(
        folder path: String, lifetimes: Lifetimes = .standard, now: @escaping TimeOfDay = machineTime
    ) throws(LinkError) {
        folder = PrivateFolder(path)
        self.lifetimes = lifetimes
        self.now = now
        held = Mutex(nil)
        let read = try read()
        held.withLock { $0 = read }
    }

    private func read() throws(LinkError) -> Proof? {
        guard let text = try agent.read() else { return nil }
        guard let authority = try trusted.read() else { throw damaged(trusted, "it is missing") }
        do throws(LinkError) {
            let own = try Identity(pem: text)
            guard case .agent(let node)? = Role(of: own.certificate) else {
                throw LinkError(.malformed, "it is not an agent's certificate")
            }
            return Proof(own: own, authority: try Certificate(pemText: authority), node: node)
        } catch {
            throw damaged(agent, error.message)
        }
    }

    private func damaged(_ file: PrivateFile, _ how: String) -> LinkError {
        LinkError(
            .refused,
            "\(file.path): \(how). Restore \(folder.path) from a backup, or remove it and join again with a new token "
                + "(berth node token NODE, at the controller)")
    }

    /// The node that it joined as; `nil` before.
    package var node: NodeName? { held.withLock { $0?.node } }

    /// When the certificate ends; `nil` where there is none.
    package var expiresAt: Timestamp? { held.withLock { $0?.end } }

    /// When it is to be replaced; `nil` where there is none.
    package var renewal: Timestamp? {
        held.withLock { proof in
            proof.map { lifetimes.renewal(from: Timestamp($0.own.certificate.notValidBefore), to: $0.end) }
        }
    }

    func proof() throws(LinkError) -> Proof {
        guard let proof = held.withLock({ $0 }) else {
            throw LinkError(
                .refused,
                "this agent has not joined yet: make a token at the controller (berth node token NODE) and start the "
                    + "agent once with --join TOKEN")
        }
        guard now() < proof.end else {
            throw LinkError(
                .refused,
                "the certificate of \(proof.node) has ended: make a token at the controller (berth node token "
                    + "\(proof.node)) and start the agent once with --join TOKEN. Is the clock of this machine right?")
        }
        return proof
    }

    /// Whether what is held serves as well as what `token` would bring. An agent never turns into another node: what it
    /// made and remembers is of the one it is.
    func makesNeedless(_ token: JoinToken) throws(LinkError) -> Bool {
        guard let proof = held.withLock({ $0 }), now() < proof.end,
            try proof.authority.fingerprint() == token.authority
        else { return false }
        guard proof.node == token.node else {
            throw LinkError(
                .refused,
                "this agent is \(proof.node), and the token is for \(token.node): give it a token of its own node, or "
                    + "another data directory (--data)")
        }
        return true
    }

    /// Begins what only one may do at a time; whoever gets `true` ends it.
    func beginRenewal() -> Bool {
        isRenewing.withLock { isRenewing in
            defer { isRenewing = true }
            return !isRenewing
        }
    }

    func endRenewal() { isRenewing.withLock { $0 = false } }

    /// Keeps a new certificate, on disk before anything else.
    func keep(_ own: Identity, by authority: Certificate) throws(LinkError) {
        guard case .agent(let node)? = Role(of: own.certificate) else {
            throw LinkError(.malformed, "the controller answered with a certificate that is not an agent's")
        }
        let isOther = { (role: Role) in role == .agent(node) }
        if let objection = own.certificate.objection(as: isOther, by: authority, at: now()) {
            throw LinkError(.malformed, "the controller answered with a certificate that does not count: \(objection)")
        }
        try folder.make()
        let pem = try authority.pem() + "\n"
        if try trusted.read() != pem {
            // Of two authorities, the certificate of the one is nothing beside the name of the other.
            try agent.remove()
            try trusted.write(pem)
        }
        try agent.write(own.pem())
        held.withLock { $0 = Proof(own: own, authority: authority, node: node) }
    }
}

extension Certificate {
    init(pemText: String) throws(LinkError) {
        do { self = try Certificate(pemEncoded: pemText) } catch {
            throw LinkError(.malformed, "it is no certificate")
        }
    }
}
