internal import Model
package import Reconciler

/// `berth history`: one line a pass, newest first as it is given; a failure's message below it.
package struct HistoryTable: Sendable {
    private static let indent = 4
    private let passes: [PassSummary]
    /// Those that loaded images.
    private let loads: Set<PassID>
    private let zone: Zone

    package init(_ passes: [PassSummary], loads: Set<PassID> = [], zone: Zone) {
        self.passes = passes
        self.loads = loads
        self.zone = zone
    }

    package func text(in display: Display) -> String {
        guard !passes.isEmpty else { return display.text(["no passes yet"]) }
        var table = Table("TIME", "SANDBOX", "REVISION", "OUTCOME", "STEPS", "DURATION", "CAUSE")
        for pass in passes {
            let record = pass.record
            let duration = pass.endedAt.map { words(milliseconds: $0.elapsed(since: record.startedAt)) }
            table.add(
                [
                    Line("\(zone.day(record.startedAt)) \(zone.clock(record.startedAt))", .faint),
                    Line(subject(of: pass), .strong), Line(record.spokenRevision),
                    Line(pass.outcomeWord, pass.tone), Line("\(record.steps)"), Line(duration ?? "-"),
                    Line(record.spokenCause, .faint),
                ],
                notes: notes(of: pass, in: display))
        }
        return display.text(table.lines(in: display))
    }

    /// The sandbox, or what is made of a commit; gateways and images have no name in a pass.
    private func subject(of pass: PassSummary) -> String {
        pass.record.sandbox?.text ?? pass.record.piece?.spoken ?? (loads.contains(pass.id) ? "(images)" : "(gateway)")
    }

    private func notes(of pass: PassSummary, in display: Display) -> [Line] {
        guard pass.outcome == .failed, !pass.message.isEmpty else { return [] }
        return Columns.wrap(told(pass.message), to: display.width.map { $0 - Self.indent }).map {
            Line(String(repeating: " ", count: Self.indent) + $0, .bad)
        }
    }
}

/// `berth history -o json`, version 1.
package struct HistoryJSON: Sendable {
    private let passes: [PassSummary]

    package init(_ passes: [PassSummary]) { self.passes = passes }

    package var text: String { JSONText.document(Document(passes: passes.map(Pass.init))) }

    private struct Document: Encodable {
        let version = 1
        let passes: [Pass]
    }

    private struct Pass: Encodable {
        let id: Int64
        @OrNull var sandbox: String?
        @OrNull var piece: String?
        let revision: String
        let outcome: String
        let steps: Int
        let startedAt: String
        @OrNull var endedAt: String?
        @OrNull var durationMillis: Int64?
        let cause: String
        let message: String

        init(_ pass: PassSummary) {
            id = pass.id.number
            sandbox = pass.record.sandbox?.text
            piece = pass.record.piece?.text
            revision = pass.record.revision.text
            outcome = pass.outcomeWord
            steps = pass.record.steps
            startedAt = pass.record.startedAt.iso
            endedAt = pass.endedAt?.iso
            durationMillis = pass.endedAt?.elapsed(since: pass.record.startedAt)
            cause = pass.record.cause
            message = pass.message
        }
    }
}

extension PassSummary {
    var outcomeWord: String { outcome?.rawValue ?? "running" }

    var tone: Tone {
        switch outcome {
        case .applied: .good
        case .failed: .bad
        case nil: .busy
        case .superseded, .abandoned: .faint
        }
    }
}
