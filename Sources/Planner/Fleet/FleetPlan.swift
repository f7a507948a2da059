package import Model

/// The plans of everything that one commit and one observation concern, gateways first, then sandboxes by name.
package struct FleetPlan: Sendable {
    package let revision: Revision
    /// Those with something to do, to repair, or in the way.
    package private(set) var plans: [Plan] = []
    /// How many sandboxes and gateways are as they should be.
    package private(set) var unchanged = 0
    package let problems: [ManifestProblem]
    /// Sandboxes left as they are because no version of them is known to be good.
    package let frozen: [SandboxName: ManifestProblem]
    /// Why deletions wait, where they do.
    package private(set) var heldDeletions: HeldDeletions?
    /// What could not be observed; a sentence each.
    package private(set) var blindSpots: [String]
    /// Repositories that did not answer, so that what follows them is not known; a sentence each.
    package private(set) var unanswered: [String] = []
    /// What sandboxes wait for, in order of id.
    package private(set) var orders: [PieceOrder] = []
    package let seen: Seen

    /// How much was looked at.
    package struct Seen: Hashable, Sendable {
        package let nodes: Int
        package let containers: Int
    }

    /// Everything the fleet is planned from.
    package struct Inputs: Sendable {
        package var desired: DesiredState
        package var observed: [NodeName: ObservedNode]
        /// What could not be observed, by node.
        package var away: [NodeName: String]
        /// The commit each sandbox was applied at last.
        package var applied: [SandboxName: CommitID]
        package var consentedDeletions: Int
        /// `nil` plans everything.
        package var only: Set<SandboxName>?
        package var policy: PlanPolicy
        /// How the nodes of sandboxes were chosen whose authors name none.
        package var placement: Placement
        /// Nodes that take no new sandboxes, by a person's word.
        package var cordoned: Set<NodeName> = []
        /// The rules of all gateways, in order.
        let rules: RuleBook
        /// Where nodes are reached by others.
        let addresses: [NodeName: String]

        package init(
            desired: DesiredState, observed: [NodeName: ObservedNode], away: [NodeName: String] = [:],
            applied: [SandboxName: CommitID] = [:], consentedDeletions: Int = 0, only: Set<SandboxName>? = nil,
            policy: PlanPolicy = PlanPolicy()
        ) {
            self.desired = desired
            self.observed = observed
            self.away = away
            self.applied = applied
            self.consentedDeletions = consentedDeletions
            self.only = only
            self.policy = policy
            placement = Placement(of: DesiredState(revision: desired.revision), in: Placement.Circumstances())
            rules = RuleBook(of: desired)
            addresses = desired.nodes.compactMapValues(\.address)
        }
    }

    package init(_ inputs: Inputs, drawingFrom pools: inout AllocationTable) {
        revision = inputs.desired.revision
        problems = inputs.desired.problems
        frozen = inputs.desired.frozen
        blindSpots = inputs.away.sorted { $0.key < $1.key }.map { "node \($0.key) is away: \($0.value)" }
        seen = Seen(
            nodes: inputs.observed.count,
            containers: inputs.observed.values.reduce(0) { $0 + $1.containers.count { $0.ownership.mark != nil } })

        planGateways(inputs)
        planBundles(inputs)
        let fleet = ObservedFleet(inputs.observed)
        for sandbox in inputs.desired.sandboxes.values.sorted(by: { $0.name < $1.name })
        where inputs.only?.contains(sandbox.name) ?? true {
            if let spot = inputs.blindSpot(of: sandbox) {
                if inputs.away[sandbox.node] == nil { blindSpots.append(spot) }
                continue
            }
            guard let slice = fleet.slice(of: sandbox.node, for: sandbox.name),
                let situation = Situation(
                    of: sandbox, observed: slice,
                    elsewhere: fleet.elsewhere(
                        than: sandbox.node, for: sandbox.name,
                        and: sandbox.gateway.flatMap { inputs.desired.gateways[$0] }.map { [$0.node] } ?? []),
                    in: inputs)
            else { continue }
            add(Plan(for: sandbox.name, in: situation, drawingFrom: &pools))
        }
        planUnplaced(inputs)
        planPieces(inputs)
        planDeletions(inputs, fleet, &pools)
        planGatewayRemovals(inputs)
    }

    /// Those that no node could be chosen for.
    private mutating func planUnplaced(_ inputs: Inputs) {
        for (name, wanted) in inputs.desired.unplaced.sorted(by: { $0.key < $1.key })
        where inputs.only?.contains(name) ?? true {
            if let sentence = inputs.placement.unknown[name] {
                blindSpots.append(sentence)
                continue
            }
            var plan = Plan(
                of: .sandbox(name), on: nil, kind: .create,
                cause: .manifest(wanted.sandbox.place, by: wanted.sandbox.changedBy))
            plan.blockers.append(
                Blocker(
                    need: .capacity, service: nil,
                    sentence: inputs.placement.refusals[name] ?? "no node for \(name): none was chosen yet"))
            plans.append(plan)
        }
    }

    private mutating func planBundles(_ inputs: Inputs) {
        guard inputs.only == nil else { return }
        for observed in inputs.observed.values.sorted(by: { $0.node < $1.node }) {
            for bundle in inputs.desired.bundles(on: observed.node) {
                let plan = Plan(loading: bundle, on: observed.node, in: observed)
                if plan.kind != .none { plans.append(plan) }
            }
        }
    }

    /// What the sandboxes planned above wait for, before them; and what nobody refers to any more, after them.
    private mutating func planPieces(_ inputs: Inputs) {
        var orders: [Workpiece.ID: PieceOrder] = [:]
        for plan in plans {
            guard case .sandbox(let sandbox) = plan.subject, let node = plan.node else { continue }
            for wait in plan.waits {
                guard case .piece(let piece) = wait.object else { continue }
                let known = orders[piece.id] ?? PieceOrder(piece: piece, node: node, sandboxes: [])
                orders[piece.id] = known
                if known.sandboxes.last != sandbox { orders[piece.id]?.sandboxes.append(sandbox) }
            }
        }
        self.orders = orders.values.sorted { $0.piece.id < $1.piece.id }
        unanswered = inputs.unanswered
        let made = self.orders.compactMap { order in
            inputs.observed[order.node].map {
                Plan(making: order.piece, on: inputs.desired.node(order.node), for: order.sandboxes, in: $0)
            }
        }
        let first = plans.firstIndex { if case .sandbox = $0.subject { true } else { false } } ?? plans.endIndex
        plans.insert(contentsOf: made.filter { $0.kind != .none }, at: first)
        guard inputs.only == nil else { return }
        for observed in inputs.observed.values.sorted(by: { $0.node < $1.node }) {
            let wanted = inputs.wantedPieces(on: observed)
            for piece in observed.workshop.pieces.keys.sorted() {
                let plan = Plan(
                    discarding: piece, on: observed.node, in: observed, wanted: wanted, policy: inputs.policy)
                if plan.kind != .none { plans.append(plan) }
            }
        }
    }

    private mutating func planGateways(_ inputs: Inputs) {
        guard inputs.only == nil else { return }
        for gateway in inputs.desired.gateways.values.sorted(by: { $0.name < $1.name }) {
            guard let observed = inputs.observed[gateway.node] else {
                if inputs.away[gateway.node] == nil {
                    blindSpots.append("gateway \(gateway.name) is on node \(gateway.node), which nobody serves")
                }
                continue
            }
            add(
                Plan(
                    for: gateway, baselines: inputs.desired.baselines,
                    rules: inputs.rules.rules(of: gateway.name, for: .everybody),
                    observed: observed.gateways[gateway.name]))
        }
    }

    /// A gateway that no manifest names goes only when the manifests are whole and no deletion waits: it may be what a
    /// broken one declares, and everybody behind it would be cut off.
    private mutating func planGatewayRemovals(_ inputs: Inputs) {
        guard inputs.only == nil, heldDeletions == nil, inputs.desired.deletionsHeld == nil,
            !inputs.desired.problems.contains(where: { $0.severity == .error })
        else { return }
        for observed in inputs.observed.values.sorted(by: { $0.node < $1.node }) {
            for gateway in observed.gateways.keys.sorted() where inputs.desired.gateways[gateway]?.node != observed.node
            {
                add(Plan(removing: gateway, on: observed.node, since: revision))
            }
        }
    }

    private mutating func add(_ plan: Plan) {
        if plan.kind == .none, plan.notes.isEmpty, plan.kept.isEmpty { unchanged += 1 } else { plans.append(plan) }
    }

    /// What is declared no more goes from all nodes in one plan: first nobody is let in, then the containers go.
    private mutating func planDeletions(
        _ inputs: Inputs, _ fleet: ObservedFleet, _ pools: inout AllocationTable
    ) {
        let leaving = inputs.leaving(holding: pools)
        guard !leaving.isEmpty else { return }
        heldDeletions = HeldDeletions(of: leaving.count, in: inputs)
        for name in leaving.sorted() where inputs.only?.contains(name) ?? true {
            if let gateway = inputs.unseenGateway {
                blindSpots.append(
                    "sandbox \(name) is to go, and gateway \(gateway.name) on node \(gateway.node) cannot be asked "
                        + "whether it still lets it in; it stays until then")
                continue
            }
            guard let situation = Situation(removing: name, from: fleet, in: inputs) else { continue }
            let removal = Plan(for: name, in: situation, drawingFrom: &pools)
            guard removal.kind == .remove else { continue }
            plans.append(heldDeletions.map(removal.held) ?? removal)
        }
    }
}

