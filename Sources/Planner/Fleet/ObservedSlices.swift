internal import Model

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
