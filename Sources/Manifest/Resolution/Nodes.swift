internal import Model

extension Resolver {
    mutating func resolveNodes() {
        for node in index.nodes.values.sorted(by: { $0.place < $1.place }) {
            let desired = desired(node)
            checkAddress(of: desired, at: node.place)
            result.nodes[desired.name] = desired
        }
        let hasBroken = index.broken.keys.contains { $0.kind == .node }
        if result.nodes.isEmpty, !hasBroken {
            let local = DesiredNode(name: Self.name("local"))
            result.nodes[local.name] = local
        }
    }

    private mutating func desired(_ node: Declared<NodeSpec>) -> DesiredNode {
        let spec = node.spec
        var desired = DesiredNode(name: Self.name(node.name))
        desired.isOffline = spec.isOffline ?? desired.isOffline
        desired.address = spec.address
        desired.subnetPool = spec.subnets.cidr ?? desired.subnetPool
        desired.perSandboxPrefix = spec.subnets.perSandboxPrefix ?? desired.perSandboxPrefix
        desired.buildWidth = spec.buildWidth ?? desired.buildWidth
        if let pool = spec.portPools.first { desired.portPool = pool.from...pool.to }
        desired.roles = Set(spec.roles)
        desired.labels = Dictionary(spec.labels.map { ($0.name, $0.value) }) { first, _ in first }
        desired.capacity = spec.capacity?.usable
        desired.isCordoned = spec.isCordoned ?? false
        desired.place = node.place
        if spec.portPools.count > 1 {
            findings.warn(
                node.place, "no-effect-yet",
                "only the first of the port pools is used yet, \(spec.portPools[0].name)")
        }
        return desired
    }

    /// Two engines of one machine can share its address as long as they do not share its ports.
    private mutating func checkAddress(of node: DesiredNode, at place: Place) {
        guard let address = node.address?.lowercased() else { return }
        for other in result.nodes.values.sorted(by: { $0.name < $1.name })
        where other.address?.lowercased() == address && other.portPool.overlaps(node.portPool) {
            let whereabouts = other.place.map { " at \($0.short)" } ?? ""
            findings.error(
                place, "address-clash",
                "node \(node.name) has the address of node \(other.name)\(whereabouts), \(address), and both publish "
                    + "ports from \(max(node.portPool.lowerBound, other.portPool.lowerBound)) to "
                    + "\(min(node.portPool.upperBound, other.portPool.upperBound)) of it; correct one of the addresses, "
                    + "or give them \"portPools\" of their own")
        }
    }

    /// The machine that is named, or the only one.
    func node(
        _ reference: Placed<Reference>?, of kind: String, key: String, at place: Place, _ findings: inout Findings
    ) -> NodeName? {
        if let reference {
            let name: NodeName = Self.name(reference.value.name)
            if result.nodes[name] != nil { return name }
            return index.find(reference, .node, in: index.nodes, &findings).map { Self.name($0.name) }
        }
        if result.nodes.count == 1, let only = result.nodes.keys.first { return only }
        guard !result.nodes.isEmpty else {
            findings.error(place, "no-node", Self.noNode)
            return nil
        }
        let names = result.nodes.keys.sorted().map(\.text).joined(separator: ", ")
        findings.error(
            place, "ambiguous-node", "the \(kind) could be on any of \(names); name one with \"\(key)\"")
        return nil
    }

    static let noNode = "no machine is left, for its manifest is broken; mend that first"
}
