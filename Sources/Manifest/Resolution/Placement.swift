internal import Model

/// Where a sandbox is to run.
enum Placement: Hashable {
    case on(NodeName)
    /// One of several machines is chosen when the sandbox is planned.
    case open(labels: [String: String], candidates: Set<NodeName>)

    /// The machine where it is known.
    var node: NodeName? {
        if case .on(let node) = self { node } else { nil }
    }

    /// Every machine that it may come to.
    var nodes: Set<NodeName> {
        switch self {
        case .on(let node): [node]
        case .open(_, let candidates): candidates
        }
    }

    /// A gateway that sees only containers of its own machine has the sandbox there where it can.
    func seen(by gateway: DesiredGateway?) -> Placement {
        guard let gateway, case .open(_, let candidates) = self, case .traefikLabels = gateway.driver,
            candidates.contains(gateway.node)
        else { return self }
        return .on(gateway.node)
    }
}

extension Resolver {
    /// The machine that is named, the only one that can have the sandbox, or the choice of them.
    func placement(of merged: MergedSandbox, at place: Place, _ findings: inout Findings) -> Placement? {
        if let placement = merged.placement, let reference = placement.spec.node {
            let node = node(
                reference.placed(in: placement.file), of: "sandbox", key: "placement: {node: …}", at: place, &findings)
            return node.map(Placement.on)
        }
        guard !result.nodes.isEmpty else {
            findings.error(place, "no-node", Self.noNode)
            return nil
        }
        let labels = merged.placement.map { placement in
            placement.spec.labels.map { Named(name: $0.name, mark: $0.mark, value: $0.value.value) }
        }
        guard let roled = nodesForSandboxes(at: place, &findings),
            let labelled = nodes(of: roled, with: labels ?? [], in: merged.placement?.file ?? place.file, &findings),
            let candidates = nodes(of: labelled, thatReachSourcesOf: merged, &findings)
        else { return nil }
        // A machine whose manifest is broken is one of several, too.
        let isOne = candidates.count == 1 && !index.broken.keys.contains { $0.kind == .node }
        if isOne || result.nodes.count == 1, let only = candidates.first { return .on(only) }
        return .open(
            labels: Dictionary((labels ?? []).map { ($0.name, $0.value) }) { first, _ in first }, candidates: candidates
        )
    }

    /// The machines that sandboxes go to of themselves: the only one, those of type MICRO, or those of no type.
    private func nodesForSandboxes(at place: Place, _ findings: inout Findings) -> Set<NodeName>? {
        let nodes = result.nodes.values
        let micro = nodes.filter { $0.roles.contains(.micro) }
        let chosen = micro.isEmpty ? nodes.filter { nodes.count == 1 || $0.roles.isEmpty } : micro
        if !chosen.isEmpty { return Set(chosen.map(\.name)) }
        findings.error(
            place, "no-node",
            "no node is of type MICRO, and a sandbox that names no machine goes to one of those; give one that type, or "
                + "write placement: {node: …}")
        return nil
    }

    /// The machines that sandboxes of these labels go to where nothing else keeps them from it.
    func nodes(carrying labels: [String: String]) -> Set<NodeName> {
        let nodes = result.nodes.values
        let micro = nodes.filter { $0.roles.contains(.micro) }
        let found = (micro.isEmpty ? Array(nodes) : micro).filter { node in
            labels.allSatisfy { node.labels[$0.key] == $0.value }
        }
        return Set(found.map(\.name))
    }

    private func nodes(
        of known: Set<NodeName>, with labels: [Named<String>], in file: String, _ findings: inout Findings
    ) -> Set<NodeName>? {
        var isComplete = true
        for label in labels where !result.nodes.values.contains(where: { $0.labels[label.name] == label.value }) {
            isComplete = false
            findings.error(label.mark.place(in: file), "unknown-label", noLabel(label))
        }
        guard isComplete else { return nil }
        let found = known.filter { name in
            labels.allSatisfy { result.nodes[name]?.labels[$0.name] == $0.value }
        }
        guard found.isEmpty, let first = labels.first else { return found }
        let words = labels.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        findings.error(
            first.mark.place(in: file), "unknown-label",
            "no node that sandboxes may go to carries {\(words)}; those are "
                + "\(known.sorted().map(\.text).joined(separator: ", ")): label one of them, or name a machine with "
                + "placement: {node: …}")
        return nil
    }

