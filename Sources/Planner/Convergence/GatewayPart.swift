internal import Model

// What a sandbox has on its gateway: that it is let in, where its services are, and its rules.
extension Converging {
    var liveRoutes: [RouteKey: RouteTarget] { situation.observedGateway?.routes ?? [:] }

    /// Whether its gateway is on another machine, where addresses of containers mean nothing.
    var isRemote: Bool { situation.gateway.map { $0.node != desired.node } ?? false }

    /// Whether what its gateway sends to `endpoint` reaches a container of its own node.
    func leads(_ endpoint: Endpoint, to container: ObservedContainer) -> Bool {
        situation.gateway.map { situation.leads(endpoint, from: $0.name, to: container, on: desired.node) } ?? false
    }

    /// Where the gateway finds what listens on `port` of a container.
    func endpoint(_ port: ContainerPort, at address: String, published: [UInt16: UInt16]) -> Endpoint? {
        let scheme = port.transport.scheme ?? .http
        guard isRemote else { return Endpoint(scheme: scheme, host: address, port: port.number) }
        guard let host = situation.addresses[desired.node], let number = published[port.number] else { return nil }
        return Endpoint(scheme: scheme, host: host, port: number)
    }

    /// Where the requests of a service go now: of a sandbox that is let in, what has no route goes to its baseline.
    func present(_ key: RouteKey) -> RouteTarget? {
        if let own = liveRoutes[key] { return own }
        guard situation.observedGateway?.sandboxes[desired.name] != nil else { return nil }
        return liveRoutes[RouteKey(sandbox: nil, service: key.service)]
    }

    mutating func prepareGateway() {
        guard let gateway = situation.gateway else { return }
        // One that runs by an older configuration has its tables all the same: its own plan brings it up to date, and if
        // it cannot, nobody behind it has to wait.
        if situation.observedGateway?.isRunning != true {
            gatewayReady = plan.append(.configureGateway(gateway), because: .gatewayDown)
        }
    }

    /// A sandbox let in before its `starting` routes would hand its requests to the baseline. An application gateway's
    /// own file has a table of a sandbox only once it is let in.
    mutating func letIn() {
        guard case .configFileMap? = situation.gateway?.driver else {
            announceStarting()
            return admit()
        }
        admit()
        announceStarting()
    }

    mutating func admit() {
        guard let gateway = situation.gateway else { return }
        guard let admission = admission(to: gateway) else { return }
        let live = situation.observedGateway
        if live?.isRunning == true, live?.sandboxes[desired.name] == admission { return }
        let admitted = plan.append(
            .admit(gateway.name, desired.name, admission), because: .missing,
            after: [gatewayReady] + plan.steps.filter(\.isAnnouncement).map(\.id))
        if case .configFileMap = gateway.driver { gatewayReady = admitted }
    }

    /// `nil`, with a blocker, where there is no port for it, and what it has serves until there is one.
    private mutating func admission(to gateway: DesiredGateway) -> Admission? {
        guard case .haproxy = gateway.driver else { return Admission() }
        var admission = Admission(network: gateway.node == desired.node ? ownNetwork : nil)
        guard let request = desired.listener, let range = gateway.sandboxPorts else { return admission }
        admission.port = pools.listener(for: desired.name, asking: request, of: gateway.name, in: range)
        if let port = admission.port {
            wanted.insert(.listener(gateway.name, port))
            return admission
        }
        plan.blockers.append(
            Blocker(
                need: .capacity, service: nil,
                sentence: "no port for \(desired.name): \(Self.words(request)) of gateway \(gateway.name) "
                    + "(\(range.lowerBound)-\(range.upperBound)) is taken; widen the range or delete a sandbox"))
        return situation.observedGateway?.sandboxes[desired.name] == nil ? admission : nil
    }

    private var ownNetwork: Subnet? {
        network?.subnet
            ?? situation.observed.networks.filter { $0.ownership.mark?.sandbox == desired.name }
            .min { $0.id < $1.id }?.subnet
    }

