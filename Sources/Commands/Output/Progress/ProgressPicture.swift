internal import Model

/// One drawing of the board: a line for each sandbox, and one for each of its services.
struct ProgressPicture {
    /// Fits the longest word of ``Stage`` and its failure.
    private static let stageWidth = 15

    let lines: [Line]

    /// `height` rows are on the screen, of which one stays free for the cursor.
    init(of board: ProgressBoard, at now: Timestamp, width: Int, height: Int) {
        let column = Self.nameColumn(of: board.rows, width: width)
        let room = max(1, height - 1)
        let isWhole = board.rows.reduce(0) { $0 + 1 + $1.services.count } <= room
        // Where not all fits, what has its verdict needs one line, and of the rest the newest are kept.
        let blocks = board.rows.map { row in isWhole || !row.isSettled ? 1 + row.services.count : 1 }
        let total = blocks.reduce(0, +)
        let places = total <= room ? total : room - 1
        var kept: [Line] = []
        for (row, size) in zip(board.rows, blocks).reversed() where kept.count < places {
            let services = size > 1 ? row.services.map { Self.line(of: $0.name, $0.track, row, at: now, column) } : []
            kept = [Self.line(of: row, at: now, column, width)] + services + kept
        }
        kept = kept.suffix(places)
        lines = total <= room ? kept : [Line("… \(total - places) more", .faint)] + kept
    }

    private static func nameColumn(of rows: [ProgressBoard.Row], width: Int) -> Int {
        let names = rows.flatMap { row in
            [Columns.count(row.title)] + row.services.map { Columns.count($0.name.text) + 2 }
        }
        return min(names.max() ?? 0, max(10, width / 3))
    }

    /// `qa-login-error  [########--]   8/10    3.2 s  network`
    private static func line(
        of row: ProgressBoard.Row, at now: Timestamp, _ column: Int, _ width: Int
    ) -> Line {
        var line = Line(Columns.pad(Columns.cut(row.title, to: column), to: column), .strong)
        line.append("  ")
        line.append(bar(row, width: width >= 80 ? 20 : 10), row.tone)
        line.append("  ")
        line.append(padLeft(row.total.map { "\(row.done)/\($0)" } ?? "\(row.done)", to: 5))
        line.append("  " + padLeft(words(milliseconds: row.elapsed(at: now)), to: 8) + "  ")
        line.append(row.word, row.tone)
        return line
    }

    /// `  account  health  2.1 s`, the time below the sandbox's.
    private static func line(
        of service: ServiceName, _ track: ProgressBoard.Track, _ row: ProgressBoard.Row, at now: Timestamp,
        _ column: Int
    ) -> Line {
        var line = Line(Columns.pad(Columns.cut("  \(service)", to: column), to: column))
        line.append("  ")
        line.append(Columns.pad(track.word(isSettled: row.isSettled), to: stageWidth), track.tone)
        line.append("  " + padLeft(words(milliseconds: track.elapsed(at: now)), to: 8))
        if let failure = track.failure { line.append("  \(failure)", .bad) }
        return line
    }

    private static func bar(_ row: ProgressBoard.Row, width: Int) -> String {
        let filled: Int
        switch (row.verdict, row.total) {
        case (.converged, _): filled = width
        case (_, let total?) where total > 0: filled = min(width, row.done * width / total)
        case (_, _): filled = 0
        }
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]"
    }

    private static func padLeft(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - Columns.count(text))) + text
    }
}

extension ProgressBoard.Row {
    fileprivate var word: String {
        switch verdict {
        case .converged: "done"
        case .failed(let message): "failed: \(message)"
        case .running: own.map { $0.running > 0 ? $0.stage.rawValue : "" } ?? ""
        }
    }

    fileprivate var tone: Tone {
        switch verdict {
        case .converged: .good
        case .failed: .bad
        case .running: .busy
        }
    }
}

extension ProgressBoard.Track {
    fileprivate func word(isSettled: Bool) -> String {
        if failure != nil { return "\(stage.rawValue) failed" }
        return running > 0 && !isSettled ? stage.rawValue : stage.past
    }

    fileprivate var tone: Tone {
        if failure != nil { return .bad }
        return running > 0 ? .busy : .good
    }
}
