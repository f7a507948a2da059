internal import Model
internal import Planner

// What a pass looks at before it plans: the nodes that its subject has to do with, and no others.
extension Pass {
    func plan(_ subject: Plan.Subject, toward goal: Goal) async throws -> Look {
        switch subject {
        case .gateway(let name): try await plan(gateway: name, goal)
        case .bundle(let name): try await plan(bundle: name, goal)
        case .workpiece(let id): try await plan(piece: id, goal)
        case .sandbox(let name):
            if let sandbox = goal.desired.sandboxes[name] {
                try await plan(sandbox, toward: goal)
            } else {
                try await planRemoval(of: name, goal)
            }
        }
    }

    // MARK: Sandboxes

    /// Its own node and its gateway's must answer. One that it was on before is passed over while it is away.
    private func plan(_ sandbox: DesiredSandbox, toward goal: Goal) async throws -> Look {
        let desired = goal.desired
        var others = try await nodes(of: sandbox.name, goal)
        let gateway = sandbox.gateway.flatMap { desired.gateways[$0] }.map(\.node)
        if let gateway { others.insert(gateway) }
        others.remove(sandbox.node)
        var inquiries = inquiries(about: sandbox.name, at: others, desired)
        inquiries[sandbox.node] = Inquiry(of: sandbox, in: desired)
        let observed = try await look(inquiries, needing: [sandbox.node, gateway ?? sandbox.node])
        guard let own = observed[sandbox.node] else { preconditionFailure("it was needed") }
        var inputs = FleetPlan.Inputs(desired: desired, observed: observed, policy: goal.policy)
        inputs.cordoned = goal.cordoned
        if let applied = goal.applied { inputs.applied[sandbox.name] = applied }
        guard let situation = Situation(of: sandbox, in: inputs, observations: goal.observations) else {
            throw HostError(
                "plan \(sandbox.name)", .unreachable, inputs.blindSpot(of: sandbox) ?? "not all could be seen")
        }
        let plan = try await pools.plan { Plan(for: sandbox.name, in: situation, drawingFrom: &$0) }
        return Look(plan: plan, observed: inputs.view(of: sandbox) ?? own, nodes: Array(observed.values))
    }

    /// What is no longer declared goes from all nodes that have anything of it. Every gateway must answer, for it may
    /// still let it in.
    private func planRemoval(of sandbox: SandboxName, _ goal: Goal) async throws -> Look {
        let desired = goal.desired
        let gateways = Set(desired.gateways.values.filter(\.isDriven).map(\.node)).intersection(hosts.served)
        var nodes = try await nodes(of: sandbox, goal).union(gateways)
        if nodes.isEmpty { nodes = Set(hosts.served) }
        let observed = try await look(inquiries(about: sandbox, at: nodes, desired), needing: gateways)
        let inputs = FleetPlan.Inputs(desired: desired, observed: observed, policy: goal.policy)
        guard let situation = Situation(removing: sandbox, in: inputs) else {
            throw HostError("remove \(sandbox)", .unreachable, "no node that has it answers")
        }
        var plan = try await pools.plan { Plan(for: sandbox, in: situation, drawingFrom: &$0) }
        let unseen = nodes.subtracting(observed.keys).sorted()
        if let away = unseen.first {
            plan.releases.removeAll { $0.resource.node.map(unseen.contains) ?? false }
            guard !plan.steps.isEmpty else {
                throw HostError(
                    "remove \(sandbox)", .unreachable,
                    "node \(away) is away and may still have it; it goes when the node is back")
            }
        }
        return Look(plan: plan, observed: situation.observed, nodes: Array(observed.values))
    }

    /// Where a sandbox has anything, by what was seen and by what the ledger says.
    private func nodes(of sandbox: SandboxName, _ goal: Goal) async throws -> Set<NodeName> {
        let entered = try await journal.openEntries(of: sandbox).map(\.node)
        return goal.traces.union(entered).intersection(hosts.served)
    }

    private func inquiries(about sandbox: SandboxName, at nodes: Set<NodeName>, _ desired: DesiredState)
        -> [NodeName: Inquiry]
    {
        Dictionary(
            uniqueKeysWithValues: nodes.map { ($0, Inquiry(sandbox: sandbox, gateways: desired.gateways(on: $0))) })
    }

