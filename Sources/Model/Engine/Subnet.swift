/// An IPv4 network in CIDR form.
package struct Subnet: Hashable, Sendable, Comparable {
    package let base: UInt32
    package let prefix: Int

    /// `nil` unless `prefix` is 8 to 30 and `base` has no bit outside it.
    package init?(base: UInt32, prefix: Int) {
        guard (8...30).contains(prefix), base & ~Self.mask(prefix) == 0 else { return nil }
        self.base = base
        self.prefix = prefix
    }

    /// Parses `10.210.0.0/16`.
    package init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let prefix = Int(halves[1]) else { return nil }
        let octets = halves[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard octets.count == 4 else { return nil }
        var base: UInt32 = 0
        for octet in octets {
            guard let octet else { return nil }
            base = base << 8 | UInt32(octet)
        }
        self.init(base: base, prefix: prefix)
    }

    package func overlaps(_ other: Subnet) -> Bool {
        let mask = Self.mask(min(prefix, other.prefix))
        return base & mask == other.base & mask
    }

    /// The subnets of `prefix` bits inside this one, in order.
    package func parts(prefix: Int) -> some Sequence<Subnet> {
        let step = UInt64(1) << UInt64(32 - prefix)
        let count = prefix < self.prefix ? 0 : UInt64(1) << UInt64(prefix - self.prefix)
        return (0..<count).lazy.compactMap { Subnet(base: base + UInt32($0 * step), prefix: prefix) }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.base, lhs.prefix) < (rhs.base, rhs.prefix) }

    private static func mask(_ prefix: Int) -> UInt32 { ~UInt32(0) << UInt32(32 - prefix) }
}

extension Subnet: CustomStringConvertible {
    package var description: String {
        [24, 16, 8, 0].map { String(base >> $0 & 255) }.joined(separator: ".") + "/\(prefix)"
    }
}
