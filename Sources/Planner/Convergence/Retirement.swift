internal import Model

extension Converging {
    /// Lets containers go: drained of their sessions, stopped, removed. Returns the removals.
    @discardableResult
    mutating func retire(
        _ containers: [ObservedContainer], of service: ServiceName?, because reason: Reason,
        after proof: [Plan.Step.ID?], on node: NodeName? = nil
    ) -> [Plan.Step.ID] {
        containers.map { container in
            let closed = leaveGateways(thatLeadTo: container, on: node ?? desired.node, after: proof)
            return plan.retire(
                container, of: service, because: reason, after: proof + closed, in: situation, on: node)
        }
    }

    /// A gateway that the sandbox is leaving lets nobody in any more before what it leads to goes.
    private mutating func leaveGateways(
        thatLeadTo container: ObservedContainer, on node: NodeName, after proof: [Plan.Step.ID?]
    ) -> [Plan.Step.ID] {
        for (gateway, live) in foreignGateways {
            let leads = live.routes.contains { key, target in
                key.sandbox == desired.name
                    && target.endpoint.map { situation.leads($0, from: gateway, to: container, on: node) } ?? false
            }
            if leads { left[gateway] = plan.leave(gateway, live, of: desired.name, after: proof) }
        }
        return left.values.flatMap(\.self).sorted()
    }

    /// Gateways that are not its own and still know it, those excepted that it leaves already.
    private var foreignGateways: [(GatewayName, ObservedGateway)] {
        situation.observed.gateways.sorted { $0.key < $1.key }.filter { gateway, live in
            gateway != desired.gateway && live.isRunning && left[gateway] == nil
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
        for (gateway, live) in foreignGateways { left[gateway] = plan.leave(gateway, live, of: desired.name) }
    }

    /// What it holds of the pools and neither wants nor uses any more.
    mutating func giveBack() {
        guard desired.state == .active, plan.blockers.isEmpty else { return }
        let everywhere = [situation.observed] + situation.elsewhere
        plan.releases = pools.holdings(of: desired.name).filter { allocation in
            guard !wanted.contains(allocation.resource) else { return false }
            switch allocation.resource {
            case .published(let node, let port, _, container: _):
                return !everywhere.contains { seen in
                    seen.node == node
                        && seen.containers.contains { isOurs($0.ownership) && $0.published.values.contains(port) }
                }
            case .subnet(let node, let subnet):
                return !everywhere.contains { seen in
                    seen.node == node && seen.networks.contains { isOurs($0.ownership) && $0.subnet == subnet }
                }
            case .listener: return true
            case .place(let node, of: _): return !desired.isPlacedByUs || node != desired.node
            }
        }
    }

    /// Stops everything and keeps it: containers, network, ports and names stay as they are, also on a node that it was
    /// on before.
    mutating func suspend() {
        let closed = left.values.flatMap(\.self).sorted()
        for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) {
            guard let spec = wanted.container else { continue }
            let flips: [Plan.Step.ID?] =
                spec.routedPort == nil
                ? endRoute(of: service, after: [])
                : [route(service, to: .suspended, after: [], proof: nil, at: wanted.place)]
            var isAwake = stop(mine[service, default: []], of: service, after: flips + closed)
            for other in situation.elsewhere {
                let ours = other.containers.filter {
                    isOurs($0.ownership) && $0.ownership.mark?.service == service
                }
                if stop(ours.sorted { $0.id < $1.id }, of: service, after: flips + closed, on: other.node) {
                    isAwake = true
                }
            }
            guard isAwake else { continue }
            plan.services.append(
                ServiceChange(
                    service: service, kind: .change, verb: "drain, stop, keep", fields: [], place: wanted.place))
        }
    }

    /// Whether there was anything to stop.
    private mutating func stop(
        _ containers: [ObservedContainer], of service: ServiceName, after flips: [Plan.Step.ID?],
        on node: NodeName? = nil
    ) -> Bool {
        let awake = containers.filter(\.state.occupiesPorts)
        for container in awake {
            let handle = ContainerHandle.existing(container.id, name: container.name)
            let drained = plan.drain(container, of: service, after: flips, in: situation, on: node)
            plan.append(
                .stop(handle), for: service, because: .suspended, after: drained.map { [$0] } ?? flips, on: node)
        }
        return !awake.isEmpty
    }
}

