package import Model

/// A node's observation cut by sandbox, so that planning one costs what it has and not what the node holds.
struct ObservedSlices {
    private let whole: ObservedNode
    private let containers: [SandboxName: [ObservedContainer]]
    /// Not ours: they may have taken one of our names.
    private let others: [ObservedContainer]
    private let networks: [SandboxName: [ObservedNetwork]]

    init(_ node: ObservedNode) {
        whole = node
        let owned = node.containers.filter { $0.ownership.mark != nil }
        containers = Dictionary(grouping: owned) { container in
            guard let mark = container.ownership.mark else { preconditionFailure("filtered above") }
            return mark.sandbox
        }
        others = node.containers.filter { $0.ownership.mark == nil }
        let ownNetworks = node.networks.filter { $0.ownership.mark != nil }
        networks = Dictionary(grouping: ownNetworks) { network in
            guard let mark = network.ownership.mark else { preconditionFailure("filtered above") }
            return mark.sandbox
        }
    }

    /// What concerns one sandbox. A sandbox without a network of its own sees all of them, for their subnets are taken.
    func slice(for sandbox: SandboxName) -> ObservedNode {
        var slice = whole
        slice.containers = containers[sandbox, default: []] + others
        slice.networks = networks[sandbox] ?? whole.networks
        return slice
    }
}

/// What all nodes show, cut by sandbox.
struct ObservedFleet {
    private let slices: [NodeName: ObservedSlices]
    /// The nodes that have anything of a sandbox: containers, networks, names, or a gateway that knows it.
    let holders: [SandboxName: Set<NodeName>]

    init(_ observed: [NodeName: ObservedNode]) {
        slices = observed.mapValues(ObservedSlices.init)
        var holders: [SandboxName: Set<NodeName>] = [:]
        for node in observed.values {
            for sandbox in node.sandboxes { holders[sandbox, default: []].insert(node.node) }
        }
        self.holders = holders
    }

    func slice(of node: NodeName, for sandbox: SandboxName) -> ObservedNode? { slices[node]?.slice(for: sandbox) }

    /// The other nodes that have anything of a sandbox, and those of `gateways`.
    func elsewhere(than home: NodeName, for sandbox: SandboxName, and gateways: [NodeName]) -> [ObservedNode] {
        var nodes = holders[sandbox, default: []].union(gateways)
        nodes.remove(home)
        return nodes.sorted().compactMap { slice(of: $0, for: sandbox) }
    }
}

extension ObservedNode {
    /// Every sandbox that has anything on the engine or a gateway of the node.
    package var sandboxes: Set<SandboxName> {
        var found = Set(containers.compactMap { $0.ownership.mark?.sandbox })
        found.formUnion(networks.compactMap { $0.ownership.mark?.sandbox })
        for gateway in gateways.values {
            found.formUnion(gateway.sandboxes.keys)
            found.formUnion(gateway.routes.keys.compactMap(\.sandbox))
            found.formUnion(gateway.rules.keys.compactMap(\.sandbox))
        }
        return found.union(names.keys)
    }
}