extension FleetPlan.Inputs {
    /// Every sandbox that has anything on an engine or a gateway.
    package var existing: Set<SandboxName> {
        observed.values.reduce(into: []) { $0.formUnion($1.sandboxes) }
    }

    /// Those that are there and in no manifest.
    func leaving(holding pools: AllocationTable) -> Set<SandboxName> {
        existing.union(pools.allocations.map(\.sandbox)).filter {
            !desired.isDeclared($0)
        }
    }
}

extension FleetPlan.Inputs {
    /// What repositories do not say of what the sandboxes planned here follow; a sentence each, in order.
    fileprivate var unanswered: [String] {
        var sentences: Set<String> = []
        for node in observed.values {
            for sandbox in desired.sandboxes.values
            where sandbox.node == node.node && sandbox.state == .active && only?.contains(sandbox.name) ?? true {
                for making in sandbox.services.values.compactMap(\.making) {
                    switch node.workshop.readings[making.code] {
                    case .commit?, .gone?, nil: break
                    case .asked?:
                        sentences.insert(
                            "repository \(making.repository.name) has not said yet what \(making.reference) is")
                    case .unreachable(let why)?:
                        sentences.insert("repository \(making.repository.name) cannot be reached: \(why)")
                    }
                }
            }
        }
        return sentences.sorted()
    }