    private static func words(_ request: PortRequest) -> String {
        switch request {
        case .automatic: "every port"
        case .fixed(let number): "port \(number)"
        }
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

    // MARK: Routes

    mutating func send(_ service: ServiceName, to endpoint: Endpoint, label: String, at place: Place) {
        let target = RouteTarget.endpoint(endpoint, label: "\(service)@\(label)")
        let flip =
            isShipped(label)
            ? unroute(service, to: target, at: place) : route(service, to: target, after: [], proof: nil, at: place)
        retire(mine[service, default: []], of: service, because: .notInManifest, after: [flip])
        guard !mine[service, default: []].isEmpty else { return }
        plan.services.append(
            ServiceChange(
                service: service, kind: .remove, verb: "flip to \(label), drain, remove", fields: [], place: place))
    }

    /// An application gateway's own file says where the baselines are: as its branch shipped it.
    private func isShipped(_ label: String) -> Bool {
        guard case .configFileMap? = situation.gateway?.driver else { return false }
        return label == "baseline"
    }

    private mutating func unroute(_ service: ServiceName, to target: RouteTarget, at place: Place) -> Plan.Step.ID? {
        let key = RouteKey(sandbox: desired.name, service: service)
        guard let gateway = situation.gateway, let live = liveRoutes[key] else { return nil }
        plan.routes.append(RouteChange(key: key, from: live, to: target, after: nil, place: place))
        return plan.append(
            .removeRoute(gateway.name, key), for: service, because: .routeDiffers, after: [gatewayReady])
    }

    /// Points the route of a service; `nil` when it points there already.
    mutating func route(
        _ service: ServiceName, to target: RouteTarget, after dependencies: [Plan.Step.ID?], proof: ServiceName?,
        at place: Place?
    ) -> Plan.Step.ID? {
        guard let gateway = situation.gateway else { return nil }
        let key = RouteKey(sandbox: desired.name, service: service)
        let isMoved = situation.observedGateway?.moved.contains(key) ?? false
        let isConfessed = plan.steps.contains { $0.isAnnouncement && $0.action.sets(key) }
        guard liveRoutes[key] != target || isMoved || isConfessed else { return nil }
        plan.routes.append(RouteChange(key: key, from: present(key), to: target, after: proof, place: place))
        // After its own `starting` or `failing`: done side by side, that could be what remains.
        let announced = plan.steps.filter { step in
            if case .setRoute(_, key, _) = step.action { step.isAnnouncement } else { false }
        }
        return plan.append(
            .setRoute(gateway.name, key, target), for: service, because: .routeDiffers,
            after: [gatewayReady] + dependencies + announced.map(\.id))
    }

    /// A service that listens on nothing the gateway speaks to any more has no route either.
    mutating func endRoute(of service: ServiceName, after steps: [Plan.Step.ID?]) -> [Plan.Step.ID] {
        let key = RouteKey(sandbox: desired.name, service: service)
        guard let gateway = situation.gateway, let live = liveRoutes[key] else { return [] }
        let baseline = liveRoutes[RouteKey(sandbox: nil, service: service)]
        plan.routes.append(RouteChange(key: key, from: live, to: baseline, after: nil, place: nil))
        return [
            plan.append(
                .removeRoute(gateway.name, key), for: service, because: .routeDiffers, after: [gatewayReady] + steps)
        ]
    }

    /// Says on the gateway that a deployment does not serve, where a rule sends its requests elsewhere then. Returns
    /// whether it is so said, now or before.
    mutating func confess(_ container: ObservedContainer, of service: ServiceName, at place: Place) -> Bool {
        let key = RouteKey(sandbox: desired.name, service: service)
        guard situation.fallbacks.contains(service), container.isFailing, let gateway = situation.gateway,
            let live = liveRoutes[key], let endpoint = live.endpoint,
            leads(endpoint, to: container)
        else { return false }
        guard case .endpoint(_, let label) = live else { return true }
        let target = RouteTarget.failing(endpoint, label: label)
        plan.routes.append(RouteChange(key: key, from: live, to: target, after: nil, place: place))
        plan.append(
            .setRoute(gateway.name, key, target), for: service, because: .unproved, after: [gatewayReady])
        return true
    }

    /// Takes back what routes say of containers that are gone: their addresses are nobody's.
    mutating func confessLost() {
        guard let gateway = situation.gateway, let subnet = network?.subnet else { return }
        for (service, wanted) in desired.services.sorted(by: { $0.key < $1.key }) where wanted.container != nil {
            let key = RouteKey(sandbox: desired.name, service: service)
            guard case .endpoint(let endpoint, let label)? = liveRoutes[key], isLost(endpoint, subnet) else { continue }
            let target =
                situation.fallbacks.contains(service) ? RouteTarget.failing(endpoint, label: label) : .starting
            plan.append(.setRoute(gateway.name, key, target), for: service, because: .unproved, after: [gatewayReady])
        }
    }

    /// Whether an address that was a container's of this sandbox is nobody's now, on any node.
    private func isLost(_ endpoint: Endpoint, _ subnet: Subnet) -> Bool {
        guard let gateway = situation.gateway else { return false }
        let everywhere = [situation.observed] + situation.elsewhere
        let isSomebodys = everywhere.contains { node in
            node.containers.contains {
                situation.leads(endpoint, from: gateway.name, to: $0, on: node.node)
            }
        }
        guard !isSomebodys else { return false }
        if isRemote { return endpoint.host == situation.addresses[desired.node] }
        return IPv4(endpoint.host).map { subnet.contains($0.number) } ?? false
    }

    // MARK: Rules

    /// Puts the sandbox's rules in place once everything they name has a way; until then the old ones stay.
    mutating func setRules() {
        guard let gateway = situation.gateway, case .haproxy = gateway.driver else { return }
        let live = situation.observedGateway?.rules[.sandbox(desired.name)] ?? []
        guard live != situation.rules else { return }
        plan.requests += RequestChange.between(live, situation.rules)
        let named = Set(situation.rules.flatMap(\.backends).filter { $0.use != .baseline }.map(\.service))
        let isWaiting = named.contains { service in
            guard desired.services[service]?.container?.routedPort != nil else { return false }
            let key = RouteKey(sandbox: desired.name, service: service)
            return liveRoutes[key] == nil && !plan.steps.contains { $0.action.sets(key) }
        }
        if isWaiting {
            stillNamed = Set(live.flatMap(\.backends).filter { $0.use != .baseline }.map(\.service))
            plan.notes.append("its rules wait for the services they name")
            return
        }
        rulesSet = plan.append(
            .setRules(gateway.name, .sandbox(desired.name), situation.rules), because: .rulesDiffer,
            after: [gatewayReady] + plan.steps.filter { $0.action.setsRoute(ofOne: named) }.map(\.id))
    }
}

extension ObservedContainer {
    /// Whether it does not serve now: asked and found wanting, or not running at all.
    fileprivate var isFailing: Bool {
        switch state {
        case .running: health == .unhealthy
        case .created, .paused, .restarting, .exited, .removing, .dead: true
        }
    }
}

extension Action {
    fileprivate func setsRoute(ofOne services: Set<ServiceName>) -> Bool {
        if case .setRoute(_, let key, _) = self { services.contains(key.service) } else { false }
    }

    fileprivate func sets(_ key: RouteKey) -> Bool { if case .setRoute(_, key, _) = self { true } else { false } }
}

extension Plan.Step {
    fileprivate var isAnnouncement: Bool {
        switch action {
        case .setRoute(_, _, .starting), .setRoute(_, _, .suspended), .setRoute(_, _, .failing): true
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
