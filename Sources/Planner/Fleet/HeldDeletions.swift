internal import Model

/// Deletions that wait for a person.
package struct HeldDeletions: Hashable, Sendable {
    package let count: Int
    package let sentence: String

    /// `nil` when `count` deletions may go ahead (promise 4).
    init?(of count: Int, in inputs: FleetPlan.Inputs) {
        self.count = count
        if let unreadable = inputs.desired.deletionsHeld {
            sentence =
                "\(count) deletion(s) wait: \(unreadable.place.file) cannot be read, and may be where they are declared "
                + "now; mend it first"
            return
        }
        guard inputs.consentedDeletions < count else { return nil }
        let policy = inputs.policy
        let existing = inputs.existing.count
        let isEmptied = inputs.desired.allSandboxes.isEmpty && inputs.desired.frozen.isEmpty && existing > 1
        let isOverBudget =
            count > policy.freeDeletions && count * 100 > existing * policy.freeDeletionPercent
        guard isEmptied || isOverBudget else { return nil }
        let budget =
            isEmptied
            ? "this commit leaves no sandbox at all"
            : "more than \(policy.freeDeletions) and more than \(policy.freeDeletionPercent) % of \(existing)"
        sentence =
            "\(count) deletion(s) wait for consent (\(budget)): berth reconcile --allow-deletions \(count)"
    }
}

extension Plan {
    /// The same plan with nothing in it but the reason why it waits.
    func held(_ held: HeldDeletions) -> Plan {
        var plan = Plan(of: subject, on: node, kind: .remove, cause: cause)
        plan.blockers = [
            Blocker(need: .consent, service: nil, sentence: "waits for consent to \(held.count) deletion(s), see below")
        ]
        return plan
    }
}
