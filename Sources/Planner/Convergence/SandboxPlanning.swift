package import Model

extension Plan {
    /// Plans the way of one sandbox from what was observed to what is desired.
    ///
    /// Pure and total: no clock, no randomness, no I/O, no failure. Services are visited in order of name and
    /// containers in order of id, so that equal inputs give equal plans whatever the order of observation. Nothing is
    /// stopped before what replaces it is healthy and routed (promise 2), except where a fixed port leaves no choice.
    package init(for sandbox: SandboxName, in situation: Situation, drawingFrom pools: inout AllocationTable) {
        if let desired = situation.desired {
            var converging = Converging(sandbox: desired, situation: situation, pools: pools)
            converging.run()
            pools = converging.pools
            self = converging.plan
        } else {
            self = Plan(removing: sandbox, in: situation, holding: pools.holdings(of: sandbox))
        }
    }
}

/// One sandbox on its way; it only carries what the steps of planning share.
struct Converging {
    let desired: DesiredSandbox
    let situation: Situation
    var pools: AllocationTable
    var plan: Plan

    var gatewayReady: Plan.Step.ID?
    /// What the sandbox's rules are set by, where they are.
    var rulesSet: Plan.Step.ID?
    /// Services that rules still name which are to be replaced, and cannot be yet.
    var stillNamed: Set<ServiceName> = []
    /// What makes the names that its containers see.
    var namesReady: Plan.Step.ID?
    var network: (name: String, subnet: Subnet, step: Plan.Step.ID?)?
    var takenNames: Set<String>
    var takenAddresses: Set<String>
    let mine: [ServiceName: [ObservedContainer]]
    /// What it needs of the pools; the rest of what it holds is given back.
    var wanted: Set<Allocation.Resource> = []
    /// The gateways it leaves, and what closes each.
    var left: [GatewayName: [Plan.Step.ID]] = [:]
    /// Services whose code is another than what runs, in words.
    var moves: [String] = []

    init(sandbox: DesiredSandbox, situation: Situation, pools: AllocationTable) {
        desired = sandbox
        self.situation = situation
        self.pools = pools
        let observed = situation.observed
        plan = Plan(
            of: .sandbox(sandbox.name), on: sandbox.node,
            cause: .manifest(sandbox.place, by: sandbox.changedBy))
        plan.gatewayNodes = situation.gatewayNodes
        takenNames = Set(observed.containers.map(\.name))
        // An address that a route still leads to is not given to another, whatever became of its container.
        takenAddresses = []
        for (key, target) in observed.gateways.values.flatMap(\.routes) where key.sandbox == sandbox.name {
            if let endpoint = target.endpoint { takenAddresses.insert(endpoint.host) }
        }
        for container in observed.containers { takenAddresses.formUnion(container.attachments.values.map(\.address)) }
        for network in observed.networks { takenAddresses.formUnion(network.addresses) }
        let ours = observed.containers.filter { $0.ownership.mark?.sandbox == sandbox.name }
        mine = Dictionary(grouping: ours.sorted { $0.id < $1.id }.filter { $0.ownership.mark?.service != nil }) {
            guard let service = $0.ownership.mark?.service else { preconditionFailure("filtered above") }
            return service
        }
    }

