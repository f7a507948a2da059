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
        /// The rules of all gateways, in order.
        let rules: RuleBook

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
            rules = RuleBook(of: desired)
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
        let slices = inputs.observed.mapValues(ObservedSlices.init)
        for sandbox in inputs.desired.sandboxes.values.sorted(by: { $0.name < $1.name })
        where inputs.only?.contains(sandbox.name) ?? true {
            if let spot = inputs.blindSpot(of: sandbox) {
                if inputs.away[sandbox.node] == nil { blindSpots.append(spot) }
                continue
            }
            guard let slice = slices[sandbox.node]?.slice(for: sandbox.name),
                let situation = Situation(of: sandbox, observed: slice, in: inputs)
            else { continue }
            add(Plan(for: sandbox.name, in: situation, drawingFrom: &pools))
        }
        planPieces(inputs)
        planDeletions(inputs, &pools)
        planGatewayRemovals(inputs)
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

    private mutating func planDeletions(_ inputs: Inputs, _ pools: inout AllocationTable) {
        let leaving = inputs.leaving(holding: pools)
        guard !leaving.isEmpty else { return }
        heldDeletions = HeldDeletions(of: leaving.count, in: inputs)
        for name in leaving.sorted() where inputs.only?.contains(name) ?? true {
            for observed in inputs.observed.values.sorted(by: { $0.node < $1.node }) {
                let node = inputs.desired.nodes[observed.node] ?? DesiredNode(name: observed.node)
                let situation = Situation(
                    revision: revision, desired: nil, node: node, gateway: nil,
                    gateways: inputs.desired.driven(on: observed.node), observed: observed, policy: inputs.policy)
                let removal = Plan(for: name, in: situation, drawingFrom: &pools)
                guard removal.kind == .remove else { continue }
                plans.append(heldDeletions.map(removal.held) ?? removal)
            }
        }
    }
}

extension FleetPlan.Inputs {
    /// Every sandbox that has anything on an engine or a gateway.
    package var existing: Set<SandboxName> {
        var names: Set<SandboxName> = []
        for node in observed.values {
            names.formUnion(node.containers.compactMap { $0.ownership.mark?.sandbox })
            names.formUnion(node.networks.compactMap { $0.ownership.mark?.sandbox })
            for gateway in node.gateways.values {
                names.formUnion(gateway.sandboxes.keys)
                names.formUnion(gateway.routes.keys.compactMap(\.sandbox))
                names.formUnion(gateway.rules.keys.compactMap(\.sandbox))
            }
            names.formUnion(node.names.keys)
        }
        return names
    }

    /// Those that are there and in no manifest.
    func leaving(holding pools: AllocationTable) -> Set<SandboxName> {
        existing.union(pools.allocations.map(\.sandbox)).filter {
            desired.sandboxes[$0] == nil && desired.frozen[$0] == nil
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
    func blindSpot(of sandbox: DesiredSandbox) -> String? {
        guard observed[sandbox.node] != nil else {
            return "sandbox \(sandbox.name) is placed on node \(sandbox.node), which nobody serves"
        }
        guard let gateway = sandbox.gateway.flatMap({ desired.gateways[$0] }), observed[gateway.node] == nil else {
            return nil
        }
        return "sandbox \(sandbox.name) is behind gateway \(gateway.name) on node \(gateway.node), which nobody serves"
    }
}

extension DesiredState {
    package func gateways(on node: NodeName) -> [DesiredGateway] {
        gateways.values.filter { $0.node == node }.sorted { $0.name < $1.name }
    }

    /// Those that have tables; a Traefik reads the labels of containers, and nobody tells it anything.
    func driven(on node: NodeName) -> [DesiredGateway] { gateways(on: node).filter(\.isDriven) }
}

extension Situation {
    /// `nil` while the sandbox's node is not observed.
    package init?(of sandbox: DesiredSandbox, in inputs: FleetPlan.Inputs, observations: [String] = []) {
        guard let observed = inputs.observed[sandbox.node] else { return nil }
        self.init(of: sandbox, observed: observed, in: inputs, observations: observations)
    }

    fileprivate init?(
        of sandbox: DesiredSandbox, observed: ObservedNode, in inputs: FleetPlan.Inputs, observations: [String] = []
    ) {
        guard inputs.blindSpot(of: sandbox) == nil else { return nil }
        let gateway = sandbox.gateway.flatMap { inputs.desired.gateways[$0] }.flatMap { $0.isDriven ? $0 : nil }
        self.init(
            revision: inputs.desired.revision, desired: sandbox,
            node: inputs.desired.nodes[sandbox.node] ?? DesiredNode(name: sandbox.node), gateway: gateway,
            rules: gateway.map { inputs.rules.rules(of: $0.name, for: .sandbox(sandbox.name)) } ?? [],
            fallbacks: gateway.map { inputs.rules.fallbacks(of: $0.name, for: sandbox.name) } ?? [],
            gateways: inputs.desired.driven(on: sandbox.node), bundles: inputs.desired.bundles(on: sandbox.node),
            observed: observed, wasApplied: inputs.applied[sandbox.name] == inputs.desired.revision.commit,
            observations: observations,
            policy: inputs.policy)
    }
}

extension DesiredGateway {
    package var isDriven: Bool { if case .traefikLabels = driver { false } else { true } }
}
