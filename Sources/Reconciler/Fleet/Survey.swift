package import Model
package import Planner

/// One look at everything: what is wanted, what is there, and the plan between them.
package struct Survey: Sendable {
    package var inputs: FleetPlan.Inputs
    package let plan: FleetPlan

    /// Observes every host and plans. `patience` is how long repositories that were never asked are waited for. Draws nothing from the pools and changes nothing: a dry run is exactly this.
    package static func take(
        of desired: DesiredState, on observers: [NodeName: any Observer], applied: [SandboxName: CommitID],
        consented: Int, only: Set<SandboxName>? = nil, policy: PlanPolicy, pools: AllocationTable,
        patience: Duration = .zero
    ) async -> Survey {
        var inputs = FleetPlan.Inputs(
            desired: desired, observed: [:], applied: applied, consentedDeletions: consented, only: only,
            policy: policy)
        await withTaskGroup(of: (NodeName, Result<ObservedNode, HostError>).self) { group in
            for (node, observer) in observers {
                let inquiry = Inquiry(everythingOn: node, in: desired, patience: patience)
                group.addTask {
                    do throws(HostError) {
                        return (node, .success(try await observer.observe(inquiry)))
                    } catch {
                        return (node, .failure(error))
                    }
                }
            }
            for await (node, result) in group {
                switch result {
                case .success(let observed): inputs.observed[node] = observed
                case .failure(let error): inputs.away[node] = "\(error)"
                }
            }
        }
        var pools = pools
        for observed in inputs.observed.values.sorted(by: { $0.node < $1.node }) { pools.adopt(from: observed) }
        return Survey(inputs: inputs, plan: FleetPlan(inputs, drawingFrom: &pools))
    }

    /// The sandboxes that are there and in no manifest.
    package var leaving: Set<SandboxName> {
        Set(
            plan.plans.compactMap { plan in
                guard plan.kind == .remove, case .sandbox(let name) = plan.subject else { return nil }
                return name
            })
    }

    /// Those of them that may be deleted.
    package var deletable: Set<SandboxName> { plan.heldDeletions == nil ? leaving : [] }
}
