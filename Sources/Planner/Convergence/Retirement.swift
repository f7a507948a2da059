internal import Model

extension Converging {
    /// Lets containers go: drained of their sessions, stopped, removed.
    mutating func retire(
        _ containers: [ObservedContainer], of service: ServiceName, because reason: Reason,
        after proof: [Plan.Step.ID?]
    ) {
        for container in containers {
            plan.retire(container, of: service, because: reason, after: proof, in: situation)
        }
    }

    /// Containers and routes of services the sandbox no longer lists.
    mutating func retireUnlisted() {
        let unlistedRoutes = liveRoutes.keys.filter {
            $0.sandbox == desired.name && desired.services[$0.service] == nil
        }
        let unlisted = Set(mine.keys).union(unlistedRoutes.map(\.service)).filter { desired.services[$0] == nil }
        for service in unlisted.sorted() where !stillNamed.contains(service) {
            var gone: Plan.Step.ID?
            let key = RouteKey(sandbox: desired.name, service: service)
            if let gateway = situation.gateway, let live = liveRoutes[key] {
                let baseline = liveRoutes[RouteKey(sandbox: nil, service: service)]
                plan.routes.append(RouteChange(key: key, from: live, to: baseline, after: nil, place: nil))
                gone = plan.append(
                    .removeRoute(gateway.name, key), for: service, because: .notInManifest,
                    after: [gatewayReady, rulesSet])
            }
            let containers = mine[service, default: []]
            retire(containers, of: service, because: .notInManifest, after: [gone])
            guard !containers.isEmpty else { continue }
            plan.services.append(
                ServiceChange(service: service, kind: .remove, verb: "drain, stop, remove", fields: [], place: nil))
        }
    }

    /// Whatever of the sandbox is on a gateway that is not its own: it was moved.
    mutating func leaveOtherGateways() {
        for (gateway, live) in situation.observed.gateways.sorted(by: { $0.key < $1.key })
        where gateway != desired.gateway && live.isRunning {
            plan.leave(gateway, live, of: desired.name)
        }
    }

    /// What it holds of the pools and neither wants nor uses any more.
    mutating func giveBack() {
        guard desired.state == .active, plan.blockers.isEmpty else { return }
        let inUse = Set(mine.values.joined().flatMap(\.published.values))
        plan.releases = pools.holdings(of: desired.name).filter { allocation in
            guard !wanted.contains(allocation.resource) else { return false }
            switch allocation.resource {
            case .published(_, let port, _, container: _): return !inUse.contains(port)
            case .subnet(let node, let subnet):
                return !situation.observed.networks.contains { $0.subnet == subnet } || node != situation.node.name
            case .listener: return true
            }
        }
    }

    /// Stops everything and keeps it: containers, network, ports and names stay as they are.
    mutating func suspend() {
        for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) {
            guard let spec = wanted.container else { continue }
            let flip =
                spec.routedPort == nil ? nil : route(service, to: .suspended, after: [], proof: nil, at: wanted.place)
            let awake = mine[service, default: []].filter(\.state.occupiesPorts)
            for container in awake {
                let handle = ContainerHandle.existing(container.id, name: container.name)
                let drained = plan.drain(container, of: service, after: [flip], in: situation)
                plan.append(.stop(handle), for: service, because: .suspended, after: [drained ?? flip])
            }
            guard !awake.isEmpty else { continue }
            plan.services.append(
                ServiceChange(
                    service: service, kind: .change, verb: "drain, stop, keep", fields: [], place: wanted.place))
        }
    }
}

