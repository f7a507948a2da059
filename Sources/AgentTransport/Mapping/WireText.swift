/// Texts that the other side words: shown to people and written to logs, so their length is bounded here. They are cut
/// and not refused: what is lost is the end of a sentence, and not a session.
enum WireText {
    /// The longest of what stands within a line, in bytes.
    static let label = 1024
    /// The longest message of a failure, in bytes.
    static let message = 16 << 10

    /// Fit for the middle of a line.
    static func label(_ text: String) -> String {
        let cut = cut(text, to: label)
        if cut.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return cut }
        var plain = String.UnicodeScalarView()
        for scalar in cut.unicodeScalars { plain.append(isControl(scalar) ? " " : scalar) }
        return String(plain)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// At most so many bytes, of whole scalars.
    static func cut(_ text: String, to most: Int) -> String {
        guard text.utf8.count > most else { return text }
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: most)
        while end.samePosition(in: text.unicodeScalars) == nil { utf8.formIndex(before: &end) }
        return String(text[..<end])
    }
}
