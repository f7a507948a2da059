package import AgentProtocol
internal import Crypto
package import Model
internal import Synchronization
internal import X509

/// Says who may be an agent of this installation: a small authority for certificates, its tokens, and its epochs.
///
/// All of it is in files that outlive the database, and several processes work on them at once: `berth node token`
/// writes what `berth serve` reads at the next handshake.
package final class Authority: Sendable {
    /// How many tokens wait to be spent, and how many certificates of one node are in force. Beyond it the oldest go.
    static let mostTokens = 1000
    static let mostPerNode = 8
    /// How long after its end a certificate is still listed.
    static let kept = Duration.seconds(30 * 86_400)
    /// Between a node's last certificate and the next that it renews.
    static let renewalPause = Duration.seconds(60)
    /// The longest that a token waits.
    static let longestInvitation = Duration.seconds(30 * 86_400)

    let files: AuthorityFolder
    let own: Identity
    let lifetimes: Lifetimes
    let now: TimeOfDay
    /// When the last certificate of each node ends, as far as it is known.
    private let ends = Mutex<[String: Timestamp]>([:])

    private init(_ files: AuthorityFolder, _ own: Identity, _ lifetimes: Lifetimes, _ now: @escaping TimeOfDay) {
        self.files = files
        self.own = own
        self.lifetimes = lifetimes
        self.now = now
    }

    /// Opens the authority in a folder, and makes it where there was never one. One that is damaged is never made anew.
    package static func open(
        folder: String, lifetimes: Lifetimes = .standard, now: @escaping TimeOfDay = machineTime
    ) throws(LinkError) -> Authority {
        let files = AuthorityFolder(folder)
        try files.make()
        let own = try files.root.locked { () throws(LinkError) in
            if let text = try files.pem.read() { return try read(text, in: files) }
            guard try !files.hasTraces() else { throw files.lost(files.pem, "the authority's key is missing") }
            let made = try Identity.authority(at: now(), lifetimes)
            // The key last: with it the authority is there.
            try files.epoch.write("0\n")
            try files.pem.write(made.pem())
            return made
        }
        return Authority(files, own, lifetimes, now)
    }

    private static func read(_ text: String, in files: AuthorityFolder) throws(LinkError) -> Identity {
        do { return try Identity(pem: text) } catch {
            throw files.lost(files.pem, "the authority's key is damaged (\(error))")
        }
    }

    /// Makes a token with which one agent may join as `node`, once.
    package func invite(_ node: NodeName, for time: Duration, at now: Timestamp) throws(LinkError) -> Invitation {
        guard time > .zero, time <= Self.longestInvitation else {
            throw LinkError(.refused, "a join token lasts at least a moment and at most 30 days")
        }
        let token = JoinToken(node: node, authority: try own.certificate.fingerprint())
        let end = now.advanced(by: time)
        try files.root.locked { () throws(LinkError) in
            let pending = try files.entries(in: files.tokens)
            for (name, entry) in pending where entry.end <= now { try files.tokens.file(name).remove() }
            guard pending.count(where: { $0.entry.end > now }) < Self.mostTokens else {
                throw LinkError(.refused, "\(Self.mostTokens) join tokens wait to be used; let some end first")
            }
            let file = files.tokens.file(JoinToken.id(of: token.key.publicKey))
            try files.write(.init(node, from: now, to: end), to: file)
        }
        return Invitation(token: token.text, expiresAt: end)
    }

    /// Takes back every certificate and token of a node. Returns how many there were.
    package func remove(_ node: NodeName) throws(LinkError) -> Int {
        let count = try files.root.locked { () throws(LinkError) in
            var count = 0
            for (name, entry) in try files.entries(in: files.issued) where entry.node == node.text {
                try files.issued.file(name).move(to: files.revoked.file(name))
                count += 1
            }
            for (name, entry) in try files.entries(in: files.tokens) where entry.node == node.text {
                try files.tokens.file(name).remove()
                count += 1
            }
            return count
        }
        ends.withLock { $0[node.text] = nil }
        return count
    }

    /// Whether a peer that has shown its certificate still counts: it was not revoked, and a certificate of its node is
    /// in force. Cheap, and sees what another process did.
    package func isWelcome(_ peer: Peer) -> Bool {
        guard isSerial(peer.serial), files.issued.file(peer.serial).exists else { return false }
        let time = now()
        if let end = ends.withLock({ $0[peer.node] }), time < end { return true }
        do {
            // What is read for one is remembered of all: after a restart every agent comes back at once.
            let found = Dictionary(
                try files.entries(in: files.issued).map { ($0.entry.node, $0.entry.end) }, uniquingKeysWith: max)
            ends.withLock { $0.merge(found) { $1 } }
            return found[peer.node].map { time < $0 } ?? false
        } catch {
            // What cannot be read proves nothing.
            return false
        }
    }

    /// In order of node and of issue.
    package func certificates() throws(LinkError) -> [IssuedCertificate] {
        var all: [IssuedCertificate] = []
        for (folder, isRevoked) in [(files.issued, false), (files.revoked, true)] {
            for (name, entry) in try files.entries(in: folder) {
                let node: NodeName
                do { node = try NodeName(entry.node) } catch {
                    throw files.damaged(folder.file(name), "\(error); remove it, and let its node join again")
                }
                all.append(
                    IssuedCertificate(
                        node: node, serial: name, issuedAt: Timestamp(milliseconds: entry.issuedAt),
                        expiresAt: entry.end, isRevoked: isRevoked))
            }
        }
        return all.sorted { ($0.node, $0.issuedAt, $0.serial) < ($1.node, $1.issuedAt, $1.serial) }
    }

    /// The epoch of this start of a controller: more than that of the last, and no less than the seconds since 1970, so
    /// that a folder restored from a backup gives none again that was given since.
    package func nextEpoch() throws(LinkError) -> Epoch {
        try files.root.locked { () throws(LinkError) in
            guard let text = try files.epoch.read() else { throw files.lost(files.epoch, "the epoch is missing") }
            guard let last = UInt64(text.drop { $0 == " " }.prefix { $0.isNumber }), last < .max else {
                throw files.lost(files.epoch, "it holds no number of an epoch")
            }
            let next = max(last + 1, UInt64(max(0, now().milliseconds / 1000)))
            try files.epoch.write("\(next)\n")
            return Epoch(next)
        }
    }

    /// Remembers until when a node has a certificate in force.
    func note(_ node: NodeName, until end: Timestamp) {
        ends.withLock { $0[node.text] = max(end, $0[node.text] ?? end) }
    }

    /// A serial names a file.
    private func isSerial(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { hexDigits.contains($0) }
    }
}

private let hexDigits = Set("0123456789abcdef".utf8)
