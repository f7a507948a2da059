internal import Model

/// How plans look as text: in the dry run, the golden tests, the journal and the log (`design.md` §9).
package struct PlanText: Sendable {
    /// Where the right-hand column begins.
    private static let column = 66
    private var lines: [String] = []

    package init(of plan: Plan) { add(plan) }

    /// `heading` says which commit and which observation the plan describes.
    package init(of fleet: FleetPlan, heading: String) {
        lines = [heading, ""]
        for plan in fleet.plans { add(plan) }
        for (name, problem) in fleet.frozen.sorted(by: { $0.key < $1.key }) {
            line("  ? sandbox \(name)", "left as it is: \(problem)")
        }
        if !fleet.plans.isEmpty || !fleet.frozen.isEmpty { lines.append("") }
        for problem in fleet.problems { lines.append("\(problem)") }
        let incomplete = fleet.blindSpots + fleet.unanswered
        for spot in incomplete { lines.append("incomplete: \(spot)") }
        if let held = fleet.heldDeletions { lines.append(held.sentence) }
        if !fleet.problems.isEmpty || !incomplete.isEmpty || fleet.heldDeletions != nil { lines.append("") }
        lines.append(fleet.summary)
    }

    package var text: String { lines.joined(separator: "\n") }

    private mutating func add(_ plan: Plan) {
        line("  \(plan.kind.rawValue) \(plan.subject)\(plan.outline)", "\(plan.cause)")
        for change in plan.services.sorted(by: { $0.service < $1.service }) {
            line(
                "    \(change.kind.rawValue) service \(change.service)  \(change.verb)",
                change.place.map { _ in plan.node.map { "node \($0)" } ?? "" } ?? "")
            for field in change.fields {
                line("        \(pad(field.field, to: 16)) \(Self.before(field))\(field.to ?? "(removed)")", "")
            }
        }
        for change in plan.routes.sorted(by: { $0.key < $1.key }) {
            line(
                "    \(change.kind.rawValue) route \(change.key.service)  \(Self.words(change.from)) → \(Self.end(of: change))",
                change.after.map { "after \($0) is healthy" } ?? "")
        }
        for change in plan.requests {
            line("    \(change.kind.rawValue) requests \(change.request)", "")
            line("        \(change.from ?? "(by no rule)") → \(change.to ?? "(by no rule)")", "")
        }
        for blocker in plan.blockers { lines.append("    blocked: \(blocker)") }
        for wait in plan.waits { lines.append("    waits: \(wait)") }
        for note in plan.kept + plan.notes { lines.append("    note: \(note)") }
    }

    private mutating func line(_ left: String, _ right: String) {
        lines.append(right.isEmpty ? left : pad(left, to: Self.column) + "  " + right)
    }

    private func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func before(_ field: FieldChange) -> String { field.from.map { "\($0) → " } ?? "" }

    /// A new container of the same branch has the same label; the reader is told so.
    private static func end(of change: RouteChange) -> String {
        if change.from == change.to { return "the same, by a route of its own" }
        return words(change.from) == words(change.to) ? "its replacement" : words(change.to)
    }

    private static func words(_ target: RouteTarget?) -> String {
        switch target {
        case nil: "(none)"
        case .endpoint(_, let label)?: label
        case .failing(_, let label)?: "\(label) (failing)"
        case .starting?: "starting"
        case .suspended?: "suspended"
        }
    }
}

extension RouteChange {
    package var kind: ChangeKind {
        switch (from, to) {
        case (nil, _): .create
        case (_, nil): .remove
        case (_, _): .change
        }
    }

    /// Whether requests that one target answered will be answered by another.
    package var movesRequests: Bool {
        guard from?.endpoint != nil, to != from else { return false }
        // Whether a deployment serves changes nothing about where it is.
        return to?.endpoint == nil || to?.endpoint != from?.endpoint || to?.label != from?.label
    }
}

extension Plan {
    /// The verbs of what has no services to list: `  stop, remove, release 2 ports`, `  fetch, checkout, build`.
    fileprivate var outline: String {
        switch subject {
        case .workpiece, .bundle:
            let verbs = steps.map { "\($0.action)".prefix { $0 != " " } }
            return verbs.isEmpty ? "" : "  " + verbs.joined(separator: ", ")
        case .gateway, .sandbox: break
        }
        guard kind == .remove, blockers.isEmpty else { return "" }
        let ports = releases.count {
            if case .subnet = $0.resource { false } else { true }
        }
        return "  stop, remove" + (ports == 0 ? "" : ", release \(ports) port\(ports == 1 ? "" : "s")")
    }
}

extension FleetPlan {
    /// `Plan: 1 to change, 38 unchanged. Requests that change target: 1. Dropped: none.`
    package var summary: String {
        let counts = Dictionary(grouping: plans.filter { $0.kind != .none }, by: \.kind).mapValues(\.count)
        let words: [(ChangeKind, String)] = [
            (.create, "to create"), (.change, "to change"), (.remove, "to remove"), (.repair, "to repair"),
        ]
        var parts = words.compactMap { kind, text in counts[kind].map { "\($0) \(text)" } }
        let same = unchanged + plans.count { $0.kind == .none }
        if parts.isEmpty {
            parts = [
                blindSpots.isEmpty && unanswered.isEmpty ? "nothing to do" : "incomplete, for not all could be seen"
            ]
        }
        parts.append("\(same) unchanged")
        let interrupted = plans.flatMap { plan in
            plan.services.filter(\.isInterrupted).map { "\(plan.subject)/\($0.service)" }
        }
        let dropped = interrupted.isEmpty ? "none" : "those to \(interrupted.joined(separator: ", ")) while it restarts"
        let moved = plans.reduce(0) { $0 + $1.routes.count(where: \.movesRequests) + $1.requests.count }
        return "Plan: \(parts.joined(separator: ", ")). Requests that change target: \(moved). Dropped: \(dropped)."
    }

    /// Whether anything would be done.
    package var hasChanges: Bool { plans.contains { $0.kind != .none } }
}
