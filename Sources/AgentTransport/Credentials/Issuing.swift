internal import AgentProtocol
internal import Crypto
internal import Foundation
internal import Model
internal import SwiftASN1
internal import X509

/// A certificate and the key that it speaks of.
struct Identity: Sendable {
    let certificate: Certificate
    let key: P256.Signing.PrivateKey

    /// Makes the certificate of a new authority.
    static func authority(at now: Timestamp, _ lifetimes: Lifetimes) throws(LinkError) -> Identity {
        let key = P256.Signing.PrivateKey()
        // A name of its own, so that the authorities of two installations are told apart by it.
        let mark = hex(SHA256.hash(data: key.publicKey.rawRepresentation).prefix(4))
        return try making { () throws in
            let name = try DistinguishedName { CommonName("Berth authority \(mark)") }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
                notValidBefore: now.advanced(by: .zero - lifetimes.skew).date,
                notValidAfter: now.advanced(by: lifetimes.authority).date,
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: .init(key))
            return Identity(certificate: certificate, key: key)
        }
    }

    /// What somebody shows who has nothing but a token: it says only that they have its key.
    static func introduction(of token: JoinToken, at now: Timestamp) throws(LinkError) -> Identity {
        try making { () throws in
            let name = try DistinguishedName { CommonName(token.node.text) }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(token.key.publicKey),
                notValidBefore: now.advanced(by: .seconds(-86_400)).date,
                notValidAfter: now.advanced(by: .seconds(86_400)).date,
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions(), issuerPrivateKey: .init(token.key))
            return Identity(certificate: certificate, key: token.key)
        }
    }

    /// Signs that the owner of a key has a role.
    func sign(
        _ role: Role, _ owner: Certificate.PublicKey, at now: Timestamp, _ lifetimes: Lifetimes
    ) throws(LinkError) -> Certificate {
        try making { () throws in
            try Certificate(
                version: .v3, serialNumber: .init(), publicKey: owner,
                notValidBefore: now.advanced(by: .zero - lifetimes.skew).date,
                notValidAfter: min(now.advanced(by: lifetimes.leaf).date, certificate.notValidAfter),
                issuer: certificate.subject, subject: try DistinguishedName { CommonName(role.name) },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    Critical(try ExtendedKeyUsage([role.usage]))
                    SubjectAlternativeNames([.dnsName(role.name)])
                },
                issuerPrivateKey: .init(key))
        }
    }

    /// Asks to have a key signed; proves that we have it.
    static func request(_ key: P256.Signing.PrivateKey, for node: NodeName) throws(LinkError) -> [UInt8] {
        try making { () throws in
            let request = try CertificateSigningRequest(
                version: .v1, subject: try DistinguishedName { CommonName(node.text) }, privateKey: .init(key),
                attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        }
    }

    /// The key that a request asks to have signed, once it is proved that the asker has it.
    static func key(askedFor request: [UInt8]) throws(LinkError) -> Certificate.PublicKey {
        let parsed: CertificateSigningRequest
        do { parsed = try CertificateSigningRequest(derEncoded: request) } catch {
            throw LinkError(.malformed, "the request for a certificate cannot be read: \(error)")
        }
        guard P256.Signing.PublicKey(parsed.publicKey) != nil else {
            throw LinkError(.refused, "the request for a certificate is not of a P-256 key")
        }
        guard parsed.publicKey.isValidSignature(parsed.signature, for: parsed) else {
            throw LinkError(.refused, "the request for a certificate is not signed by the key it speaks of")
        }
        return parsed.publicKey
    }
}

extension Certificate {
    /// Why this is no certificate of `role` by `authority` at a time, as a sentence; `nil` when it is one. The chain
    /// has exactly these two links: an authority of ours signs no other authority.
    func objection(as role: (Role) -> Bool, by authority: Certificate, at now: Timestamp) -> String? {
        guard issuer == authority.subject, authority.publicKey.isValidSignature(signature, for: self) else {
            return "it was not signed by this installation's authority"
        }
        guard let own = Role(of: self), role(own) else { return "it is not of the right kind" }
        for (one, what) in [(self, "it"), (authority, "the authority's own certificate")] {
            guard now >= Timestamp(one.notValidBefore) else {
                return "\(what) is in force only from \(one.notValidBefore.ISO8601Format()) on, and the clock here "
                    + "says \(now.date.ISO8601Format()): set the clocks of both machines"
            }
            guard now < Timestamp(one.notValidAfter) else {
                return "\(what) ended at \(one.notValidAfter.ISO8601Format())"
            }
        }
        return nil
    }
}

private func making<Value>(_ work: () throws -> Value) throws(LinkError) -> Value {
    do { return try work() } catch {
        throw LinkError(.malformed, "a certificate cannot be made: \(error)")
    }
}

extension Identity {
    /// Certificate and key in one text, so that one is never on disk without the other.
    func pem() throws(LinkError) -> String {
        try certificate.pem() + "\n" + key.pemRepresentation + "\n"
    }

    init(pem: String) throws(LinkError) {
        let documents: [PEMDocument]
        do {
            documents = try PEMDocument.parseMultiple(pemString: pem)
            guard documents.count == 2 else {
                throw LinkError(.malformed, "a certificate and a key are expected, \(documents.count) parts are there")
            }
            certificate = try Certificate(pemDocument: documents[0])
            key = try P256.Signing.PrivateKey(pemRepresentation: documents[1].pemString)
        } catch let error as LinkError {
            throw error
        } catch {
            throw LinkError(.malformed, "it is no certificate with its key")
        }
        guard certificate.publicKey == .init(key.publicKey) else {
            throw LinkError(.malformed, "its key is not that of its certificate")
        }
    }
}
