internal import Model
internal import Reconciler

/// Progress where nothing can be redrawn, and the sum at the end of either kind.
enum ProgressLines {
    private static let timeColumn = 8

    /// `     2.1 s  qa-login-error/account  healthy (2.0 s)`; `nil` for events that need no line. `before` is what was
    /// known of the service when the event came, and `earlier` of its sandbox or workpiece.
    static func line(
        for event: EventRecord, _ before: ProgressBoard.Track?, _ earlier: ProgressBoard.Row?, _ board: ProgressBoard,
        _ began: Timestamp
    ) -> Line? {
        guard let news = News(event) else { return nil }
        let isShared = event.sandbox == nil && event.service == nil && event.piece == nil
        let subject = isShared ? board.row(of: event)?.title ?? "gateway" : event.subject
        switch news {
        case .began(let count):
            let why = event.cause.isEmpty ? "" : "  \(aside(event.cause))"
            let what = event.kind == "drift" ? "drift: " : ""
            return line(at: event.at, began, subject, Line(what + (count.map(steps) ?? event.message) + why))
        case .converged:
            let elapsed = board.row(of: event)?.elapsed(at: event.at) ?? 0
            return line(at: event.at, began, subject, Line("done in \(words(milliseconds: elapsed))", .good))
        case .failed:
            let message = told(event.message)
            // What an earlier try or a step has just said is not said again.
            guard earlier?.verdict != .failed(message) else { return nil }
            let isKnown = earlier?.failures.contains { $0.contains(message) } ?? false
            return line(at: event.at, began, subject, Line(isKnown ? "failed" : "failed: \(message)", .bad))
        case .step(.started):
            let stage = Stage(of: event.message)
            guard stage.isSlow, event.service != nil || event.ownPiece != nil || stage == .load else { return nil }
            return line(at: event.at, began, subject, Line(event.message))
        case .step(.completed):
            let stage = Stage(of: event.message)
            let elapsed = before.map { event.at.elapsed(since: $0.stageBegan) } ?? 0
            let end = stage.isSlow ? "\(stage.past) after \(words(milliseconds: elapsed))" : "done"
            return line(at: event.at, began, subject, Line("\(untimed(event.message)): \(end)"))
        case .step(.failed):
            return line(
                at: event.at, began, subject,
                Line("\(Stage(of: event.message).rawValue) failed: \(told(event.message))", .bad))
        case .step(.skipped): return nil
        case .awaits: return line(at: event.at, began, subject, Line("waits for \(event.message)"))
        }
    }

    /// Without the time it took at its end (`create x (58 ms)`): where it matters, it is said in words of our own.
    private static func untimed(_ message: String) -> String {
        message.replacing(/[ ]\([0-9][0-9. a-z]*\)$/, with: "")
    }

    private static func line(at time: Timestamp, _ began: Timestamp, _ subject: String, _ rest: Line) -> Line {
        let elapsed = words(milliseconds: time.elapsed(since: began))
        var line = Line(String(repeating: " ", count: max(0, timeColumn - Columns.count(elapsed))) + elapsed, .faint)
        line.append("  \(subject)  ")
        line.append(rest)
        return line
    }

    /// `2 done, 1 failed in 12 s`. Why something failed is told by whoever ends the program.
    static func verdict(of board: ProgressBoard, elapsed: Int64) -> Line {
        var counts = (done: 0, failed: 0, open: 0)
        for row in board.rows {
            switch row.verdict {
            case .converged: counts.done += 1
            case .running: counts.open += 1
            case .failed: counts.failed += 1
            }
        }
        let parts = [(counts.done, "done"), (counts.failed, "failed"), (counts.open, "not finished")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let tone: Tone = counts.failed > 0 ? .bad : counts.open > 0 ? .busy : .good
        let sum = parts.isEmpty ? "nothing was done" : parts.joined(separator: ", ")
        return Line("\(sum) in \(words(milliseconds: elapsed))", tone)
    }
}

extension ProgressBoard.Row {
    /// Of its services, and of steps for none in particular.
    fileprivate var failures: [String] { (services.map(\.track) + [own].compactMap(\.self)).compactMap(\.failure) }
}
