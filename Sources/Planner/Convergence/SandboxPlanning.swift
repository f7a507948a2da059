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
    var network: (name: String, subnet: Subnet, step: Plan.Step.ID?)?
    var takenNames: Set<String>
    var takenAddresses: Set<String>
    let mine: [ServiceName: [ObservedContainer]]
    /// What it needs of the pools; the rest of what it holds is given back.
    var wanted: Set<Allocation.Resource> = []
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
        takenNames = Set(observed.containers.map(\.name))
        // An address that a route still leads to is not given to another, whatever became of its container.
        takenAddresses = []
        for (key, target) in observed.gateways.values.flatMap(\.routes) where key.sandbox == sandbox.name {
            if case .endpoint(let endpoint, _) = target { takenAddresses.insert(endpoint.host) }
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
        noteForeigners()
        prepareGateway()
        switch desired.state {
        case .active:
            let needsNetwork = desired.services.values.contains { $0.container != nil }
            if needsNetwork { prepareNetwork() }
            announceStarting()
            admit()
            for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) {
                switch wanted.use {
                case .container(let spec, let branch, let making):
                    provide(service, spec, branch: branch, making: making, at: wanted.place)
                case .baseline(let endpoint): send(service, to: endpoint, label: "baseline", at: wanted.place)
                case .target(let endpoint): send(service, to: endpoint, label: "target", at: wanted.place)
                }
            }
        case .suspended:
            suspend()
            admit()
        }
        retireUnlisted()
        leaveOtherGateways()
        giveBack()
        classify()
    }

    // MARK: Gateway

    var liveRoutes: [RouteKey: RouteTarget] { situation.observedGateway?.routes ?? [:] }

    private mutating func prepareGateway() {
        guard let gateway = situation.gateway else { return }
        let live = situation.observedGateway
        if live?.isRunning != true || live?.isCurrent != true {
            gatewayReady = plan.append(.configureGateway(gateway), because: .gatewayDown)
        }
    }

    private mutating func admit() {
        guard let gateway = situation.gateway else { return }
        var port: UInt16?
        if let request = desired.listener, let range = gateway.sandboxPorts {
            port = pools.listener(for: desired.name, asking: request, of: gateway.name, in: range)
            if let port { wanted.insert(.listener(gateway.name, port)) }
            if port == nil {
                plan.blockers.append(
                    Blocker(
                        need: .capacity, service: nil,
                        sentence: "no port for \(desired.name): \(Self.words(request)) of gateway \(gateway.name) "
                            + "(\(range.lowerBound)-\(range.upperBound)) is taken; widen the range or delete a sandbox"
                    ))
                // What it has serves until then.
                if situation.observedGateway?.sandboxes[desired.name] != nil { return }
            }
        }
        if let live = situation.observedGateway, live.isRunning, let admitted = live.sandboxes[desired.name],
            admitted == port
        {
            return
        }
        // After the `starting` routes: a sandbox let in before them would hand its requests to the baseline.
        plan.append(
            .admit(gateway.name, desired.name, port: port), because: .missing,
            after: [gatewayReady] + plan.steps.filter(\.isAnnouncement).map(\.id))
    }

    /// Until a service of a new sandbox has proved itself its requests get 503: neither the baseline nor something half
    /// up. A sandbox that is let in already loses nothing: what its requests reach now, they reach until the flip.
    private mutating func announceStarting() {
        guard let gateway = situation.gateway else { return }
        let isLetIn = situation.observedGateway?.sandboxes[desired.name] != nil
        for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) where wanted.use.needsAnnouncement {
            let key = RouteKey(sandbox: desired.name, service: service)
            if liveRoutes[key] == .suspended || (liveRoutes[key] == nil && !isLetIn) {
                plan.append(
                    .setRoute(gateway.name, key, .starting), for: service, because: .missing, after: [gatewayReady])
            }
        }
    }

    mutating func send(_ service: ServiceName, to endpoint: Endpoint, label: String, at place: Place) {
        let target = RouteTarget.endpoint(endpoint, label: "\(service)@\(label)")
        let flip = route(service, to: target, after: [], proof: nil, at: place)
        retire(mine[service, default: []], of: service, because: .notInManifest, after: [flip])
        guard !mine[service, default: []].isEmpty else { return }
        plan.services.append(
            ServiceChange(
                service: service, kind: .remove, verb: "flip to \(label), drain, remove", fields: [], place: place))
    }

    /// Points the route of a service; `nil` when it points there already.
    mutating func route(
        _ service: ServiceName, to target: RouteTarget, after dependencies: [Plan.Step.ID?], proof: ServiceName?,
        at place: Place?
    ) -> Plan.Step.ID? {
        guard let gateway = situation.gateway else { return nil }
        let key = RouteKey(sandbox: desired.name, service: service)
        let isMoved = situation.observedGateway?.moved.contains(key) ?? false
        guard liveRoutes[key] != target || isMoved else { return nil }
        plan.routes.append(RouteChange(key: key, from: liveRoutes[key], to: target, after: proof, place: place))
        // After its own `starting`: done side by side, that could be what remains.
        let announced = plan.steps.filter { step in
            if case .setRoute(_, key, _) = step.action { step.isAnnouncement } else { false }
        }
        return plan.append(
            .setRoute(gateway.name, key, target), for: service, because: .routeDiffers,
            after: [gatewayReady] + dependencies + announced.map(\.id))
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

    static func words(_ ownership: Ownership) -> String {
        switch ownership {
        case .ours: "ours"
        case .theirs(let installation): "installation \(installation)"
        case .foreign: "no label of Berth"
        }
    }

    private static func words(_ request: PortRequest) -> String {
        switch request {
        case .automatic: "every port"
        case .fixed(let number): "port \(number)"
        }
    }

    // MARK: The change as a whole

    private mutating func classify() {
        guard !plan.steps.isEmpty || !plan.blockers.isEmpty || !plan.waits.isEmpty else { return }
        let existed =
            !mine.isEmpty || situation.observed.networks.contains { $0.ownership.mark?.sandbox == desired.name }
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

extension Plan.Step {
    fileprivate var isAnnouncement: Bool {
        switch action {
        case .setRoute(_, _, .starting), .setRoute(_, _, .suspended): true
        default: false
        }
    }
}

extension DesiredService.Use {
    /// Whether its requests would reach the wrong target while it has no route: without one they go to the baseline.
    fileprivate var needsAnnouncement: Bool {
        switch self {
        case .container(let spec, _, _): spec.routedPort != nil
        case .target: true
        case .baseline: false
        }
    }
}
