/// How text may look where it goes: on a terminal lines are held to its size, in a file or a pipe nothing is cut.
package struct Display: Hashable, Sendable {
    package enum Colour: Hashable, Sendable { case plain, coloured }

    package enum Medium: Hashable, Sendable {
        /// Columns and rows.
        case terminal(width: Int, height: Int)
        case file
    }

    package let medium: Medium
    package let colour: Colour

    /// Sizes below this are taken for a mistake of the terminal's.
    static let narrowest = 20
    static let lowest = 4

    package init(medium: Medium, colour: Colour) {
        self.medium =
            switch medium {
            case .terminal(let width, let height):
                .terminal(width: max(width, Self.narrowest), height: max(height, Self.lowest))
            case .file: .file
            }
        self.colour = colour
    }

    package static let file = Display(medium: .file, colour: .plain)

    /// The same, but that no line is cut: a terminal breaks it, as it does with the log of any program.
    var uncut: Display { Display(medium: .file, colour: colour) }

    /// Columns of a line; `nil` where there is no limit.
    package var width: Int? { if case .terminal(let width, _) = medium { width } else { nil } }
    /// Rows that can be redrawn; `nil` where nothing can.
    package var height: Int? { if case .terminal(_, let height) = medium { height } else { nil } }

    /// Ends every line with a line feed. Lines longer than the terminal is wide are cut, whatever made them.
    func text(_ lines: [Line]) -> String { lines.map { text($0) + "\n" }.joined() }

    func text(_ line: Line) -> String {
        let line = (width.map(line.cut) ?? line).trimmed
        guard colour == .coloured else { return line.plain }
        return line.spans.map { span in
            span.tone.code.map { "\u{1b}[\($0)m\(span.text)\u{1b}[0m" } ?? span.text
        }.joined()
    }
}

/// What a piece of text means. Colour only adds to it: the words and symbols say the same without.
enum Tone: Hashable, Sendable, CaseIterable {
    case plain, good, bad, busy, faint, strong
    /// These mean nothing but that one speaker is not another.
    case cyan, magenta, blue

    /// The SGR parameter, of the eight colours that every terminal has.
    var code: String? {
        switch self {
        case .plain: nil
        case .good: "32"
        case .bad: "31"
        case .busy: "33"
        case .faint: "2"
        case .strong: "1"
        case .cyan: "36"
        case .magenta: "35"
        case .blue: "34"
        }
    }
}

/// One line of text for people, in pieces of one tone each. It never holds a control character.
struct Line: Hashable, Sendable, ExpressibleByStringInterpolation {
    struct Span: Hashable, Sendable {
        var text: String
        let tone: Tone
    }

    private(set) var spans: [Span] = []

    init() {}
    init(_ text: String, _ tone: Tone = .plain) { append(text, tone) }
    init(stringLiteral text: String) { append(text) }

    mutating func append(_ text: String, _ tone: Tone = .plain) {
        guard !text.isEmpty else { return }
        spans.append(Span(text: Columns.clean(text), tone: tone))
    }

    mutating func append(_ other: Line) { spans += other.spans }

    /// Adds spaces up to column `column`.
    mutating func pad(to column: Int) {
        let missing = column - columns
        if missing > 0 { append(String(repeating: " ", count: missing)) }
    }

    var plain: String { spans.map(\.text).joined() }
    var columns: Int { spans.reduce(0) { $0 + Columns.count($1.text) } }

    /// The line itself, or as much of it as fits, with `…` at its end.
    func cut(to width: Int) -> Line {
        guard columns > width else { return self }
        var cut = Line()
        for span in spans {
            let room = width - cut.columns
            if Columns.count(span.text) < room {
                cut.spans.append(span)
            } else {
                cut.spans.append(Span(text: Columns.cut(span.text + "…", to: room), tone: span.tone))
                break
            }
        }
        return cut
    }

    /// Without the spaces that pad its last cell.
    var trimmed: Line {
        var line = self
        while var last = line.spans.popLast() {
            while last.text.last == " " { last.text.removeLast() }
            if !last.text.isEmpty {
                line.spans.append(last)
                break
            }
        }
        return line
    }
}
