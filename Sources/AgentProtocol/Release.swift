/// One release of Berth, as controller and agent tell each other.
package struct Release: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The release of this program; the patch level changes nothing of the contract.
    package static let current = Release(0, 1)

    package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.major, lhs.minor) < (rhs.major, rhs.minor) }

    package var description: String { "\(major).\(minor)" }

    /// Why a program of this release and one of `other` do not work together; `nil` when they do. One release older or
    /// newer is understood; a wider gap is refused, for nobody tested it.
    package func objection(to other: Release, called name: String) -> String? {
        guard major == other.major, abs(minor - other.minor) <= 1 else {
            let older = self < other ? "this side" : "the \(name)"
            return "the \(name) is of release \(other) and this side of \(self); at most one release may lie between "
                + "them, upgrade \(older)"
        }
        return nil
    }
}
