/// As much of a terminal as redrawing in place uses. What it does not know stops the test.
struct Screen {
    let width: Int
    let height: Int
    private(set) var lines: [String] = [""]
    /// How often the cursor was asked to go above the first row on the screen.
    private(set) var overflows = 0
    private var row = 0
    private var column = 0

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// What stands on it and above it, without empty lines at the end.
    var text: String {
        var shown = lines
        while shown.last == "" { shown.removeLast() }
        return shown.joined(separator: "\n")
    }

    mutating func show(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n": newline()
            case "\u{1b}":
                precondition(rest.popFirst() == "[", "only control sequences are known")
                var number = ""
                while let digit = rest.first, digit.properties.numericType != nil || digit == ";" {
                    number.unicodeScalars.append(digit)
                    rest.removeFirst()
                }
                control(rest.popFirst() ?? " ", Int(number))
            default: put(Character(scalar))
            }
        }
    }

    private mutating func newline() {
        row += 1
        if row == lines.count { lines.append("") }
        column = 0
    }

    private mutating func control(_ letter: Unicode.Scalar, _ number: Int?) {
        switch letter {
        case "A":
            let top = max(0, lines.count - height)
            if row - (number ?? 1) < top { overflows += 1 }
            row = max(top, row - (number ?? 1))
        case "K": lines[row] = ""
        case "J": lines.removeSubrange((row + 1)...); lines[row] = String(lines[row].prefix(column))
        case "m": break
        default: preconditionFailure("a control sequence that redrawing does not need: \(letter)")
        }
    }

    private mutating func put(_ character: Character) {
        if column == width { newline() }
        precondition(lines[row].count == column, "only the end of a line is written to")
        lines[row].append(character)
        column += 1
    }
}
