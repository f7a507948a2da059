internal import Model

// What it takes that a sandbox and its gateway are on different machines (`requirements.md` §1.6.1), and that it moves
// from one machine to another.
extension Converging {
    /// The container port whose place on the machine is ours to choose: that which a gateway on another machine reaches.
    /// A replacement is given another one than what it replaces, so that both are there at the flip.
    func portOfItsOwn(_ spec: ContainerSpec) -> UInt16? {
        guard isRemote, let port = spec.routedPort else { return nil }
        switch port.published {
        case .fixed?: return nil
        case .automatic?, nil: return port.number
        }
    }

    /// Whether the gateway's node has an address to reach it by.
    mutating func isReachable(_ service: ServiceName, _ spec: ContainerSpec) -> Bool {
        guard isRemote, spec.routedPort != nil, situation.addresses[desired.node] == nil,
            let gateway = situation.gateway
        else { return true }
        plan.blockers.append(
            Blocker(
                need: .capacity, service: service,
                sentence: "gateway \(gateway.name) on node \(gateway.node) cannot reach \(service): node "
                    + "\(desired.node) has no address; write \"address\" in its manifest"))
        return false
    }

    /// The ports of the machine for one container: that which exists, or (`nil`) one to be made. `nil`, with a blocker,
    /// when one is not to be had.
    mutating func published(
        _ shared: [UInt16: UInt16], _ spec: ContainerSpec, of service: ServiceName, as container: ObservedContainer?
    ) -> [UInt16: UInt16]? {
        guard let port = portOfItsOwn(spec) else { return shared }
        var all = shared
        if let own = container?.published[port] {
            let resource = Allocation.Resource.published(situation.node.name, own, service, container: port)
            pools.adopt(Allocation(resource, to: desired.name))
            wanted.insert(resource)
            all[port] = own
            return all
        }
        let inUse = Set(mine.values.joined().flatMap(\.published.values))
        guard
            let number = pools.another(
                for: desired.name, service, container: port, on: situation.node,
                avoiding: situation.observed.busyPorts.union(inUse))
        else {
            let range = situation.node.portPool
            plan.blockers.append(
                Blocker(
                    need: .capacity, service: service,
                    sentence: "no node port for \(service):\(port) on \(situation.node.name) "
                        + "(pool \(range.lowerBound)-\(range.upperBound)); widen portPools"))
            return nil
        }
        wanted.insert(.published(situation.node.name, number, service, container: port))
        all[port] = number
        return all
    }

    /// Before requests are sent from one machine to another, the way between them is tried.
    mutating func reach(
        _ endpoint: Endpoint, _ port: ContainerPort, of service: ServiceName, _ spec: ContainerSpec,
        after healthy: Plan.Step.ID
    ) -> Plan.Step.ID {
        guard isRemote, let gateway = situation.gateway else { return healthy }
        return plan.append(
            .awaitReachable(gateway.name, endpoint, check: spec.health?.asked(at: endpoint, insteadOf: port.number)),
            for: service, because: .unproved, after: [healthy, gatewayReady])
    }

    // MARK: Moving

    /// What it has on nodes that it was on before goes, service by service, once what replaces it is proved and routed.
    mutating func leaveOtherNodes() {
        guard desired.state == .active else { return }
        for other in situation.elsewhere {
            let ours = other.containers.filter { isOurs($0.ownership) }.sorted { $0.id < $1.id }
            let networks = other.networks.filter { isOurs($0.ownership) }.sorted { $0.id < $1.id }
            let names = other.names[desired.name]
            guard !ours.isEmpty || !networks.isEmpty || names != nil else { continue }
            moves.append("it moves from node \(other.node) to \(desired.node)")
            plan.notes.append("moves from node \(other.node) to \(desired.node)")
            var gone: [Plan.Step.ID] = []
            for container in ours {
                guard let proof = succession(of: container.ownership.mark?.service) else { continue }
                gone += retire(
                    [container], of: container.ownership.mark?.service, because: .moved, after: proof, on: other.node)
            }
            guard gone.count == ours.count else { continue }
            if names != nil { plan.append(.removeNames(desired.name), because: .moved, after: gone, on: other.node) }
            for network in networks {
                plan.append(
                    .removeNetwork(id: network.id, name: network.name), because: .moved, after: gone, on: other.node)
            }
        }
    }

    /// What must be done before a container of the service may go from another node; `nil` while nothing takes its place.
    private func succession(of service: ServiceName?) -> [Plan.Step.ID]? {
        guard let service else { return [] }
        let key = RouteKey(sandbox: desired.name, service: service)
        let flips = plan.steps.filter {
            switch $0.action {
            case .setRoute(_, key, .endpoint), .removeRoute(_, key): true
            default: false
            }
        }.map(\.id)
        guard let wanted = desired.services[service] else { return stillNamed.contains(service) ? nil : flips }
        guard let spec = wanted.container else { return flips }
        guard spec.routedPort != nil, situation.gateway != nil else {
            var proofs: [Plan.Step.ID] = []
            return isProved(service, &proofs) ? proofs : nil
        }
        if !flips.isEmpty { return flips }
        return serves(service, by: liveRoutes[key]) ? [] : nil
    }
}

extension HealthCheck {
    /// The same question, asked from another machine, where the container's port has another number. What cannot be
    /// asked from there is asked whether it accepts a connection.
    fileprivate func asked(at endpoint: Endpoint, insteadOf port: UInt16) -> HealthCheck {
        var check = self
        if case .http(let path, port) = probe {
            check.probe = .http(path: path, port: endpoint.port)
        } else {
            check.probe = .tcp(port: endpoint.port)
        }
        return check
    }
}
