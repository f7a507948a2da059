package import Model

extension Situation {
    /// `nil` while the sandbox's node, or its gateway's, is not observed.
    package init?(of sandbox: DesiredSandbox, in inputs: FleetPlan.Inputs, observations: [String] = []) {
        guard let observed = inputs.observed[sandbox.node] else { return nil }
        self.init(
            of: sandbox, observed: observed, elsewhere: inputs.observed.values.filter { $0.node != sandbox.node },
            in: inputs, observations: observations)
    }

    init?(
        of sandbox: DesiredSandbox, observed: ObservedNode, elsewhere: [ObservedNode], in inputs: FleetPlan.Inputs,
        observations: [String] = []
    ) {
        guard inputs.blindSpot(of: sandbox) == nil else { return nil }
        let gateway = sandbox.gateway.flatMap { inputs.desired.gateways[$0] }.flatMap { $0.isDriven ? $0 : nil }
        self.init(
            revision: inputs.desired.revision, desired: sandbox,
            node: inputs.desired.node(sandbox.node), gateway: gateway,
            rules: gateway.map { inputs.rules.rules(of: $0.name, for: .sandbox(sandbox.name)) } ?? [],
            fallbacks: gateway.map { inputs.rules.fallbacks(of: $0.name, for: sandbox.name) } ?? [],
            gateways: inputs.desired.driven(on: sandbox.node), bundles: inputs.desired.bundles(on: sandbox.node),
            observed: observed, elsewhere: elsewhere, addresses: inputs.addresses,
            placement: inputs.placement.reasons[sandbox.name],
            wasApplied: inputs.applied[sandbox.name] == inputs.desired.revision.commit, observations: observations,
            policy: inputs.policy)
        isCordoned = node.isCordoned || inputs.cordoned.contains(node.name)
    }

    /// What the end of a sandbox is planned from that no manifest declares any more; `nil` where nothing was observed.
    package init?(removing sandbox: SandboxName, in inputs: FleetPlan.Inputs) {
        self.init(removing: sandbox, from: ObservedFleet(inputs.observed), in: inputs)
    }

    init?(removing sandbox: SandboxName, from fleet: ObservedFleet, in inputs: FleetPlan.Inputs) {
        let holders = fleet.holders[sandbox, default: []].sorted()
        // The gateways' own nodes stand in where nothing of it is left but what they are told.
        guard let home = holders.first ?? inputs.observed.keys.min(),
            let observed = fleet.slice(of: home, for: sandbox)
        else { return nil }
        let gateways = inputs.observed.keys.sorted().flatMap { inputs.desired.driven(on: $0) }
        self.init(
            revision: inputs.desired.revision, desired: nil, node: inputs.desired.node(home), gateway: nil,
            gateways: gateways, observed: observed,
            elsewhere: fleet.elsewhere(than: home, for: sandbox, and: gateways.map(\.node)),
            addresses: inputs.addresses,
            policy: inputs.policy)
    }
}
