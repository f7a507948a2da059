internal import Model
internal import Reconciler

/// The texts of a manifest that become part of the configuration, in the forms that cannot change its meaning.
struct Vocabulary: Hashable {
    let selectionHeader: String
    /// Lower case, without a leading or trailing dot.
    let baseDomain: String?
    /// A file of certificates, or `@system-ca`.
    let authorities: String

    init(_ gateway: DesiredGateway, authorities: String) throws(HostError) {
        let operation = "configure gateway \(gateway.name)"
        let header = gateway.selectionHeader.lowercased()
        guard !header.isEmpty, header.utf8.count <= 64, header.utf8.allSatisfy(Self.isTokenByte) else {
            throw HostError(operation, .refused, "\"\(header)\" cannot be a header name; use a-z, 0-9 and '-'")
        }
        let domain = gateway.baseDomain.map { $0.lowercased().split(separator: ".", omittingEmptySubsequences: false) }
        if let domain {
            let isGood = domain.allSatisfy {
                !$0.isEmpty && $0.utf8.count <= 63 && $0.utf8.allSatisfy(Self.isTokenByte)
            }
            guard isGood, !domain.isEmpty, domain.map(\.utf8.count).reduce(domain.count - 1, +) <= Bound.hostBytes
            else {
                let wrong = gateway.baseDomain ?? ""
                throw HostError(operation, .refused, "\"\(wrong)\" is not a domain such as sandbox.example.com")
            }
        }
        guard gateway.webPort != nil || gateway.sandboxPorts != nil else {
            throw HostError(operation, .refused, "it has neither a web port nor sandbox ports to listen on")
        }
        if let web = gateway.webPort, let range = gateway.sandboxPorts, range.contains(web) {
            throw HostError(operation, .refused, "its web port \(web) is inside its sandbox ports")
        }
        if gateway.webPort == 0 || gateway.sandboxPorts?.lowerBound == 0 {
            throw HostError(operation, .refused, "0 is not a port to listen on")
        }
        selectionHeader = header
        baseDomain = domain?.joined(separator: ".")
        self.authorities = authorities
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
