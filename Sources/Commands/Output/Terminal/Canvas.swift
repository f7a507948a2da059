/// The lines at the bottom of a terminal that are drawn again and again in the same place.
package struct Canvas: Sendable {
    /// The columns of each line on the screen that the next drawing replaces.
    private var drawn: [Int] = []

    package init() {}

    /// What to write so that `table` stands where the last drawing stood; off a terminal, the table below it.
    package mutating func draw(_ table: StatusTable, in display: Display) -> String {
        draw(table.lines(in: display), in: display)
    }

    package mutating func draw(_ detail: StatusDetail, in display: Display) -> String {
        draw(detail.lines(in: display), in: display)
    }

    /// What is more than the screen is high is left out at the end.
    mutating func draw(_ lines: [Line], in display: Display) -> String {
        guard let width = display.width, let height = display.height else { return display.text(lines) }
        let room = height - 1
        let shown =
            lines.count <= room
            ? lines : lines.prefix(room - 1) + [Line("… \(lines.count - room + 1) more lines", .faint)]
        // The lines on the screen take more rows than lines where the window has become narrower.
        let rows = min(drawn.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }, height - 1)
        var text = rows > 0 ? "\r\u{1b}[\(rows)A" : ""
        // Each line is erased before it is written: after a full line the cursor still stands on its last column.
        for line in shown { text += "\r\u{1b}[2K" + display.text([line]) }
        drawn = shown.map { $0.cut(to: width).columns }
        return text + "\u{1b}[J"
    }
}
