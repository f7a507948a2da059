/// Columns of text under a heading. On a terminal too narrow for all of them the right-most go first.
struct Table {
    /// What is between two columns.
    private static let gap = 2
    /// A last column that can be cut to this is cut rather than left out.
    private static let shortestCut = 16

    /// Where the table does not fit, its first column is cut to a third of the width, but not below this.
    private static let shortestName = 24

    let headings: [String]
    private var rows: [(cells: [Line], notes: [Line])] = []

    init(_ headings: String...) { self.init(headings) }
    init(_ headings: [String]) { self.headings = headings }

    /// `notes` are whole lines that belong below the row.
    mutating func add(_ cells: [Line], notes: [Line] = []) {
        precondition(cells.count == headings.count, "a row has as many cells as the table has columns")
        rows.append((cells, notes))
    }

    /// Every line begins after `indent` columns.
    func lines(in display: Display, indent: Int = 0) -> [Line] {
        let natural = headings.indices.map { column in
            rows.reduce(Columns.count(headings[column])) { max($0, $1.cells[column].columns) }
        }
        let widths = display.width.map { Self.fit(natural, into: $0 - indent) } ?? natural
        var lines = [row(headings.map { Line($0, .faint) }, widths, indent)]
        for (cells, notes) in rows {
            lines.append(row(cells, widths, indent))
            lines += notes
        }
        return lines
    }

    private func row(_ cells: [Line], _ widths: [Int], _ indent: Int) -> Line {
        var line = Line(String(repeating: " ", count: indent))
        var column = indent
        for (cell, width) in zip(cells, widths) {
            line.pad(to: column)
            line.append(cell.cut(to: width))
            column += width + Self.gap
        }
        return line
    }

    /// The widths of the columns that stay, from the left.
    private static func fit(_ natural: [Int], into width: Int) -> [Int] {
        var natural = natural
        // One long name does not take the room of everything else.
        let whole = natural.reduce(0, +) + gap * (natural.count - 1)
        if whole > width { natural[0] = min(natural[0], max(shortestName, width / 3)) }
        var kept: [Int] = []
        var used = 0
        for (index, wanted) in natural.enumerated() {
            let room = width - used
            if wanted <= room {
                kept.append(wanted)
                used += wanted + gap
                continue
            }
            let isLast = index == natural.count - 1
            if index == 0 || (isLast && room >= shortestCut) { kept.append(max(room, 1)) }
            break
        }
        return kept
    }
}
