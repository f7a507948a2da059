internal import Model

// What the names of services lead to inside a sandbox. A service that has a container there is found by its own name;
// every other leads to the gateway, which knows by the network who calls.
extension Converging {
    private var live: SandboxNames? { situation.observed.names[desired.name] }

    /// The file that its containers see as `/etc/hosts`; `nil` where calls out of the sandbox are not looked after.
    var namesMount: Mount? {
        guard let gateway = situation.gateway, case .haproxy = gateway.driver, !gateway.insidePorts.isEmpty,
            gateway.node == desired.node, network != nil
        else { return nil }
        let file = SandboxNames.file(of: desired.name, below: situation.observed.namesRoot)
        return Mount(source: file, target: "/etc/hosts", isReadOnly: true)
    }

    /// Before anything moves: what will be borrowed is found at the gateway, which still sends its requests to where they
    /// went.
    mutating func lend() {
        guard namesMount != nil, let address = network?.subnet.bridge else { return }
        let names = SandboxNames(
            sandbox: desired.name, address: address, services: desired.borrowed.union(live?.services ?? []))
        guard live != names else { return }
        namesReady = plan.append(.setNames(names), because: .namesDiffer, after: [network?.step, gatewayReady])
    }

    /// Whether a service that no route leads to has a container that has proved itself, or proves itself in this plan.
    func isProved(_ service: ServiceName, _ flips: inout [Plan.Step.ID]) -> Bool {
        let proof = plan.steps.last { step in
            if case .awaitHealthy = step.action { step.service == service } else { false }
        }
        if let proof { flips.append(proof.id) }
        return proof != nil || mine[service, default: []].contains { $0.state == .running }
    }

    /// Whether a route leads to a container of the service.
    func serves(_ service: ServiceName, by target: RouteTarget?) -> Bool {
        guard case .endpoint(let endpoint, _)? = target else { return false }
        return mine[service, default: []].contains { leads(endpoint, to: $0) }
    }

    /// No file that a container sees goes before the container does.
    private mutating func dropNames() {
        let file = SandboxNames.file(of: desired.name, below: situation.observed.namesRoot)
        let readers = mine.values.joined().filter { $0.mounts.contains { $0.source == file } }
        let removals = plan.steps.filter(\.action.isRemoval)
        guard live != nil, readers.allSatisfy({ reader in removals.contains { $0.action.removes(reader.id) } }) else {
            return
        }
        plan.append(.removeNames(desired.name), because: .namesDiffer, after: removals.map(\.id))
    }

    /// After the flips: what has a container of its own that serves is found there, and no longer at the gateway.
    mutating func takeBack() {
        guard let address = network?.subnet.bridge, namesMount != nil else {
            return dropNames()
        }
        let lent = desired.borrowed.union(live?.services ?? [])
        var flips: [Plan.Step.ID] = []
        let settled = lent.subtracting(desired.borrowed).sorted().filter { service in
            // Nobody serves it any more, by any name.
            guard let spec = desired.services[service]?.container else { return true }
            guard spec.routedPort != nil else { return isProved(service, &flips) }
            let key = RouteKey(sandbox: desired.name, service: service)
            let flip = plan.steps.last {
                if case .setRoute(_, key, .endpoint) = $0.action { true } else { false }
            }
            if let flip { flips.append(flip.id) }
            return flip != nil || serves(service, by: liveRoutes[key])
        }
        guard !settled.isEmpty else { return }
        let names = SandboxNames(sandbox: desired.name, address: address, services: lent.subtracting(settled))
        plan.append(.setNames(names), because: .namesDiffer, after: [namesReady] + flips)
    }
}

extension Action {
    fileprivate func removes(_ container: ContainerID) -> Bool {
        if case .remove(.existing(container, _)) = self { true } else { false }
    }
}
