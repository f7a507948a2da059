package import Model
package import Planner
package import Reconciler

/// Several simulated machines, and what reaches what between them: a gateway finds a container of its own machine by
/// the container's address, and one of another machine by a published port.
package struct Machines: Sendable {
    package var worlds: [NodeName: World] = [:]
    package private(set) var addresses: [NodeName: String] = [:]

    package init(_ names: [String], images: Set<String>) {
        for (index, name) in names.enumerated() {
            let node: NodeName = Sample.name(name)
            worlds[node] = World(node: node, images: images)
            addresses[node] = "172.18.0.\(index + 11)"
        }
    }

    /// As the manifests declare them.
    package var declared: [NodeName: DesiredNode] {
        Dictionary(uniqueKeysWithValues: addresses.map { ($0, DesiredNode(name: $0, address: $1)) })
    }

    // MARK: Planning

    package func plan(
        _ desired: DesiredState, pools: inout AllocationTable, applied: [SandboxName: CommitID] = [:],
        away: Set<NodeName> = [], cordons: [Cordon] = []
    ) -> FleetPlan {
        var circumstances = Placement.Circumstances(pools.places, cordons)
        circumstances.seen = Set(worlds.keys).subtracting(away)
        let placement = Placement(of: desired, in: circumstances)
        let placed = desired.placing(placement.chosen)
        var inputs = FleetPlan.Inputs(desired: placed, observed: [:], applied: applied, consentedDeletions: 99)
        inputs.placement = placement
        for (sandbox, node) in placement.chosen.sorted(by: { $0.key < $1.key }) { pools.enter(sandbox, on: node) }
        for (node, world) in worlds {
            if away.contains(node) {
                inputs.away[node] = "observe: simulated: cut off"
            } else {
                inputs.observed[node] = world.observed(Inquiry(everythingOn: node, in: placed))
            }
        }
        for look in inputs.observed.values.sorted(by: { $0.node < $1.node }) { pools.adopt(from: look) }
        return FleetPlan(inputs, drawingFrom: &pools)
    }

    /// Carries out every step of a plan, in order and on its node, without a fault. Returns the breaches of promises on
    /// the way.
    package mutating func carryOut(_ fleet: FleetPlan, pools: inout AllocationTable) throws(HostError) -> [String] {
        var breaches: [String] = []
        for plan in fleet.plans {
            for step in plan.steps {
                let before = serving
                try apply(step.action, on: plan.node(of: step), as: nextUID())
                breaches += self.breaches(since: before).map { "\($0) by \(step.action)" }
            }
            pools.release(plan.releases)
        }
        return breaches
    }

    private var lastUID = 0

    private mutating func nextUID() -> ResourceUID {
        lastUID += 1
        return ResourceUID("u\(lastUID)")
    }

    // MARK: Acting

    package mutating func apply(_ action: Action, on node: NodeName, as uid: ResourceUID) throws(HostError) {
        guard worlds[node] != nil else { throw HostError("\(action)", .unreachable, "no node \(node)") }
        if case .awaitReachable(_, let endpoint, _) = action {
            guard holder(of: endpoint, from: node)?.container.state == .running else {
                throw HostError("\(action)", .unhealthy, "simulated: nobody listens on \(endpoint)")
            }
            return
        }
        if case .start(let handle) = action,
            let draft = worlds[node]?.containers.first(where: { $0.name == handle.name }),
            let other = worlds[node]?.containers.first(where: { other in
                other.id != draft.id && other.state == .running
                    && !Set(other.published.values).isDisjoint(with: draft.published.values)
            })
        {
            throw HostError("\(action)", .refused, "simulated: \(other.name) has its port already")
        }
        try worlds[node]?.apply(action, as: uid)
    }

    // MARK: What reaches what

    /// A container somewhere.
    package struct Holder: Hashable, Sendable {
        package let node: NodeName
        package let container: ObservedContainer
    }

    package func holder(of endpoint: Endpoint, from node: NodeName) -> Holder? {
        if let own = worlds[node]?.containers.first(where: { container in
            container.attachments.values.contains { $0.address == endpoint.host }
        }) {
            return Holder(node: node, container: own)
        }
        guard let other = addresses.first(where: { $0.value == endpoint.host })?.key else { return nil }
        return worlds[other]?.containers.first { $0.published.values.contains(endpoint.port) && $0.state == .running }
            .map { Holder(node: other, container: $0) }
    }

    /// Routes of sandboxes that lead to a running container, and where that is.
    package var serving: [RouteKey: String] {
        var serving: [RouteKey: String] = [:]
        for (node, world) in worlds {
            for live in world.gateways.values where live.isRunning {
                for (key, target) in live.routes where key.sandbox != nil {
                    guard let endpoint = target.endpoint, let holder = holder(of: endpoint, from: node),
                        holder.container.state == .running
                    else { continue }
                    serving[key] = "\(holder.node)/\(holder.container.id)"
                }
            }
        }
        return serving
    }

    /// What an action broke: a route that led to a running container and leads nowhere now, one that leads to another's
    /// container, and anything made twice.
    package func breaches(since before: [RouteKey: String]) -> [String] {
        var breaches: [String] = []
        let now = serving
        for (node, world) in worlds {
            for live in world.gateways.values {
                for (key, target) in live.routes where key.sandbox != nil {
                    guard case .endpoint(let endpoint, _) = target, isContainers(endpoint) else { continue }
                    if before[key] != nil, now[key] == nil { breaches.append("route \(key) lost its target") }
                    guard let holder = holder(of: endpoint, from: node), let mark = holder.container.ownership.mark
                    else {
                        continue
                    }
                    if mark.service != key.service || mark.sandbox != key.sandbox {
                        breaches.append("route \(key) leads to \(mark.sandbox)/\(mark.service?.text ?? "?")")
                    }
                    if holder.container.image.contains(World.brokenWord) {
                        breaches.append("route \(key) leads to an unproved one")
                    }
                }
            }
        }
        let uids = worlds.values.flatMap { $0.containers.compactMap(\.ownership.mark?.uid) }
        if Set(uids).count != uids.count { breaches.append("a container was made twice") }
        return breaches
    }

    /// Baselines have names here, containers and machines have addresses.
    private func isContainers(_ endpoint: Endpoint) -> Bool {
        endpoint.host.hasPrefix("10.") || addresses.values.contains(endpoint.host)
    }

    /// Everything of ours that is left anywhere.
    package var residue: [String] {
        var found: [String] = []
        for world in worlds.values.sorted(by: { $0.node < $1.node }) {
            found += world.containers.filter { $0.ownership.mark != nil }.map(\.name)
            found += world.networks.filter { $0.ownership.mark != nil }.map(\.name)
            found += world.names.keys.map { "names of \($0)" }
            for live in world.gateways.values {
                found += live.routes.keys.filter { $0.sandbox != nil }.map { "route \($0)" }
                found += live.sandboxes.keys.map { "admitted \($0)" }
            }
        }
        return found
    }
}
