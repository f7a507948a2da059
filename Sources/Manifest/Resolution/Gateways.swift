internal import Model

extension Resolver {
    mutating func resolveGateways() {
        for gateway in index.gateways.values.sorted(by: { $0.place < $1.place }) {
            let desired = attempt(gateway.object.id) { resolver, findings in
                resolver.gateway(gateway, &findings)
            }
            if let desired { result.gateways[desired.name] = desired }
        }
    }

    private func gateway(_ gateway: Declared<GatewaySpec>, _ findings: inout Findings) -> DesiredGateway? {
        let reference = gateway.spec.node?.placed(in: gateway.place.file)
        guard let node = node(reference, of: "gateway", key: "node", at: gateway.place, &findings) else { return nil }
        let spec = gateway.spec
        let usual = usualInsidePorts
        var desired = DesiredGateway(
            name: Self.name(gateway.name), node: node, driver: spec.desiredDriver,
            listeners: (spec.listeners ?? []).map { $0.value.listener(usual: usual) },
            baseDomain: spec.domains.first?.value, responseHeaders: spec.responseHeaders, place: gateway.place)
        if let selection = spec.selection { desired.selection = SelectionSpec.selectors(selection) }
        if let injects = spec.injects { desired.injects = Set(injects.map(\.value.injection)) }
        if desired.selectionHeader == nil { desired.injects.remove(.header) }
        for other in result.gateways.values.sorted(by: { $0.place < $1.place }) where other.node == node {
            checkClash(of: desired, with: other, &findings)
        }
        if spec.driver == .haproxy { warnOfIdleListeners(of: desired, gateway, &findings) }
        return desired
    }

    /// 80 first, then the other ports that the gateway sends requests of services to.
    private var usualInsidePorts: [UInt16] {
        let routed = Set(index.services.values.compactMap(\.spec.routedPort?.number)).subtracting([80])
        return Array(([80] + routed.sorted()).prefix(ListenerSpec.mostPorts))
    }

    private func checkClash(of gateway: DesiredGateway, with other: DesiredGateway, _ findings: inout Findings) {
        if gateway.overlaps(other) {
            findings.error(
                gateway.place, "port-clash",
                "gateway \(gateway.name) listens on a port of gateway \(other.name) at \(other.place.short); "
                    + "give it other ports")
        }
        guard case .configFileMap(let mine) = gateway.driver, case .configFileMap(let theirs) = other.driver,
            mine.folder == theirs.folder, mine.file == theirs.file
        else { return }
        findings.error(
            gateway.place, "gateway-clash",
            "gateway \(gateway.name) writes the file of gateway \(other.name) at \(other.place.short); "
                + "give it another folder, or remove one of them")
    }

    /// A listener is of no use where nothing looks at what it stands for.
    private func warnOfIdleListeners(
        of gateway: DesiredGateway, _ declared: Declared<GatewaySpec>, _ findings: inout Findings
    ) {
        for listener in declared.spec.listeners ?? [] {
            let place = declared.place(listener.mark)
            if listener.value.from != nil, !gateway.selection.contains(.port) {
                findings.warn(
                    place, "no-effect",
                    "the ports of listener \(quoted(listener.value.name)) select no sandbox, for the selection has no "
                        + "{type: port}; add it")
            }
            if listener.value.selects == .sourceNetwork, !gateway.selection.contains(.sourceNetwork) {
                findings.warn(
                    place, "no-effect",
                    "only calls by the names of services are told by where they come from, for the selection has no "
                        + "{type: sourceNetwork}; add it, and all calls out of a sandbox are")
            }
        }
        guard let domain = declared.spec.domains.first, !gateway.selection.contains(.host) else { return }
        findings.warn(
            declared.place(domain.mark), "no-effect",
            "host names below \(quoted(domain.value)) select no sandbox, for the selection has no {type: host}; add it")
    }

    /// Baselines are known only after gateways; a gateway must know how it asks them and whom it trusts.
    mutating func tellGatewaysOfBaselines() {
        let probes = result.baselines.compactMapValues(\.probe)
        let authorities = result.baselines.values.compactMap { baseline -> String? in
            if case .file(let path) = baseline.endpoint.trust { path } else { nil }
        }
        for (name, gateway) in result.gateways where gateway.driver == .haproxy {
            result.gateways[name]?.probes = probes
            result.gateways[name]?.authorities = Set(authorities)
        }
    }

    // MARK: The gateway that somebody names

    func gateway(_ reference: Placed<Reference>, _ findings: inout Findings) -> DesiredGateway? {
        guard let declared = index.find(reference, .gateway, in: index.gateways, &findings) else { return nil }
        if let gateway = result.gateways[Self.name(declared.name)] { return gateway }
        if let problem = result.brokenObjects[declared.object.id] {
            findings.error(
                reference.place, "broken-reference",
                "gateway \(quoted(reference.value.text)) is broken at \(problem.place); mend that first")
        }
        return nil
    }

    var brokenGateway: (key: ObjectID, value: ManifestProblem)? {
        index.broken.merging(result.brokenObjects) { first, _ in first }
            .filter { $0.key.kind == .gateway }.min { $0.key < $1.key }
    }
}

extension GatewaySpec {
    fileprivate var desiredDriver: DesiredGateway.Driver {
        switch driver {
        case .haproxy: .haproxy
        case .configFileMap: .configFileMap(configFileMap ?? ConfigFileMap(folder: ""))
        case .traefikLabels: .traefikLabels(traefikLabels)
        }
    }
}

extension DesiredGateway.Driver {
    /// As it is written.
    var word: String {
        switch self {
        case .haproxy: "haproxy"
        case .configFileMap: "configFileMap"
        case .traefikLabels: "traefikLabels"
        }
    }
}

extension DesiredGateway {
    fileprivate func overlaps(_ other: DesiredGateway) -> Bool {
        listensOn.contains { mine in other.listensOn.contains { $0.overlaps(mine) } }
    }

    private var listensOn: [ClosedRange<UInt16>] {
        listeners.flatMap { listener -> [ClosedRange<UInt16>] in
            switch listener.role {
            case .web(let port): [port...port]
            case .sandboxes(let range): [range]
            case .inside(let ports): ports.map { $0...$0 }
            }
        }
    }
}
