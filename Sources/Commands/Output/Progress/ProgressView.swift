package import Model
package import Reconciler

/// `berth reconcile` as it goes: on a terminal a picture redrawn in place, elsewhere a line for each event that
/// matters. It writes nothing itself: what it returns is to be written as it is.
package struct ProgressView: Sendable {
    /// The shortest time between two drawings, in milliseconds.
    static let frame: Int64 = 100

    private var display: Display
    private var board = ProgressBoard()
    private var began: Timestamp
    private var lastDrawing: Timestamp?
    private var canvas = Canvas()

    package init(display: Display, now: Timestamp) {
        self.display = display
        began = now
    }

    /// Whether every sandbox of `sandboxes` has its verdict.
    package func isSettled(_ sandboxes: Set<SandboxName>) -> Bool {
        sandboxes.allSatisfy { board.row(of: $0)?.isSettled ?? false }
    }

    /// Sandboxes whose last pass failed, each with the reason.
    package var failures: [(sandbox: SandboxName, message: String)] {
        board.rows.compactMap { row in
            guard let sandbox = row.sandbox, case .failed(let message) = row.verdict else { return nil }
            return (sandbox, message)
        }
    }

    /// The terminal has another size now.
    package mutating func resize(to display: Display) { self.display = display }

    package mutating func feed(_ events: [EventRecord], now: Timestamp) -> String {
        var text = ""
        // Who joins what is under way counts from its beginning.
        if let first = events.first, first.at < began, board.rows.isEmpty { began = first.at }
        for event in events {
            let before = board.track(of: event)
            let earlier = board.row(of: event)
            board.take(event)
            guard display.height == nil, let line = ProgressLines.line(for: event, before, earlier, board, began) else {
                continue
            }
            text += display.text([line])
        }
        return text + tick(now: now)
    }

    /// Draws again where it is time to. Call it a few times a second, for elapsed times go on without events.
    package mutating func tick(now: Timestamp) -> String {
        guard display.height != nil else { return "" }
        if let last = lastDrawing, now >= last, now.elapsed(since: last) < Self.frame { return "" }
        return draw(at: now)
    }

    /// The last drawing, which stays on the screen, and the sum of it.
    package mutating func finish(now: Timestamp) -> String {
        var text = display.height == nil ? "" : draw(at: now)
        let sum = ProgressLines.verdict(of: board, elapsed: now.elapsed(since: began))
        canvas = Canvas()
        lastDrawing = nil
        text += display.text([sum])
        return text
    }

    private mutating func draw(at now: Timestamp) -> String {
        guard let width = display.width, let height = display.height else { return "" }
        lastDrawing = now
        return canvas.draw(ProgressPicture(of: board, at: now, width: width, height: height).lines, in: display)
    }
}
