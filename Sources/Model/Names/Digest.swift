internal import Crypto

/// A SHA-256 in lower-case hex, cut to 32 digits: enough to tell specs apart, short enough for a label.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Takes a digest read back from a label; anything is accepted, for a strange label is merely a different one.
    package init(text: String) { self.text = text }

    package init(of content: String) { self.init(of: content.utf8) }

    package init(of bytes: some Sequence<UInt8>) {
        text = hex(SHA256.hash(data: Array(bytes)).prefix(16))
    }

    package var description: String { text }
}

/// A whole SHA-256 of content that comes in parts, such as a large file.
package struct Checksum {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ bytes: some Sequence<UInt8>) { hash.update(data: Array(bytes)) }

    /// 64 lower-case hex digits.
    package var text: String { hex(hash.finalize()) }
}

/// What tells two secret values apart without telling either: an HMAC-SHA-256 under the installation's key.
package struct Fingerprint: Hashable, Sendable {
    package let text: String

    package init(text: String) { self.text = text }

    package init(of value: Secret<String>, under key: FingerprintKey) {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(value.reveal().utf8), using: SymmetricKey(data: key.bytes.reveal()))
        text = hex(code.prefix(16))
    }
}

/// The installation's own key for ``Fingerprint``; it never leaves the data directory.
package struct FingerprintKey: Sendable {
    let bytes: Secret<[UInt8]>

    package init(_ bytes: Secret<[UInt8]>) { self.bytes = bytes }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
