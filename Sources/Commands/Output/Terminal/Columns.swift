/// How much room text takes on a terminal.
enum Columns {
    static func count(_ text: some StringProtocol) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + width(of: $1) }
    }

    /// `text`, or its beginning and `…`, in at most `width` columns.
    static func cut(_ text: String, to width: Int) -> String {
        guard count(text) > width else { return text }
        guard width > 0 else { return "" }
        var kept = ""
        var used = 1
        for character in text {
            used += self.width(of: character)
            if used > width { break }
            kept.append(character)
        }
        return kept + "…"
    }

    static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - count(text)))
    }

    /// One line without control characters. What manifests and containers say is shown to people, and must not be able
    /// to move a cursor, set a title, or turn the reading direction.
    static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnwelcome) else { return text }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !isUnwelcome(scalar) {
                clean.append(scalar)
            } else if clean.last != " " {
                clean.append(" ")
            }
        }
        return String(clean)
    }

    /// Breaks at spaces into lines of at most `width` columns, the first shorter by `used`; a word that is longer than
    /// a line is broken where the line ends. `nil` breaks nothing.
    static func wrap(_ text: String, to limit: Int?, used: Int = 0) -> [String] {
        guard let limit else { return [text] }
        let width = max(limit, 1)
        var lines: [String] = []
        var line = ""
        var room = max(width - used, 0)
        for var word in clean(text).split(separator: " ").map(String.init) {
            let gap = line.isEmpty ? 0 : 1
            let isFirst = lines.isEmpty && used > 0
            if count(line) + gap + count(word) > room, isFirst || !line.isEmpty {
                lines.append(line)
                line = ""
                room = width
            }
            while count(word) > room {
                let head = prefix(of: word, columns: room)
                lines.append(head)
                word.removeFirst(head.count)
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }

    private static func prefix(of word: String, columns: Int) -> String {
        var head = ""
        var used = 0
        for character in word {
            used += width(of: character)
            if used > columns, !head.isEmpty { break }
            head.append(character)
        }
        return head
    }

    private static func isUnwelcome(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200b...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }

    /// Two for the scripts and symbols that terminals draw wide (Unicode's East Asian Width W and F), else one.
    private static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first?.value, first >= 0x1100 else { return 1 }
        switch first {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff,
            0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
            return 2
        default:
            return character.unicodeScalars.contains { $0.value == 0xfe0f } ? 2 : 1
        }
    }
}