extension Plan {
    /// Plans the removal of everything of a sandbox that is no longer in the manifests: first nobody is let in, then
    /// the containers go, then the network, and at last what it held of the pools is given back.
    init(removing sandbox: SandboxName, in situation: Situation, holding: [Allocation]) {
        self.init(of: .sandbox(sandbox), on: situation.node.name, cause: .removed(since: situation.revision))
        gatewayNodes = situation.gatewayNodes
        var closed: [Step.ID] = []
        // The files of a gateway that is down may still let the sandbox in; it is asked when it is up.
        for gateway in situation.gateways where situation.observed.gateways[gateway.name]?.isRunning != true {
            closed.append(append(.configureGateway(gateway), because: .gatewayDown))
        }
        for (gateway, live) in situation.observed.gateways.sorted(by: { $0.key < $1.key }) where live.isRunning {
            closed += leave(gateway, live, of: sandbox)
        }
        for node in [situation.observed] + situation.elsewhere {
            var gone: [Step.ID] = []
            for container in node.containers.sorted(by: { $0.id < $1.id })
            where container.ownership.mark?.sandbox == sandbox {
                let service = container.ownership.mark?.service
                gone.append(
                    retire(
                        container, of: service, because: .notInManifest, after: closed, in: situation,
                        on: situation.other(node)))
            }
            if node.names[sandbox] != nil {
                append(.removeNames(sandbox), because: .notInManifest, after: gone, on: situation.other(node))
            }
            for network in node.networks.sorted(by: { $0.id < $1.id })
            where network.ownership.mark?.sandbox == sandbox {
                append(
                    .removeNetwork(id: network.id, name: network.name), because: .notInManifest, after: gone,
                    on: situation.other(node))
            }
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
    fileprivate mutating func leave(
        _ gateway: GatewayName, _ live: ObservedGateway, of sandbox: SandboxName, after proof: [Step.ID?] = []
    ) -> [Step.ID] {
        var closed: [Step.ID] = []
        if live.sandboxes[sandbox] != nil {
            closed.append(append(.dismiss(gateway, sandbox), because: .notInManifest, after: proof))
        }
        let dismissed = closed.first.map { [$0] } ?? proof
        if live.rules[.sandbox(sandbox)] != nil {
            closed.append(
                append(.setRules(gateway, .sandbox(sandbox), []), because: .notInManifest, after: dismissed))
        }
        for key in live.routes.keys.sorted() where key.sandbox == sandbox {
            routes.append(RouteChange(key: key, from: live.routes[key], to: nil, after: nil, place: nil))
            closed.append(
                append(.removeRoute(gateway, key), for: key.service, because: .notInManifest, after: dismissed))
        }
        return closed
    }

    @discardableResult
    mutating func retire(
        _ container: ObservedContainer, of service: ServiceName?, because reason: Reason, after proof: [Step.ID?],
        in situation: Situation, on node: NodeName? = nil
    ) -> Step.ID {
        let handle = ContainerHandle.existing(container.id, name: container.name)
        guard container.state.occupiesPorts else {
            return append(.remove(handle), for: service, because: reason, after: proof, on: node)
        }
        let drained = drain(container, of: service, after: proof, in: situation, on: node)
        let isStopping = steps.first { $0.action == .stop(handle) }?.id
        let stopped =
            isStopping
            ?? append(
                .stop(handle), for: service, because: reason, after: drained.map { [$0] } ?? proof, on: node)
        return append(.remove(handle), for: service, because: reason, after: [stopped] + proof, on: node)
    }

    /// Waits for the sessions of a container that requests were sent to; `nil` for one that had none.
    fileprivate mutating func drain(
        _ container: ObservedContainer, of service: ServiceName?, after proof: [Step.ID?], in situation: Situation,
        on node: NodeName? = nil
    ) -> Step.ID? {
        guard container.state == .running else { return nil }
        let home = node ?? situation.observed.node
        for (gateway, live) in situation.observed.gateways.sorted(by: { $0.key < $1.key }) where live.isRunning {
            for key in live.routes.keys.sorted() {
                guard let endpoint = live.routes[key]?.endpoint,
                    situation.leads(endpoint, from: gateway, to: container, on: home)
                else { continue }
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