extension Plan {
    /// Plans the removal of everything of a sandbox that is no longer in the manifests: first nobody is let in, then
    /// the containers go, then the network, and at last what it held of the pools is given back.
    init(removing sandbox: SandboxName, in situation: Situation, holding: [Allocation]) {
        self.init(of: .sandbox(sandbox), on: situation.node.name, cause: .removed(since: situation.revision))
        var closed: [Step.ID] = []
        // The files of a gateway that is down may still let the sandbox in; it is asked when it is up.
        for gateway in situation.gateways where situation.observed.gateways[gateway.name]?.isRunning != true {
            closed.append(append(.configureGateway(gateway), because: .gatewayDown))
        }
        for (gateway, live) in situation.observed.gateways.sorted(by: { $0.key < $1.key }) where live.isRunning {
            closed += leave(gateway, live, of: sandbox)
        }
        let containers = situation.observed.containers.filter { $0.ownership.mark?.sandbox == sandbox }
        var gone: [Step.ID] = []
        for container in containers.sorted(by: { $0.id < $1.id }) {
            let service = container.ownership.mark?.service
            gone.append(retire(container, of: service, because: .notInManifest, after: closed, in: situation))
        }
        if situation.observed.names[sandbox] != nil {
            append(.removeNames(sandbox), because: .notInManifest, after: gone)
        }
        for network in situation.observed.networks.sorted(by: { $0.id < $1.id })
        where network.ownership.mark?.sandbox == sandbox {
            append(.removeNetwork(id: network.id, name: network.name), because: .notInManifest, after: gone)
        }
        releases = holding
        let isThere = steps.contains { if case .configureGateway = $0.action { false } else { true } }
        if isThere || !holding.isEmpty {
            kind = .remove
        } else {
            steps = []
        }
    }

    /// Nobody is let in any more, then the routes go. Returns what the removal of containers waits for.
    @discardableResult
    fileprivate mutating func leave(_ gateway: GatewayName, _ live: ObservedGateway, of sandbox: SandboxName)
        -> [Step.ID]
    {
        var closed: [Step.ID] = []
        if live.sandboxes[sandbox] != nil {
            closed.append(append(.dismiss(gateway, sandbox), because: .notInManifest))
        }
        let dismissed = closed.first
        if live.rules[.sandbox(sandbox)] != nil {
            closed.append(
                append(.setRules(gateway, .sandbox(sandbox), []), because: .notInManifest, after: [dismissed]))
        }
        for key in live.routes.keys.sorted() where key.sandbox == sandbox {
            routes.append(RouteChange(key: key, from: live.routes[key], to: nil, after: nil, place: nil))
            closed.append(
                append(.removeRoute(gateway, key), for: key.service, because: .notInManifest, after: [dismissed]))
        }
        return closed
    }

    @discardableResult
    fileprivate mutating func retire(
        _ container: ObservedContainer, of service: ServiceName?, because reason: Reason, after proof: [Step.ID?],
        in situation: Situation
    ) -> Step.ID {
        let handle = ContainerHandle.existing(container.id, name: container.name)
        guard container.state.occupiesPorts else {
            return append(.remove(handle), for: service, because: reason, after: proof)
        }
        let drained = drain(container, of: service, after: proof, in: situation)
        let isStopping = steps.first { $0.action == .stop(handle) }?.id
        let stopped =
            isStopping ?? append(.stop(handle), for: service, because: reason, after: drained.map { [$0] } ?? proof)
        return append(.remove(handle), for: service, because: reason, after: [stopped] + proof)
    }

    /// Waits for the sessions of a container that requests were sent to; `nil` for one that had none.
    fileprivate mutating func drain(
        _ container: ObservedContainer, of service: ServiceName?, after proof: [Step.ID?], in situation: Situation
    ) -> Step.ID? {
        guard container.state == .running else { return nil }
        let addresses = Set(container.attachments.values.map(\.address))
        for (gateway, live) in situation.observed.gateways.sorted(by: { $0.key < $1.key }) where live.isRunning {
            for key in live.routes.keys.sorted() {
                guard let endpoint = live.routes[key]?.endpoint, addresses.contains(endpoint.host) else {
                    continue
                }
                return append(
                    .drain(
                        gateway, address: endpoint.host, port: endpoint.port,
                        graceMillis: situation.policy.drainMillis),
                    for: service, because: .replaced, after: proof)
            }
        }
        return nil
    }
}