    /// What the manifests lead to, by what repositories say now.
    package func wantedPieces(on observed: ObservedNode) -> Set<Workpiece.ID> {
        Set(
            desired.makings(on: observed.node).compactMap { making in
                guard case .commit(let commit)? = observed.workshop.readings[making.code] else { return nil }
                return making.workpiece(at: commit).id
            })
    }

    /// Why a sandbox cannot be planned, where it cannot.
    package func blindSpot(of sandbox: DesiredSandbox) -> String? {
        guard observed[sandbox.node] != nil else {
            return away[sandbox.node] == nil
                ? "sandbox \(sandbox.name) is placed on node \(sandbox.node), which nobody serves"
                : "sandbox \(sandbox.name) is on node \(sandbox.node), which is away; what runs there runs on"
        }
        guard let gateway = sandbox.gateway.flatMap({ desired.gateways[$0] }), observed[gateway.node] == nil else {
            return nil
        }
        return "sandbox \(sandbox.name) is behind gateway \(gateway.name) on node \(gateway.node), which "
            + (away[gateway.node] == nil ? "nobody serves" : "is away")
    }

    /// What its own node shows, with what its gateway says, wherever that is.
    package func view(of sandbox: DesiredSandbox) -> ObservedNode? {
        guard var view = observed[sandbox.node] else { return nil }
        if let gateway = sandbox.gateway.flatMap({ desired.gateways[$0] }), gateway.node != sandbox.node {
            view.gateways[gateway.name] = observed[gateway.node]?.gateways[gateway.name]
        }
        return view
    }

    /// A gateway that nobody can ask now, where there is one.
    package var unseenGateway: DesiredGateway? {
        desired.gateways.values.filter { $0.isDriven && observed[$0.node] == nil }.min { $0.name < $1.name }
    }
}

extension DesiredState {
    package func gateways(on node: NodeName) -> [DesiredGateway] {
        gateways.values.filter { $0.node == node }.sorted { $0.name < $1.name }
    }

    /// Those that have tables; a Traefik reads the labels of containers, and nobody tells it anything.
    func driven(on node: NodeName) -> [DesiredGateway] { gateways(on: node).filter(\.isDriven) }
}

extension DesiredGateway {
    package var isDriven: Bool { if case .traefikLabels = driver { false } else { true } }
}
