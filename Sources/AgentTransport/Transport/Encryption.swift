internal import AgentProtocol
internal import Crypto
internal import Foundation
internal import Model
internal import NIOCore
internal import NIOSSL
internal import Synchronization
internal import X509

// TLS as both ends of a link speak it: 1.3 and nothing older, a certificate on either side, and who counts decided by
// us, for an authority of its own and a join token are nothing that a list of trusted roots can say.

/// How a listener proves what it is, and asks who comes. Its certificate is made at its start and replaced in time.
final class ListenerEncryption: Sendable {
    private struct Current {
        let context: NIOSSLContext
        let renewal: Timestamp
    }

    private let authority: Authority
    private let current: Mutex<Current>
    private let refused: @Sendable (LinkError) -> Void

    init(_ authority: Authority, refused: @escaping @Sendable (LinkError) -> Void) throws(LinkError) {
        self.authority = authority
        self.refused = refused
        current = Mutex(try Self.make(authority))
    }

    private static func make(_ authority: Authority) throws(LinkError) -> Current {
        let identity = try authority.listener()
        let chain = [identity.certificate, authority.own.certificate]
        let start = Timestamp(identity.certificate.notValidBefore)
        let end = Timestamp(identity.certificate.notValidAfter)
        do {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try chain.map { .certificate(try NIOSSLCertificate($0)) },
                privateKey: .privateKey(try identity.sslKey()))
            tls.minimumTLSVersion = .tlsv13
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates([try NIOSSLCertificate(authority.own.certificate)])
            tls.applicationProtocols = ["h2"]
            tls.shutdownTimeout = TimeAmount(StreamBounds.farewell)
            return Current(
                context: try NIOSSLContext(configuration: tls),
                renewal: authority.lifetimes.renewal(from: start, to: end))
        } catch {
            throw LinkError(.refused, "encryption cannot be set up: \(error)")
        }
    }

    /// For one connection.
    func handler() throws -> NIOSSLServerHandler {
        let time = authority.now()
        let due = current.withLock { time >= $0.renewal }
        if due {
            let made = try Self.make(authority)
            current.withLock { $0 = made }
        }
        let context = current.withLock { $0.context }
        return NIOSSLServerHandler(context: context) { [authority, refused] chain, verdict in
            do {
                guard let leaf = chain.first else { throw LinkError(.refused, "no certificate was shown") }
                _ = try authority.visitor(showing: Certificate(der: leaf.toDERBytes()))
                verdict.succeed(.certificateVerified(VerificationMetadata(ValidatedCertificateChain([leaf]))))
            } catch {
                refused(LinkError(error, of: "whoever dials in"))
                verdict.succeed(.failed)
            }
        }
    }
}

/// How somebody who dials proves what they are, and which controller they take for theirs.
struct DialerEncryption: Sendable {
    /// By what the controller is known.
    enum Anchor: Sendable {
        case certificate(Certificate)
        /// SHA-256 of it, as a join token says.
        case fingerprint([UInt8])
    }

    private let context: NIOSSLContext
    private let anchor: Anchor
    private let now: TimeOfDay
    /// Why the other side is not the one we look for.
    let objection = Objection()

    init(showing identity: Identity, anchor: Anchor, now: @escaping TimeOfDay) throws(LinkError) {
        do {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateChain = [.certificate(try NIOSSLCertificate(identity.certificate))]
            tls.privateKey = .privateKey(try identity.sslKey())
            tls.minimumTLSVersion = .tlsv13
            tls.certificateVerification = .noHostnameVerification
            // Nobody's word counts but ours below.
            tls.trustRoots = .certificates([])
            tls.applicationProtocols = ["h2"]
            tls.shutdownTimeout = TimeAmount(StreamBounds.farewell)
            context = try NIOSSLContext(configuration: tls)
        } catch {
            throw LinkError(.refused, "encryption cannot be set up: \(error)")
        }
        self.anchor = anchor
        self.now = now
    }

    func handler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: context, serverHostname: Role.controllerName,
            customVerificationCallbackWithMetadata: { [anchor, now, objection] chain, verdict in
                do {
                    try Self.verify(chain.map { try Certificate(der: $0.toDERBytes()) }, anchor, at: now())
                    verdict.succeed(.certificateVerified(VerificationMetadata(nil)))
                } catch {
                    objection.note(LinkError(error, of: "the controller"))
                    verdict.succeed(.failed)
                }
            })
    }

    private static func verify(_ chain: [Certificate], _ anchor: Anchor, at now: Timestamp) throws(LinkError) {
        let authority: Certificate
        switch anchor {
        case .certificate(let known): authority = known
        case .fingerprint(let print):
            var found: Certificate?
            for one in chain where try one.fingerprint() == print { found = one }
            guard let found else {
                throw LinkError(
                    .refused,
                    "whoever answers is not the controller that made the join token: check the address, and that the "
                        + "token is of this installation (berth node token NODE makes one)")
            }
            authority = found
        }
        guard let leaf = chain.first else { throw LinkError(.refused, "the controller shows no certificate") }
        if let objection = leaf.objection(as: { $0 == .controller }, by: authority, at: now) {
            throw LinkError(
                .refused,
                "whoever answers does not prove to be this agent's controller: of its certificate, \(objection). Check "
                    + "the address; after a controller was set up anew, remove the agent's secrets/controller folder and "
                    + "join again")
        }
    }
}

/// Keeps the first objection of the verification, for the connection fails with a code of the library's alone.
final class Objection: Sendable {
    private let first = Mutex<LinkError?>(nil)

    func note(_ error: LinkError) { first.withLock { $0 = $0 ?? error } }

    var error: LinkError? { first.withLock { $0 } }
}

extension NIOSSLCertificate {
    convenience init(_ certificate: Certificate) throws {
        try self.init(bytes: certificate.der(), format: .der)
    }
}

extension Identity {
    func sslKey() throws -> NIOSSLPrivateKey {
        try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
    }
}
