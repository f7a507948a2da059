internal import AgentProtocol
internal import Crypto
internal import Model
internal import SwiftASN1
internal import X509

/// What a certificate of ours is for. It is told by its key usage and by its one name alike, so that an agent's
/// certificate cannot play the controller.
enum Role: Hashable {
    case controller
    case agent(NodeName)

    /// The name by which an agent asks for its controller, whatever the address.
    static let controllerName = "controller.berth"
    private static let agentSuffix = ".agent.berth"

    var name: String {
        switch self {
        case .controller: Self.controllerName
        case .agent(let node): node.text + Self.agentSuffix
        }
    }

    var usage: ExtendedKeyUsage.Usage {
        switch self {
        case .controller: .serverAuth
        case .agent: .clientAuth
        }
    }

    /// `nil` for a certificate that is neither.
    init?(of certificate: Certificate) {
        let names: SubjectAlternativeNames?
        let usages: ExtendedKeyUsage?
        do {
            names = try certificate.extensions.subjectAlternativeNames
            usages = try certificate.extensions.extendedKeyUsage
        } catch {
            return nil
        }
        guard let names, names.count == 1, case .dnsName(let name)? = names.first, let usages, usages.count == 1 else {
            return nil
        }
        if name == Self.controllerName {
            self = .controller
        } else if name.hasSuffix(Self.agentSuffix) {
            do {
                self = .agent(try NodeName(String(name.dropLast(Self.agentSuffix.count))))
            } catch {
                return nil
            }
        } else {
            return nil
        }
        guard usages.contains(usage) else { return nil }
    }
}

extension Certificate {
    /// Lower-case hex without leading zeros.
    var serial: String { hex(serialNumber.bytes.drop { $0 == 0 }) }

    func der() throws(LinkError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        } catch {
            throw LinkError(.malformed, "a certificate cannot be written: \(error)")
        }
    }

    /// SHA-256 of all of it.
    func fingerprint() throws(LinkError) -> [UInt8] { Array(SHA256.hash(data: try der())) }

    init(der: [UInt8]) throws(LinkError) {
        do { self = try Certificate(derEncoded: der) } catch {
            throw LinkError(.malformed, "what was presented is no certificate: \(error)")
        }
    }

    func pem() throws(LinkError) -> String {
        do { return try serializeAsPEM().pemString } catch {
            throw LinkError(.malformed, "a certificate cannot be written: \(error)")
        }
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
