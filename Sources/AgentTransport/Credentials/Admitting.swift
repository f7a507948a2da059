internal import AgentProtocol
internal import Crypto
internal import Model
internal import X509

/// What somebody who dials in has proved to be.
enum Visitor: Hashable {
    case agent(Peer)
    /// Holds a token that waits to be spent, and may do nothing else.
    case invited(NodeName, token: String)
}

extension Authority {
    /// Who shows this certificate; the other side has proved already that it has the key.
    func visitor(showing certificate: Certificate) throws(LinkError) -> Visitor {
        if certificate.issuer == own.certificate.subject {
            return .agent(try agent(showing: certificate))
        }
        guard let key = P256.Signing.PublicKey(certificate.publicKey) else {
            throw LinkError(.refused, "its certificate is of another authority, and no join token is shown")
        }
        let token = JoinToken.id(of: key)
        return .invited(try node(invitedBy: token), token: token)
    }

    private func agent(showing certificate: Certificate) throws(LinkError) -> Peer {
        let objection = certificate.objection(
            as: { role in if case .agent = role { true } else { false } }, by: own.certificate, at: now())
        if let objection { throw LinkError(.refused, "its certificate does not count: \(objection)") }
        guard case .agent(let node)? = Role(of: certificate) else {
            throw LinkError(.refused, "its certificate is not an agent's")
        }
        let peer = Peer(node: node.text, serial: certificate.serial)
        guard isWelcome(peer) else {
            throw revoked(node)
        }
        return peer
    }

    private func revoked(_ node: NodeName) -> LinkError {
        LinkError(.refused, "the certificate of \(node) was revoked; berth node token \(node) lets it join again")
    }

    private func node(invitedBy token: String) throws(LinkError) -> NodeName {
        guard let entry = try files.entry(files.tokens.file(token)) else {
            throw LinkError(
                .refused, "the join token was used already, or was never made here; make another: berth node token NODE"
            )
        }
        guard now() < entry.end else {
            throw LinkError(
                .refused, "the join token has ended; make another: berth node token \(entry.node)")
        }
        do { return try NodeName(entry.node) } catch {
            throw files.damaged(files.tokens.file(token), "\(error); remove it and make another token")
        }
    }

    /// Spends a token: signs a key for its node. The token is gone from disk before the answer is given.
    func join(_ request: [UInt8], with token: String) throws(LinkError) -> Certificate {
        let key = try Identity.key(askedFor: request)
        return try files.root.locked { () throws(LinkError) in
            let node = try node(invitedBy: token)
            if let own = P256.Signing.PublicKey(key), JoinToken.id(of: own) == token {
                throw LinkError(.refused, "the key of a join token, which others have seen, is never signed")
            }
            let certificate = try issue(key, to: node)
            try files.tokens.file(token).remove()
            return certificate
        }
    }

    /// Signs another key for the node that a peer has proved to be.
    func renew(_ request: [UInt8], for peer: Peer) throws(LinkError) -> Certificate {
        let key = try Identity.key(askedFor: request)
        let node: NodeName
        do { node = try NodeName(peer.node) } catch { throw LinkError(.refused, "\(error)") }
        return try files.root.locked { () throws(LinkError) in
            guard isWelcome(peer) else {
                throw revoked(node)
            }
            try refuseHaste(of: node)
            return try issue(key, to: node, sparing: peer.serial)
        }
    }

    /// Whoever asks again and again fills the disk with certificates. One whose answer was lost waits this long, and
    /// is signed another.
    private func refuseHaste(of node: NodeName) throws(LinkError) {
        let time = now()
        let times = try files.entries(in: files.issued).filter { $0.entry.node == node.text }.map(\.entry.start)
        // What was issued in the future was so by a clock that has been set back since, and holds nobody up.
        guard let last = times.filter({ $0 <= time }).max(), time < last.advanced(by: Self.renewalPause) else { return }
        throw LinkError(
            .lost,
            "\(node) asked again too soon: its last certificate was signed less than "
                + "\(Self.renewalPause.components.seconds) s ago")
    }

    /// `used` is the serial of the certificate that the asker shows: it stays in force, however old it is.
    private func issue(
        _ key: Certificate.PublicKey, to node: NodeName, sparing used: String? = nil
    ) throws(LinkError) -> Certificate {
        let time = now()
        let certificate = try own.sign(.agent(node), key, at: time, lifetimes)
        let end = Timestamp(certificate.notValidAfter)
        try prune(node, at: time, sparing: used)
        try files.write(.init(node, from: time, to: end), to: files.issued.file(certificate.serial))
        note(node, until: end)
        return certificate
    }

    /// Forgets what ended long ago, and of certificates in force all but the newest and the one in use.
    private func prune(_ node: NodeName, at time: Timestamp, sparing used: String?) throws(LinkError) {
        for folder in [files.issued, files.revoked] {
            for (name, entry) in try files.entries(in: folder) where entry.end.advanced(by: Self.kept) <= time {
                try folder.file(name).remove()
            }
        }
        let others = try files.entries(in: files.issued).filter { $0.entry.node == node.text && $0.name != used }
            .sorted { $0.entry.issuedAt < $1.entry.issuedAt }
        // Room for the new one, and for the one in use.
        for (name, _) in others.dropLast(Self.mostPerNode - (used == nil ? 1 : 2)) {
            try files.issued.file(name).move(to: files.revoked.file(name))
        }
    }

    /// A certificate with which a listener shows that it is this controller.
    func listener() throws(LinkError) -> Identity {
        let key = P256.Signing.PrivateKey()
        return Identity(certificate: try own.sign(.controller, .init(key.publicKey), at: now(), lifetimes), key: key)
    }
}
