/// The one rule that turns what people write into names (`design.md` §4).
package enum Slug {
    /// The longest label DNS allows.
    package static let longest = 63
    private static let tailLength = 8

    /// Lower case; every run of anything but `a-z 0-9` becomes one `-`; at most ``longest`` bytes, with a hash tail
    /// when cut so that two long names stay two. `nil` where nothing is left.
    package static func make(_ text: String) -> String? {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                bytes.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                bytes.append(byte + 32)
            default:
                if let last = bytes.last, last != dash { bytes.append(dash) }
            }
        }
        while bytes.last == dash { bytes.removeLast() }
        guard !bytes.isEmpty else { return nil }
        guard bytes.count > longest else { return String(decoding: bytes, as: UTF8.self) }
        bytes.removeLast(bytes.count - (longest - tailLength - 1))
        while bytes.last == dash { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "-" + Digest(of: text).text.prefix(tailLength)
    }

    /// Whether a text is one already.
    package static func isSlug(_ text: String) -> Bool { make(text) == text }

    private static let dash = UInt8(ascii: "-")
}
