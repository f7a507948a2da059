/// The alphabet of RFC 4648, section 4.
private let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// Base64 without padding, as OpenSSH prints fingerprints.
func base64(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    var buffer = 0
    var bits = 0
    for byte in bytes {
        buffer = (buffer << 8 | Int(byte)) & 0xffff
        bits += 8
        while bits >= 6 {
            bits -= 6
            digits.append(alphabet[buffer >> bits & 63])
        }
    }
    if bits > 0 { digits.append(alphabet[buffer << (6 - bits) & 63]) }
    return String(decoding: digits, as: UTF8.self)
}

/// The bytes that base64 text stands for; what is not of the alphabet is passed over.
func bytes(ofBase64 text: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = 0
    var bits = 0
    for digit in text.utf8 {
        guard let value = alphabet.firstIndex(of: digit) else { continue }
        buffer = (buffer << 6 | value) & 0xffff
        bits += 6
        guard bits >= 8 else { continue }
        bits -= 8
        bytes.append(UInt8(buffer >> bits & 255))
    }
    return bytes
}
