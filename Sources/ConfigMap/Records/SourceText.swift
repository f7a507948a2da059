/// The source of a PHP value as a text that JSON can hold, byte for byte.
struct SourceText: Hashable, Codable, Sendable {
    let text: String

    private static let mark = "hex:"

    /// A source begins with a quote, so that the mark is none. What is no UTF-8 is written in hex digits.
    init(_ source: some Collection<UInt8>) {
        if let valid = String(validating: source, as: UTF8.self) {
            text = valid
        } else {
            text = Self.mark + source.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    var bytes: [UInt8] {
        guard text.hasPrefix(Self.mark) else { return Array(text.utf8) }
        let digits = text.utf8.dropFirst(Self.mark.utf8.count).map { Character(Unicode.Scalar($0)).hexDigitValue ?? 0 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