    mutating func run() {
        if let commit = desired.lastGood {
            plan.notes.append("planned at its last good version, of \(commit.short); the newest is broken")
        }
        if let placement = situation.placement { plan.notes.append(placement) }
        noteForeigners()
        guard isTaken() else { return classify() }
        prepareGateway()
        switch desired.state {
        case .active:
            let needsNetwork = desired.services.values.contains { $0.container != nil }
            if needsNetwork { prepareNetwork() }
            letIn()
            lend()
            confessLost()
            for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) {
                switch wanted.use {
                case .container(let spec, let branch, let making):
                    provide(service, spec, branch: branch, making: making, at: wanted.place)
                case .baseline(let endpoint): send(service, to: endpoint, label: "baseline", at: wanted.place)
                case .target(let endpoint): send(service, to: endpoint, label: "target", at: wanted.place)
                }
            }
            takeBack()
        case .suspended:
            leaveOtherGateways()
            suspend()
            admit()
        }
        setRules()
        retireUnlisted()
        leaveOtherNodes()
        leaveOtherGateways()
        giveBack()
        classify()
    }

    /// A cordoned node keeps what it has and takes nothing new.
    private mutating func isTaken() -> Bool {
        let isHere = !mine.isEmpty || situation.observed.networks.contains { isOurs($0.ownership) }
        guard situation.isCordoned, !isHere else { return true }
        plan.blockers.append(
            Blocker(
                need: .capacity, service: nil,
                sentence: "node \(situation.node.name) is cordoned and takes no new sandboxes; place \(desired.name) "
                    + "elsewhere, or berth node uncordon \(situation.node.name)"))
        return false
    }

    // MARK: Network

    private mutating func prepareNetwork() {
        let observed = situation.observed
        let own = observed.networks.filter { $0.ownership.mark?.sandbox == desired.name }.sorted { $0.id < $1.id }
        if let existing = own.first, let subnet = existing.subnet {
            pools.adopt(Allocation(.subnet(situation.node.name, subnet), to: desired.name))
            wanted.insert(.subnet(situation.node.name, subnet))
            network = (existing.name, subnet, nil)
            for extra in own.dropFirst() where extra.addresses.isEmpty {
                plan.append(.removeNetwork(id: extra.id, name: extra.name), because: .duplicate)
            }
            return
        }
        let others = observed.networks.compactMap(\.subnet)
        let names = Set(observed.networks.map(\.name))
        guard let subnet = pools.subnet(for: desired.name, on: situation.node, avoiding: others),
            let name = EngineNames.free(EngineNames.network(desired.name), among: names)
        else {
            plan.blockers.append(
                Blocker(
                    need: .capacity, service: nil,
                    sentence: "no subnet is free in \(situation.node.subnetPool) of node \(situation.node.name); "
                        + "widen subnetPool or delete a sandbox"))
            return
        }
        wanted.insert(.subnet(situation.node.name, subnet))
        let step = plan.append(
            .createNetwork(NetworkDraft(name: name, sandbox: desired.name, subnet: subnet)), because: .missing)
        network = (name, subnet, step)
    }

    // MARK: What is not ours

    private mutating func noteForeigners() {
        for container in situation.observed.containers.sorted(by: { $0.name < $1.name })
        where container.ownership.mark == nil {
            for service in desired.services.keys.sorted()
            where container.name == EngineNames.container(desired.name, service) {
                plan.notes.append(
                    "container \(container.name) is not ours (\(Self.words(container.ownership))); "
                        + "left alone, ours takes another name")
            }
        }
    }

    func isOurs(_ ownership: Ownership) -> Bool { ownership.mark?.sandbox == desired.name }

    static func words(_ ownership: Ownership) -> String {
        switch ownership {
        case .ours: "ours"
        case .theirs(let installation): "installation \(installation)"
        case .foreign: "no label of Berth"
        }
    }

    // MARK: The change as a whole

    private mutating func classify() {
        guard !plan.steps.isEmpty || !plan.blockers.isEmpty || !plan.waits.isEmpty else { return }
        let existed =
            !mine.isEmpty || situation.elsewhere.contains { $0.containers.contains { isOurs($0.ownership) } }
            || situation.observed.networks.contains { $0.ownership.mark?.sandbox == desired.name }
            || situation.observedGateway?.sandboxes[desired.name] != nil
        if situation.wasApplied, !moves.isEmpty {
            plan.kind = .change
            plan.cause = .observation(moves.joined(separator: "; "))
        } else if situation.wasApplied {
            plan.kind = .repair
            let seen = situation.observations.joined(separator: "; ")
            plan.cause = .observation(seen.isEmpty ? "changed outside git" : seen)
        } else {
            plan.kind = existed ? .change : .create
        }
    }
}