    private func noLabel(_ label: Named<String>) -> String {
        if let broken = index.broken.filter({ $0.key.kind == .node }).min(by: { $0.key < $1.key }) {
            return
                "no node carries the label \(quoted("\(label.name): \(label.value)")), and \(broken.key) is broken at "
                + "\(broken.value.place); mend that first"
        }
        let all = Set(result.nodes.values.flatMap { node in node.labels.map { "\($0.key): \($0.value)" } })
        let wanted = "\(label.name): \(label.value)"
        let remedy =
            Nearest.hint(for: wanted, among: all.sorted())
            ?? "; write it under \"labels\" of a node, or correct it here"
        return "no node carries the label \(quoted(wanted))\(remedy)"
    }

    /// Those that reach every repository of which something is made for the sandbox.
    private func nodes(
        of known: Set<NodeName>, thatReachSourcesOf merged: MergedSandbox, _ findings: inout Findings
    ) -> Set<NodeName>? {
        var left = known
        for (name, service) in merged.services.sorted(by: { $0.key < $1.key }) where merged.hasContainer(of: name) {
            guard let spec = index.services[name]?.spec, spec.recipe?.making != nil,
                let reference = spec.repository, let repository = repositories[reference.name],
                let only = repository.node
            else { continue }
            guard left.contains(only) else {
                let names = left.sorted().map(\.text).joined(separator: ", ")
                findings.error(
                    service.place, "other-node",
                    "repository \(quoted(reference.text)) is on node \(only), and the sandbox could only be on "
                        + "\(names); write placement: {node: \(only)}, or give the repository a \"url\" and no "
                        + "\"node\" at \(repository.code.place.short)")
                return nil
            }
            left = [only]
        }
        return left
    }
}

// MARK: Sandboxes behind gateways of other machines

extension Resolver {
    /// The machines that a gateway on another one can reach; the rest cannot have the sandbox.
    func reachable(
        _ placement: Placement, from gateway: DesiredGateway?, for sandbox: DesiredSandbox, _ findings: inout Findings
    ) -> Placement? {
        guard let gateway, gateway.needsAddresses, sandbox.services.values.contains(where: \.isRouted) else {
            return placement
        }
        let mute = placement.nodes.filter { $0 != gateway.node && result.nodes[$0]?.address == nil }.sorted()
        guard let first = mute.first else { return placement }
        let whereabouts = result.nodes[first]?.place.map { " at \($0.short)" } ?? ""
        let message =
            "gateway \(gateway.name) is on node \(gateway.node) and reaches node \(first) by its address, which nobody "
            + "wrote; add \"address: …\" to node \(first)\(whereabouts)"
        let left = placement.nodes.subtracting(mute)
        guard case .open(let labels, _) = placement, !left.isEmpty else {
            findings.error(sandbox.place, "no-address", message)
            return nil
        }
        findings.warn(sandbox.place, "no-address", message + ", or the sandbox is never placed there")
        return .open(labels: labels, candidates: left)
    }

    /// Says once that names of services lead nowhere on another machine than the gateway's.
    func warnOfCalls(
        in setting: SandboxSetting, of sandbox: DesiredSandbox, _ findings: inout Findings
    ) {
        guard let gateway = setting.gateway, !gateway.insidePorts.isEmpty, gateway.node != setting.node,
            !hasAddresses(sandbox), sandbox.services.values.contains(where: { $0.container != nil })
        else { return }
        let names = borrowable(in: setting).sorted().map(\.text)
        guard let first = names.first else { return }
        let node = setting.node.map { "on node \($0)" } ?? "on a machine that is chosen later"
        findings.warn(
            sandbox.place, "other-node",
            "gateway \(gateway.name) is on node \(gateway.node) and cannot tell calls of a sandbox \(node) by their "
                + "network, so the names of services that it has no container of (\(names.joined(separator: ", "))) lead "
                + "nowhere in it; give its containers their addresses with "
                + "valueFrom: {route: {service: \(first)}} in an environment")
    }

    /// Whether a variable of its containers is worked out from where a service is.
    private func hasAddresses(_ sandbox: DesiredSandbox) -> Bool {
        Set(sandbox.services.values.flatMap(\.environments)).contains { name in
            guard case .resolved(let environment)? = environments[name.text] else { return false }
            return environment.variables.values.contains { if case .address = $0 { true } else { false } }
        }
    }
}

extension DesiredGateway {
    /// Whether it sends requests to the addresses of machines.
    fileprivate var needsAddresses: Bool {
        switch driver {
        case .haproxy, .configFileMap: true
        case .traefikLabels: false
        }
    }
}

extension DesiredService {
    /// Whether requests come to a container of its own.
    fileprivate var isRouted: Bool { container?.routedPort != nil }
}
