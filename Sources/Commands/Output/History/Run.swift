package import Model
package import Reconciler

/// One run of a sandbox as an audit asks for it: when, who, which code, how long each stage took, what came of it.
package struct Run: Sendable {
    /// One service beside the code it runs and the stages it went through.
    struct Part: Sendable {
        /// `nil` for what belongs to the sandbox as a whole: its network, its gateway port.
        let service: ServiceName?
        let origin: PassRecord.Origin?
        /// Who wrote the commit it runs, where that is known.
        let author: String?
        /// In the order in which stages mostly follow each other.
        let stages: [StageTime]
    }

    /// How long one stage took, from its first step to its last.
    struct StageTime: Sendable {
        let stage: Stage
        let result: StepRecord.Result
        let startedAt: Timestamp
        /// `nil` while it runs, and where a crash took its end.
        let milliseconds: Int64?
    }

    let pass: PassSummary
    /// Who made the manifest commit, where that is remembered.
    let user: String?
    let parts: [Part]

    /// What a run is put together from.
    package struct Sources: Sendable {
        /// Of one sandbox, newest first.
        package var passes: [PassSummary]
        package var steps: [PassID: [StepRecord]]
        /// The newest pass that made each workpiece.
        package var makings: [Workpiece.ID: PassSummary]
        /// What services of the sandbox waited for, as events told it.
        package var awaited: [EventRecord]
        package var authors: [CommitID: String]

        package init(
            passes: [PassSummary], steps: [PassID: [StepRecord]], makings: [Workpiece.ID: PassSummary],
            awaited: [EventRecord], authors: [CommitID: String]
        ) {
            self.passes = passes
            self.steps = steps
            self.makings = makings
            self.awaited = awaited
            self.authors = authors
        }
    }

    /// Newest first. What was made for the sandbox and came to nothing, or is still being made, is a run as well: no
    /// pass of the sandbox's own follows it.
    package static func all(of sources: Sources) -> [Run] {
        let own = sources.passes.map { Run($0, sources) }
        let used = Set(sources.passes.flatMap { $0.record.origins.map(\.piece) })
        let open = sources.makings.filter { !used.contains($0.key) && $0.value.outcome != .applied }
        let making = open.map { piece, pass in
            let services = sources.awaited.filter { $0.piece == piece }.compactMap(\.service)
            return Run(making: pass, for: Set(services).sorted(), sources)
        }
        return (own + making).sorted {
            ($0.pass.record.startedAt, $0.pass.id.number) > ($1.pass.record.startedAt, $1.pass.id.number)
        }
    }

    private init(_ pass: PassSummary, _ sources: Sources) {
        let steps = sources.steps[pass.id] ?? []
        let origins = pass.record.origins
        let services = Set(steps.map(\.service)).union(origins.map(\.service))
        self.pass = pass
        user = Self.user(of: pass, sources)
        parts = services.sorted { ($0?.text ?? "") < ($1?.text ?? "") }.map { service in
            let origin = origins.first { $0.service == service }
            let made = origin.flatMap { sources.makings[$0.piece] }.flatMap { sources.steps[$0.id] } ?? []
            return Part(
                service: service, origin: origin, author: origin.flatMap { sources.authors[$0.commit] },
                stages: Self.stages(of: made + steps.filter { $0.service == service }))
        }
    }

    private init(making pass: PassSummary, for services: [ServiceName], _ sources: Sources) {
        let stages = Self.stages(of: sources.steps[pass.id] ?? [])
        self.pass = pass
        user = Self.user(of: pass, sources)
        let origin = pass.record.origins.first
        let author = origin.flatMap { sources.authors[$0.commit] }
        parts = services.map { Part(service: $0, origin: origin, author: author, stages: stages) }
    }

    private static func user(of pass: PassSummary, _ sources: Sources) -> String? {
        if let author = sources.authors[pass.record.revision] { return author }
        // `manifests/qa.yaml:3  (Achmad, 9f3c1e2)`: who last touched the file.
        guard let match = pass.record.cause.firstMatch(of: /\((.+), [0-9a-f]{7}\)$/) else { return nil }
        return String(match.1)
    }

    private static func stages(of steps: [StepRecord]) -> [StageTime] {
        let byStage = Dictionary(grouping: steps) { Stage(of: $0.action) }
        return Stage.allCases.compactMap { stage in byStage[stage].flatMap { StageTime(stage, of: $0) } }
    }
}

extension Run.StageTime {
    /// `nil` where nothing of it was begun.
    fileprivate init?(_ stage: Stage, of steps: [StepRecord]) {
        guard let start = steps.filter({ $0.result == .started }).map(\.at).min() else { return nil }
        let ends = steps.filter { $0.result == .completed || $0.result == .failed }
        let begun = steps.count { $0.result == .started }
        self.stage = stage
        startedAt = start
        let isOver = ends.count >= begun
        result = ends.contains { $0.result == .failed } ? .failed : isOver ? .completed : .started
        milliseconds = isOver ? ends.map(\.at).max()?.elapsed(since: start) : nil
    }

    /// `build 4.2 s`, `build failed after 4.2 s`, `build`.
    var sentence: String {
        let time = milliseconds.map { words(milliseconds: $0) }
        switch result {
        case .failed: return "\(stage.rawValue) failed" + (time.map { " after \($0)" } ?? "")
        case .started, .completed, .skipped: return stage.rawValue + (time.map { " \($0)" } ?? "")
        }
    }
}
