private let hexDigits = Array("0123456789ABCDEF".utf8)

/// `text` with every byte but letters, digits and `kept` as `%` and two digits.
func percentEncoded(_ text: String, keeping kept: String = "-._~") -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            encoded.append(byte)
        case _ where kept.utf8.contains(byte): encoded.append(byte)
        default: encoded += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}

/// The opposite; a `%` that no two digits follow stays.
func percentDecoded(_ text: some StringProtocol) -> String {
    let source = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < source.count {
        if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
            let byte = UInt8(String(decoding: source[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
        {
            decoded.append(byte)
            index += 3
        } else {
            decoded.append(source[index])
            index += 1
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}
