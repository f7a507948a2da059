internal import AgentProtocol
internal import Crypto
internal import Foundation
package import Model

/// What a person carries from the controller to a new node: `berth1.<node>.<key>.<fingerprint>`. The key opens one
/// door once, and the fingerprint tells the right controller from any other.
struct JoinToken: Sendable {
    let node: NodeName
    let key: P256.Signing.PrivateKey
    /// SHA-256 of the authority's certificate.
    let authority: [UInt8]

    private static let prefix = "berth1"
    private static let remedy = "copy it whole from `berth node token NODE`"

    init(node: NodeName, key: P256.Signing.PrivateKey = .init(), authority: [UInt8]) {
        self.node = node
        self.key = key
        self.authority = authority
    }

    init(_ token: Secret<String>) throws(LinkError) {
        let parts = token.reveal().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.prefix else {
            throw LinkError(
                .refused, "the join token is none (it begins with \(Self.prefix). and has 4 parts): \(Self.remedy)")
        }
        do {
            node = try NodeName(String(parts[1]))
            key = try P256.Signing.PrivateKey(rawRepresentation: base64url(parts[2]) ?? [])
        } catch {
            throw LinkError(.refused, "the join token is damaged: \(Self.remedy)")
        }
        guard let authority = base64url(parts[3]), authority.count == SHA256.byteCount else {
            throw LinkError(.refused, "the join token is damaged at its end: \(Self.remedy)")
        }
        self.authority = authority
    }

    var text: Secret<String> {
        let parts = [key.rawRepresentation, Data(authority)].map { bytes in
            bytes.base64EncodedString().filter { $0 != "=" }
                .replacing("+", with: "-").replacing("/", with: "_")
        }
        return Secret(([Self.prefix, node.text] + parts).joined(separator: "."))
    }

    /// By which a controller finds what it knows of a token, without knowing the token.
    static func id(of key: P256.Signing.PublicKey) -> String { hex(SHA256.hash(data: key.x963Representation)) }
}

/// A token that was made, and until when it opens the door.
package struct Invitation: Sendable {
    package let token: Secret<String>
    package let expiresAt: Timestamp
}

/// One certificate that was given to an agent.
package struct IssuedCertificate: Hashable, Sendable {
    package let node: NodeName
    /// Lower-case hex.
    package let serial: String
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp
    package let isRevoked: Bool
}

private func base64url(_ text: Substring) -> [UInt8]? {
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    return Data(base64Encoded: plain + padding).map(Array.init)
}
