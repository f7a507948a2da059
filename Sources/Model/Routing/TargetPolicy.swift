/// Where the author of a sandbox may send requests by writing an address (`target`), so that a manifest cannot make the
/// gateway ask what only its own machine may ask (SSRF).
package struct TargetPolicy: Hashable, Sendable {
    package enum Pattern: Hashable, Sendable {
        /// Exactly this name.
        case host(String)
        /// `*.company.com`: any name below it.
        case below(String)
        case network(Subnet)
    }

    /// `nil` allows what is not forbidden always; otherwise a target must be one of these.
    package var allowed: [Pattern]?

    package init(allowed: [Pattern]? = nil) { self.allowed = allowed }

    /// Why requests must not go to `host`, where they must not. A name may still lead to a forbidden address: that is
    /// asked when it is known, by ``refusal(ofAddress:)``.
    package func refusal(ofHost host: String) -> String? {
        if let forbidden = Self.forbidden(host) { return forbidden }
        guard let allowed, !allowed.contains(where: { $0.covers(host) }) else { return nil }
        return "\(host) is not among the targets that the policy allows"
    }

    /// Why requests must not go to what a name leads to, whatever is allowed: addresses that mean the machine itself or
    /// tell secrets of it.
    package static func refusal(ofAddress address: String) -> String? { forbidden(address) }

    private static func forbidden(_ host: String) -> String? {
        if let address = IPv4(host) {
            if address.number >> 28 >= 14 { return "\(host) is no address of one machine" }
            if let net = networks.first(where: { $0.net.contains(address.number) }) {
                return "\(host) is \(net.what)"
            }
            return nil
        }
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") { return "\(host) is the gateway's own machine" }
        if name == "metadata" || name.hasPrefix("metadata.") || name == "instance-data" {
            return "\(host) is the metadata service of a cloud"
        }
        return nil
    }

    private static let networks: [(net: Subnet, what: String)] = [
        ("0.0.0.0/8", "no address of another machine"), ("127.0.0.0/8", "the gateway's own machine"),
        ("169.254.0.0/16", "link-local, where clouds keep their metadata service"),
        ("100.100.100.200/30", "the metadata service of a cloud"),
    ].map { text, what in
        guard let net = Subnet(text) else { preconditionFailure("\(text) is a subnet") }
        return (net, what)
    }
}

extension TargetPolicy.Pattern {
    func covers(_ host: String) -> Bool {
        let name = host.lowercased()
        return switch self {
        case .host(let exact): name == exact
        case .below(let domain): name.hasSuffix("." + domain)
        case .network(let net): IPv4(host).map { net.contains($0.number) } ?? false
        }
    }
}

/// An IPv4 address in dotted decimal.
package struct IPv4: Hashable, Sendable {
    package let number: UInt32

    package init(number: UInt32) { self.number = number }

    /// `nil` for anything but four decimal octets without leading zeros.
    package init?(_ text: String) {
        let octets = text.split(separator: ".", omittingEmptySubsequences: false)
        guard octets.count == 4 else { return nil }
        var number: UInt32 = 0
        for octet in octets {
            guard let value = UInt8(octet), String(value) == octet else { return nil }
            number = number << 8 | UInt32(value)
        }
        self.number = number
    }
}

extension IPv4: CustomStringConvertible {
    package var description: String {
        [24, 16, 8, 0].map { String(number >> $0 & 255) }.joined(separator: ".")
    }
}

extension Subnet {
    package func contains(_ number: UInt32) -> Bool { (number ^ base) >> UInt32(32 - prefix) == 0 }
}
