internal import Model
package import Reconciler

/// `berth events`: one line an event, and the date wherever it changes. Keeps what it needs to go on with `--follow`.
package struct EventLines: Sendable {
    /// The columns of who and what grow with what was seen, up to these.
    private static let widestSubject = 40
    private static let widestKind = 18
    /// With less room than this beside the columns, the message goes below them.
    private static let leastRoom = 36
    private static let indent = 10

    private let zone: Zone
    private var day: String?
    private var subjectWidth = 12
    private var kindWidth = 14

    package init(zone: Zone) { self.zone = zone }

    package mutating func text(of events: [StoredEvent], in display: Display) -> String {
        for event in events { widen(for: event.event) }
        return display.text(events.flatMap { lines(of: $0.event, in: display) })
    }

    private mutating func widen(for event: EventRecord) {
        subjectWidth = max(subjectWidth, min(Columns.count(event.subject), Self.widestSubject))
        kindWidth = max(kindWidth, min(Columns.count(event.kind), Self.widestKind))
    }

    private mutating func lines(of event: EventRecord, in display: Display) -> [Line] {
        var lines: [Line] = []
        let today = zone.day(event.at)
        if day != today { lines.append(Line(today, .strong)) }
        day = today

        var head = Line(zone.clock(event.at), .faint)
        head.append("  " + Columns.pad(event.subject, to: subjectWidth) + "  ")
        head.append(Columns.pad(event.kind, to: kindWidth), event.tone)
        let sentence = event.cause.isEmpty ? told(event.message) : "\(told(event.message))   \(aside(event.cause))"
        guard let width = display.width else {
            head.append("  " + sentence)
            return lines + [head]
        }
        let room = width - head.columns - 2
        guard room >= Self.leastRoom else {
            let parts = Columns.wrap(sentence, to: width - Self.indent)
            return lines + [head] + parts.map { Line(String(repeating: " ", count: Self.indent) + $0) }
        }
        let parts = Columns.wrap(sentence, to: room)
        let below = head.columns + 2
        for (index, part) in parts.enumerated() {
            var line = index == 0 ? head : Line()
            line.pad(to: below)
            line.append(part)
            lines.append(line)
        }
        return lines
    }
}

/// `berth events -o json`: one object a line, version 1.
package enum EventJSON {
    package static func text(of events: [StoredEvent]) -> String {
        events.map { JSONText.line(Object($0)) }.joined()
    }

    private struct Object: Encodable {
        let version = 1
        let id: Int64
        let at: String
        @OrNull var sandbox: String?
        @OrNull var service: String?
        @OrNull var piece: String?
        let kind: String
        let message: String
        let cause: String
        @OrNull var revision: String?

        init(_ stored: StoredEvent) {
            let event = stored.event
            id = stored.id
            at = event.at.iso
            sandbox = event.sandbox?.text
            service = event.service?.text
            piece = event.piece?.text
            kind = event.kind
            message = event.message
            cause = event.cause
            revision = event.revision?.text
        }
    }
}

extension EventRecord {
    /// `qa-login-error/account`, or `account@4be1c2d` of what is made of a commit; `-` for what is about neither.
    var subject: String {
        let parts = [sandbox?.text, service?.text, ownPiece?.spoken].compactMap(\.self)
        return parts.isEmpty ? "-" : parts.joined(separator: "/")
    }

    fileprivate var tone: Tone {
        switch kind {
        case "step.failed", "pass.failed", "manifest.problem", "notice": .bad
        case "pass.converged", "route.flipped": .good
        case "drift", "step.skipped", "piece.awaited": .busy
        default: .plain
        }
    }
}
