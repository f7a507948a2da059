/// Tells whether bytes are UTF-8, by the letter: no overlong forms, no surrogates, nothing above U+10FFFF.
enum StrictUTF8 {
    /// The offset of the first byte that is not part of a character, or `nil` where every byte is.
    static func firstFault(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            guard let rule = rule(for: lead), index + rule.length <= bytes.count else { return index }
            guard rule.second.contains(bytes[index + 1]) else { return index }
            for offset in 2..<max(rule.length, 2) where !(0x80...0xbf).contains(bytes[index + offset]) {
                return index
            }
            index += rule.length
        }
        return nil
    }

    /// Table 3-7 of the Unicode standard: how long a character is, and which second bytes it allows.
    private static func rule(for lead: UInt8) -> (length: Int, second: ClosedRange<UInt8>)? {
        switch lead {
        case 0xc2...0xdf: (2, 0x80...0xbf)
        case 0xe0: (3, 0xa0...0xbf)
        case 0xed: (3, 0x80...0x9f)
        case 0xe1...0xef: (3, 0x80...0xbf)
        case 0xf0: (4, 0x90...0xbf)
        case 0xf1...0xf3: (4, 0x80...0xbf)
        case 0xf4: (4, 0x80...0x8f)
        default: nil
        }
    }
}

extension Mark {
    /// The position of the byte at `offset`, counted as libyaml counts: CR, LF, CR LF, NEL, LS and PS end a line. The
    /// bytes before it are UTF-8.
    init(ofByteAt offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        var line: Int32 = 1
        var column: Int32 = 1
        var last: Unicode.Scalar = " "
        for scalar in String(decoding: bytes.prefix(offset), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
                column = 1
            default: column += 1
            }
            last = scalar
        }
        self.init(line: line, column: column)
    }
}
