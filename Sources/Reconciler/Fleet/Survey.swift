package import Model
package import Planner

/// One look at everything: what is wanted, what is there, and the plan between them.
package struct Survey: Sendable {
    package var inputs: FleetPlan.Inputs
    package let plan: FleetPlan

    /// Observes every host, chooses nodes for sandboxes that have none, and plans. `patience` is how long repositories
    /// that were never asked are waited for. Draws nothing from the pools and changes nothing: a dry run is exactly
    /// this.
    package static func take(
        of desired: DesiredState, on observers: [NodeName: any Observer],
        placing circumstances: Placement.Circumstances = Placement.Circumstances(), applied: [SandboxName: CommitID],
        consented: Int, only: Set<SandboxName>? = nil, policy: PlanPolicy, pools: AllocationTable,
        patience: Duration = .zero
    ) async -> Survey {
        let known = Placement(of: desired, in: circumstances).chosen
        var looks = await Looks.take(of: desired.placing(known), on: observers, patience: patience)
        var circumstances = circumstances
        circumstances.add(looks.observed, in: desired)
        let placement = Placement(of: desired, in: circumstances)
        let placed = desired.placing(placement.chosen)
        // What is to be known of the newly placed was not asked yet.
        let fresh = Set(placement.chosen.filter { known[$0.key] != $0.value }.values)
        let again = observers.filter { fresh.contains($0.key) && looks.observed[$0.key] != nil }
        if !again.isEmpty { looks.merge(await Looks.take(of: placed, on: again, patience: patience)) }

        var inputs = FleetPlan.Inputs(
            desired: placed, observed: looks.observed, away: looks.away, applied: applied,
            consentedDeletions: consented, only: only, policy: policy)
        inputs.placement = placement
        inputs.cordoned = circumstances.cordoned
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

    /// The nodes at which each subject has anything, or something is to be done.
    var traces: [Plan.Subject: Set<NodeName>] {
        var traces: [Plan.Subject: Set<NodeName>] = [:]
        for observed in inputs.observed.values {
            for sandbox in observed.sandboxes { traces[.sandbox(sandbox), default: []].insert(observed.node) }
        }
        for plan in plan.plans where !plan.isEmpty { traces[plan.subject, default: []].formUnion(plan.nodes) }
        return traces
    }
}

/// What nodes answered when they were all asked at once.
private struct Looks: Sendable {
    var observed: [NodeName: ObservedNode] = [:]
    var away: [NodeName: String] = [:]

    static func take(
        of desired: DesiredState, on observers: [NodeName: any Observer], patience: Duration
    ) async -> Looks {
        var looks = Looks()
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
                case .success(let observed): looks.observed[node] = observed
                case .failure(let error): looks.away[node] = error.message
                }
            }
        }
        return looks
    }

    mutating func merge(_ later: Looks) {
        for (node, why) in later.away {
            observed[node] = nil
            away[node] = why
        }
        observed.merge(later.observed) { $1 }
    }
}

extension Placement.Circumstances {
    /// What was entered, and what people said.
    package init(_ places: [SandboxName: Set<NodeName>], _ cordons: [Cordon]) {
        self.init(
            places: places, cordoned: Set(cordons.map(\.node)),
            draining: Set(cordons.filter(\.isDraining).map(\.node)))
    }

    /// What was seen: also of sandboxes that were placed before anybody wrote it down.
    fileprivate mutating func add(_ observed: [NodeName: ObservedNode], in desired: DesiredState) {
        seen.formUnion(observed.keys)
        guard !desired.unplaced.isEmpty else { return }
        for node in observed.values {
            let present =
                node.containers.compactMap { $0.ownership.mark?.sandbox }
                + node.networks.compactMap { $0.ownership.mark?.sandbox }
            for sandbox in present where desired.unplaced[sandbox] != nil && places[sandbox] == nil {
                places[sandbox, default: []].insert(node.node)
            }
        }
    }
}
