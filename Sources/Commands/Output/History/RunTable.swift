package import Model
internal import Reconciler

/// `berth history SANDBOX`: the audit trail of one sandbox, newest first. Below each run is a line for each service.
package struct RunTable: Sendable {
    private static let indent = 4
    /// Where a line of a service goes on.
    private static let hanging = 6
    private let runs: [Run]
    private let zone: Zone

    package init(_ runs: [Run], zone: Zone) {
        self.runs = runs
        self.zone = zone
    }

    package func text(in display: Display) -> String {
        guard !runs.isEmpty else { return display.text(["no passes yet"]) }
        var table = Table("TIME", "STATUS", "DURATION", "USER", "REVISION", "CAUSE")
        for run in runs {
            let record = run.pass.record
            let duration = run.pass.endedAt.map { words(milliseconds: $0.elapsed(since: record.startedAt)) }
            table.add(
                [
                    Line("\(zone.day(record.startedAt)) \(zone.clock(record.startedAt))", .strong),
                    Line(run.pass.outcomeWord, run.pass.tone), Line(duration ?? "-"), Line(run.user ?? "-"),
                    Line(record.spokenRevision), Line(record.spokenCause, .faint),
                ],
                notes: run.parts.flatMap { lines(of: $0, of: run, in: display) } + failure(of: run, in: display))
        }
        return display.text(table.lines(in: display))
    }

    /// `    account  account feature/login @ 4be1c2d: fetch 0.3 s, build 4.2 s, create 0.4 s`
    private func lines(of part: Run.Part, of run: Run, in display: Display) -> [Line] {
        let name = part.service?.text ?? "sandbox"
        let column = run.parts.map { Columns.count($0.service?.text ?? "sandbox") }.max() ?? 0
        let stages = part.stages.map(\.sentence).joined(separator: ", ")
        let code = part.origin.map { origin in
            let environments = origin.environments.map(\.text).joined(separator: ", ")
            return "\(origin.repository) \(spoken(origin.reference, at: origin.commit.short))"
                + (part.author.map { " by \($0)" } ?? "") + (environments.isEmpty ? "" : " with \(environments)")
        }
        let sentence = [code, stages.isEmpty ? nil : stages].compactMap(\.self).joined(separator: ": ")
        var head = Line(String(repeating: " ", count: Self.indent))
        head.append(Columns.pad(name, to: column) + "  ")
        let room = display.width.map { $0 - Self.hanging }
        let parts = Columns.wrap(sentence, to: room, used: max(0, head.columns - Self.hanging))
        head.append(parts.first ?? "")
        return [head] + parts.dropFirst().map { Line(String(repeating: " ", count: Self.hanging) + $0) }
    }

    private func failure(of run: Run, in display: Display) -> [Line] {
        guard run.pass.outcome == .failed, !run.pass.message.isEmpty else { return [] }
        return Columns.wrap(told(run.pass.message), to: display.width.map { $0 - Self.indent }).map {
            Line(String(repeating: " ", count: Self.indent) + $0, .bad)
        }
    }
}

/// `berth history SANDBOX -o json`, version 1.
package struct RunJSON: Sendable {
    private let sandbox: SandboxName
    private let runs: [Run]

    package init(of sandbox: SandboxName, _ runs: [Run]) {
        self.sandbox = sandbox
        self.runs = runs
    }

    package var text: String { JSONText.document(Document(sandbox: sandbox.text, runs: runs.map(Entry.init))) }

    private struct Document: Encodable {
        let version = 1
        let sandbox: String
        let runs: [Entry]
    }

    private struct Entry: Encodable {
        let id: Int64
        let startedAt: String
        @OrNull var endedAt: String?
        @OrNull var durationMillis: Int64?
        let status: String
        @OrNull var user: String?
        let cause: String
        let revision: String
        let services: [Service]
        let message: String

        init(_ run: Run) {
            let record = run.pass.record
            id = run.pass.id.number
            startedAt = record.startedAt.iso
            endedAt = run.pass.endedAt?.iso
            durationMillis = run.pass.endedAt?.elapsed(since: record.startedAt)
            status = run.pass.outcomeWord
            user = run.user
            cause = record.cause
            revision = record.revision.text
            services = run.parts.map(Service.init)
            message = run.pass.message
        }
    }

    private struct Service: Encodable {
        @OrNull var service: String?
        @OrNull var repository: String?
        @OrNull var branch: String?
        @OrNull var commit: String?
        @OrNull var author: String?
        @OrNull var piece: String?
        let environments: [String]
        let stages: [StageEntry]

        init(_ part: Run.Part) {
            service = part.service?.text
            repository = part.origin?.repository.text
            branch = part.origin?.reference
            commit = part.origin?.commit.text
            author = part.author
            piece = part.origin?.piece.text
            environments = part.origin?.environments.map(\.text) ?? []
            stages = part.stages.map(StageEntry.init)
        }
    }

    private struct StageEntry: Encodable {
        let stage: String
        let result: String
        let startedAt: String
        @OrNull var durationMillis: Int64?

        init(_ time: Run.StageTime) {
            stage = time.stage.rawValue
            result = time.result.rawValue
            startedAt = time.startedAt.iso
            durationMillis = time.milliseconds
        }
    }
}
