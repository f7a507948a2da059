/// A string as PHP source writes it, between quotes.
package enum PHPString {
    /// What a plain string stands for. `source` includes its quotes.
    package static func value(of source: ArraySlice<UInt8>) -> [UInt8] {
        let inner = source.dropFirst().dropLast()
        return source.first == UInt8(ascii: "'") ? singleQuoted(inner) : doubleQuoted(inner)
    }

    /// `value` in the quotes of `style`.
    package static func source(of value: String, like style: ArraySlice<UInt8>) -> [UInt8] {
        let quote = style.first ?? UInt8(ascii: "'")
        let special = quote == UInt8(ascii: "'") ? Array("'\\".utf8) : Array("\"\\$".utf8)
        var source = [quote]
        for byte in value.utf8 {
            if special.contains(byte) { source.append(UInt8(ascii: "\\")) }
            source.append(byte)
        }
        return source + [quote]
    }

    private static func singleQuoted(_ inner: ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        var rest = inner
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let next = rest.first, next == byte || next == UInt8(ascii: "'") {
                value.append(next)
                rest.removeFirst()
            } else {
                value.append(byte)
            }
        }
        return value
    }

    private static func doubleQuoted(_ inner: ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        var rest = inner
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                value.append(byte)
                continue
            }
            if let simple = simpleEscapes[next] {
                value.append(simple)
                rest.removeFirst()
            } else if let octal = digits(&rest, radix: 8, most: 3) {
                value.append(UInt8(truncatingIfNeeded: octal))
            } else if next == UInt8(ascii: "x"), let hex = hexadecimal(&rest) {
                value.append(hex)
            } else if next == UInt8(ascii: "u"), let scalar = unicode(&rest) {
                value += Array(String(Character(scalar)).utf8)
            } else {
                value.append(byte)
            }
        }
        return value
    }

    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0a, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "v"): 0x0b,
        UInt8(ascii: "e"): 0x1b, UInt8(ascii: "f"): 0x0c, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "$"): UInt8(ascii: "$"), UInt8(ascii: "\""): UInt8(ascii: "\""),
    ]

    /// `x41`
    private static func hexadecimal(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        var ahead = rest.dropFirst()
        guard let number = digits(&ahead, radix: 16, most: 2) else { return nil }
        rest = ahead
        return UInt8(truncatingIfNeeded: number)
    }

    /// `u{1F4A9}`
    private static func unicode(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        var ahead = rest.dropFirst()
        guard ahead.popFirst() == UInt8(ascii: "{"), let number = digits(&ahead, radix: 16, most: 8),
            ahead.popFirst() == UInt8(ascii: "}"), let scalar = Unicode.Scalar(number)
        else { return nil }
        rest = ahead
        return scalar
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>, radix: Int, most: Int) -> UInt32? {
        let text = rest.prefix(most).prefix { Character(Unicode.Scalar($0)).hexDigitValue.map { $0 < radix } ?? false }
        guard let number = UInt32(String(decoding: text, as: UTF8.self), radix: radix) else { return nil }
        rest = rest.dropFirst(text.count)
        return number
    }
}
