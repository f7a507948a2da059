internal import Model
package import Planner

/// What the process ends with (`design.md` §9).
package enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Nothing to do, or done.
    case success = 0
    /// An error; a sentence about it is on standard error.
    case failure = 1
    /// A dry run found changes.
    case changes = 2
    /// More deletions than the budget allows wait for consent.
    case deletionsHeld = 3
    /// Refused by policy or signature.
    case refused = 4
    /// The observation is incomplete: a node is away, or a repository does not answer.
    case incomplete = 5

    /// The verdict of a dry run. What keeps the plan from being trusted comes before what it says.
    package init(of plan: FleetPlan) {
        if plan.problems.contains(where: { $0.severity == .error }) {
            self = .failure
        } else if !plan.blindSpots.isEmpty || !plan.unanswered.isEmpty {
            self = .incomplete
        } else if plan.heldDeletions != nil {
            self = .deletionsHeld
        } else if plan.hasChanges {
            self = .changes
        } else {
            self = .success
        }
    }
}
