/// What is said of one thing: a word in the margin, and one line or more beside it.
struct Facts {
    private static let margin = 13

    private(set) var lines: [Line] = []
    private let display: Display

    init(in display: Display) { self.display = display }

    /// Every line after the first stands under it; what is too long is continued below.
    mutating func add(_ word: String, _ said: [Line]) {
        var word = word
        for line in said {
            let room = display.width.map { $0 - Self.margin }
            for (index, part) in Self.wrapped(line, to: room).enumerated() {
                var whole = Line(word.isEmpty ? "" : "  \(word)", .faint)
                word = ""
                whole.pad(to: Self.margin + (index > 0 ? Self.hang : 0))
                whole.append(part)
                lines.append(whole)
            }
        }
    }

    private static let hang = 2

    /// The line itself where it fits; otherwise its text in the tone it begins with.
    private static func wrapped(_ line: Line, to room: Int?) -> [Line] {
        guard let room, line.columns > room else { return [line] }
        return Columns.wrap(line.plain, to: room - hang).map { Line($0, line.spans.first?.tone ?? .plain) }
    }
}