    /// Asks several nodes at once. Fails when one of those that are needed does not answer; others are passed over.
    private func look(_ inquiries: [NodeName: Inquiry], needing needed: Set<NodeName>) async throws
        -> [NodeName: ObservedNode]
    {
        if inquiries.count == 1, let (node, inquiry) = inquiries.first {
            return [node: try await host(node).observe(inquiry)]
        }
        return try await withThrowingTaskGroup(of: (NodeName, ObservedNode?).self) { group in
            for (node, inquiry) in inquiries {
                group.addTask {
                    do throws(HostError) {
                        return (node, try await self.host(node).observe(inquiry))
                    } catch {
                        guard !needed.contains(node) else { throw error }
                        return (node, nil)
                    }
                }
            }
            var observed: [NodeName: ObservedNode] = [:]
            for try await (node, look) in group { observed[node] = look }
            return observed
        }
    }

    // MARK: Everything else

    /// One that is in no manifest any more is dismantled wherever it still is.
    private func plan(gateway name: GatewayName, _ goal: Goal) async throws -> Look {
        if let gateway = goal.desired.gateways[name] {
            let observed = try await host(gateway.node).observe(Inquiry(gateways: [gateway]))
            let plan = Plan(
                for: gateway, baselines: goal.desired.baselines,
                rules: goal.desired.rules(of: name)[.everybody] ?? [], observed: observed.gateways[name])
            guard plan.isEmpty else { return Look(plan: plan, observed: observed) }
            // It may have been on another node before.
            let former = goal.traces.subtracting([gateway.node])
            guard !former.isEmpty else { return Look(plan: plan, observed: observed) }
            return try await first(at: former, "dismantle gateway \(name)", of: .gateway(name), goal) { _ in
                Inquiry()
            } plan: { seen in
                seen.gateways[name] == nil ? nil : Plan(removing: name, on: seen.node, since: goal.desired.revision)
            }
        }
        return try await first(at: goal.traces, "dismantle gateway \(name)", of: .gateway(name), goal) { _ in
            Inquiry()
        } plan: { seen in
            seen.gateways[name] == nil ? nil : Plan(removing: name, on: seen.node, since: goal.desired.revision)
        }
    }

    private func plan(bundle name: BundleName, _ goal: Goal) async throws -> Look {
        try await first(at: goal.traces, "load \(name)", of: .bundle(name), goal) { _ in
            Inquiry()
        } plan: { seen in
            goal.desired.bundles(on: seen.node).first { $0.name == name }.map {
                Plan(loading: $0, on: seen.node, in: seen)
            }
        }
    }

    /// One that nobody waits for is discarded wherever it is, once nobody refers to it.
    private func plan(piece id: Workpiece.ID, _ goal: Goal) async throws -> Look {
        if let order = goal.order {
            let observed = try await host(order.node).observe(Inquiry(makings: goal.desired.makings(on: order.node)))
            let plan = Plan(
                making: order.piece, on: goal.desired.node(order.node), for: order.sandboxes, in: observed)
            return Look(plan: plan, observed: observed)
        }
        return try await first(at: goal.traces, "discard \(id)", of: .workpiece(id), goal) {
            Inquiry(makings: goal.desired.makings(on: $0))
        } plan: { seen in
            let inputs = FleetPlan.Inputs(desired: goal.desired, observed: [seen.node: seen])
            return Plan(
                discarding: id, on: seen.node, in: seen, wanted: inputs.wantedPieces(on: seen), policy: goal.policy)
        }
    }

    /// The first plan with something to do, of one node after the other: those that were seen to have something of the
    /// subject, or all where none was. A node that is away is passed over while another answers.
    private func first(
        at traces: Set<NodeName>, _ operation: String, of subject: Plan.Subject, _ goal: Goal,
        inquiry: (NodeName) -> Inquiry, plan make: (ObservedNode) -> Plan?
    ) async throws -> Look {
        var last: Look?
        var away: HostError?
        let nodes = traces.isEmpty ? hosts.served : traces.intersection(hosts.served).sorted()
        for node in nodes {
            do throws(HostError) {
                let observed = try await host(node).observe(inquiry(node))
                let plan =
                    make(observed) ?? Plan(of: subject, on: node, cause: .removed(since: goal.desired.revision))
                last = Look(plan: plan, observed: observed)
                if !plan.isEmpty { break }
            } catch {
                away = error
            }
        }
        guard let last else { throw away ?? HostError(operation, .unreachable, "no node is served here") }
        return last
    }

    private func host(_ node: NodeName) throws(HostError) -> any Host {
        guard let host = hosts[node] else {
            throw HostError("look at node \(node)", .unreachable, "nobody serves it")
        }
        return host
    }
}
