package import Model

/// Who holds what of the pools. Hands out the lowest that is free, the same one again to who holds one already.
///
/// Pure: what was handed out is in ``reserved`` and becomes true when the journal has entered it.
package struct AllocationTable: Sendable {
    private var held: [Allocation.Resource: SandboxName]
    /// What was handed out since this table was made, in order.
    package private(set) var reserved: [Allocation] = []

    package init(held: some Sequence<Allocation>) {
        self.held = [:]
        for allocation in held { self.held[allocation.resource] = allocation.sandbox }
    }

    /// What was handed out, which from now on is held like everything else.
    package mutating func takeReserved() -> [Allocation] {
        defer { reserved = [] }
        return reserved
    }

    package var allocations: [Allocation] { held.map { Allocation($0.key, to: $0.value) } }

    package func holdings(of sandbox: SandboxName) -> [Allocation] {
        held.filter { $0.value == sandbox }.map { Allocation($0.key, to: sandbox) }
            .sorted { $0.description < $1.description }
    }

    package mutating func release(_ allocations: some Sequence<Allocation>) {
        for allocation in allocations where held[allocation.resource] == allocation.sandbox {
            held[allocation.resource] = nil
        }
    }

    /// Where sandboxes are whose nodes we chose.
    package var places: [SandboxName: Set<NodeName>] {
        var places: [SandboxName: Set<NodeName>] = [:]
        for (resource, _) in held {
            if case .place(let node, let sandbox) = resource { places[sandbox, default: []].insert(node) }
        }
        return places
    }

    /// Enters that a node was chosen for a sandbox.
    package mutating func enter(_ sandbox: SandboxName, on node: NodeName) {
        adopt(Allocation(.place(node, of: sandbox), to: sandbox))
    }

    /// Enters what was found on the engine or the gateway, where nobody holds it yet.
    package mutating func adopt(_ allocation: Allocation) {
        guard held[allocation.resource] == nil else { return }
        take(allocation)
    }

    /// A subnet of the node's pool that overlaps none of `taken`. `nil` when the pool is used up.
    package mutating func subnet(for sandbox: SandboxName, on node: DesiredNode, avoiding taken: [Subnet]) -> Subnet? {
        var used = taken
        for (resource, holder) in held {
            guard case .subnet(node.name, let subnet) = resource else { continue }
            if holder == sandbox, node.subnetPool.overlaps(subnet), !taken.contains(where: subnet.overlaps) {
                return subnet
            }
            used.append(subnet)
        }
        // The lowest free part; parts and used networks are both in order, so one walk finds it.
        var index = used.sorted()[...]
        for part in node.subnetPool.parts(prefix: node.perSandboxPrefix) {
            while let first = index.first, first.base < part.base, !first.overlaps(part) { index.removeFirst() }
            if let first = index.first, first.overlaps(part) { continue }
            take(Allocation(.subnet(node.name, part), to: sandbox))
            return part
        }
        return nil
    }

    /// The gateway port of a sandbox. `nil` when the range is used up or the port asked for is another's.
    package mutating func listener(
        for sandbox: SandboxName, asking request: PortRequest, of gateway: GatewayName, in range: ClosedRange<UInt16>
    ) -> UInt16? {
        port(asking: request, for: sandbox, in: range, avoiding: []) { .listener(gateway, $0) }
    }

    /// The node port that a container port is published as. `nil` when none is to be had.
    package mutating func published(
        for sandbox: SandboxName, _ service: ServiceName, container: UInt16, asking request: PortRequest,
        on node: DesiredNode, avoiding busy: Set<UInt16>
    ) -> UInt16? {
        var heldByOthers: Set<UInt16> = []
        for (resource, holder) in held {
            guard case .published(node.name, let number, service, container: let other) = resource else {
                if case .published(node.name, let number, _, container: _) = resource { heldByOthers.insert(number) }
                continue
            }
            if holder == sandbox, other == container {
                if request == .automatic || request == .fixed(number) { return number }
            } else {
                heldByOthers.insert(number)
            }
        }
        // One of our own containers may be what is busy on a port asked for; another's claim to it is not ours.
        if case .fixed(let number) = request, heldByOthers.contains(number) { return nil }
        return port(asking: request, for: sandbox, in: node.portPool, avoiding: heldByOthers.union(busy)) {
            .published(node.name, $0, service, container: container)
        }
    }

    /// A node port for one more container of a service: one it holds already and that nothing uses, or the lowest free
    /// one. `nil` when the pool is used up.
    package mutating func another(
        for sandbox: SandboxName, _ service: ServiceName, container: UInt16, on node: DesiredNode,
        avoiding busy: Set<UInt16>
    ) -> UInt16? {
        var own: UInt16?
        var others: Set<UInt16> = []
        for (resource, holder) in held {
            guard case .published(node.name, let number, let holding, container: let port) = resource else { continue }
            if holder == sandbox, holding == service, port == container, !busy.contains(number),
                node.portPool.contains(number)
            {
                own = min(own ?? number, number)
            } else {
                others.insert(number)
            }
        }
        if let own { return own }
        guard let free = node.portPool.first(where: { !others.contains($0) && !busy.contains($0) }) else { return nil }
        take(Allocation(.published(node.name, free, service, container: container), to: sandbox))
        return free
    }

    private mutating func port(
        asking request: PortRequest, for sandbox: SandboxName, in range: ClosedRange<UInt16>,
        avoiding busy: Set<UInt16>, as resource: (UInt16) -> Allocation.Resource
    ) -> UInt16? {
        switch request {
        case .fixed(let number):
            let holder = held[resource(number)]
            guard holder == nil || holder == sandbox else { return nil }
            if holder == nil { take(Allocation(resource(number), to: sandbox)) }
            return number
        case .automatic:
            if let mine = range.first(where: { held[resource($0)] == sandbox }) { return mine }
            guard let free = range.first(where: { held[resource($0)] == nil && !busy.contains($0) }) else { return nil }
            take(Allocation(resource(free), to: sandbox))
            return free
        }
    }

    private mutating func take(_ allocation: Allocation) {
        held[allocation.resource] = allocation.sandbox
        reserved.append(allocation)
    }
}

extension AllocationTable {
    /// Enters what a node shows to be held, so that a lost journal is rebuilt from the world.
    package mutating func adopt(from observed: ObservedNode) {
        for network in observed.networks.sorted(by: { $0.id < $1.id }) {
            guard let sandbox = network.ownership.mark?.sandbox, let subnet = network.subnet else { continue }
            adopt(Allocation(.subnet(observed.node, subnet), to: sandbox))
        }
        for container in observed.containers.sorted(by: { $0.id < $1.id }) {
            guard let mark = container.ownership.mark, let service = mark.service else { continue }
            for (port, number) in container.published.sorted(by: { $0.key < $1.key }) {
                adopt(Allocation(.published(observed.node, number, service, container: port), to: mark.sandbox))
            }
        }
        for (gateway, live) in observed.gateways.sorted(by: { $0.key < $1.key }) {
            for (sandbox, admission) in live.sandboxes.sorted(by: { $0.key < $1.key }) {
                if let port = admission.port { adopt(Allocation(.listener(gateway, port), to: sandbox)) }
            }
        }
    }
}
