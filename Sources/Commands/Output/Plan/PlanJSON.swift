internal import Model
package import Planner

/// `berth reconcile --dry-run -o json`, version 1; the schema is `schemas/plan.v1.json`. Keys are only ever added to a
/// version.
package struct PlanJSON: Sendable {
    private let plan: FleetPlan

    package init(of plan: FleetPlan) { self.plan = plan }

    /// What the dry run ends with.
    package var status: ExitStatus { ExitStatus(of: plan) }

    package var text: String { JSONText.document(Document(plan)) }

    private struct Document: Encodable {
        let version = 1
        let revision: RevisionJSON
        let observed: Observed
        let plans: [SubjectPlanJSON]
        let problems: [ProblemJSON]
        let frozen: [Frozen]
        @OrNull var heldDeletions: Held?
        let blindSpots: [String]
        let unanswered: [String]
        let summary: Summary

        init(_ plan: FleetPlan) {
            revision = RevisionJSON(plan.revision)
            observed = Observed(nodes: plan.seen.nodes, containers: plan.seen.containers)
            plans = plan.plans.map(SubjectPlanJSON.init)
            problems = plan.problems.map(ProblemJSON.init)
            frozen = plan.frozen.sorted { $0.key < $1.key }.map {
                Frozen(sandbox: $0.key.text, problem: ProblemJSON($0.value))
            }
            heldDeletions = plan.heldDeletions.map { Held(count: $0.count, message: $0.sentence) }
            blindSpots = plan.blindSpots
            unanswered = plan.unanswered
            summary = Summary(plan)
        }
    }

    private struct Observed: Encodable {
        let nodes: Int
        let containers: Int
    }

    private struct Frozen: Encodable {
        let sandbox: String
        let problem: ProblemJSON
    }

    private struct Held: Encodable {
        let count: Int
        let message: String
    }

    private struct Summary: Encodable {
        let create: Int
        let change: Int
        let remove: Int
        let repair: Int
        let unchanged: Int
        let steps: Int
        let requestsThatChangeTarget: Int
        /// The sentence that ends the plan's text.
        let text: String

        init(_ plan: FleetPlan) {
            create = plan.plans.count { $0.kind == .create }
            change = plan.plans.count { $0.kind == .change }
            remove = plan.plans.count { $0.kind == .remove }
            repair = plan.plans.count { $0.kind == .repair }
            unchanged = plan.unchanged + plan.plans.count { $0.kind == .none }
            steps = plan.plans.reduce(0) { $0 + $1.steps.count }
            requestsThatChangeTarget = plan.plans.reduce(0) {
                $0 + $1.routes.count(where: \.movesRequests) + $1.requests.count
            }
            text = plan.summary
        }
    }
}
