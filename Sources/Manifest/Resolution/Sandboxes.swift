internal import Model

extension Resolver {
    mutating func resolveSandboxes() {
        for sandbox in index.sandboxes.values.sorted(by: { $0.place < $1.place }) {
            let desired = attempt(sandbox.object.id) { resolver, findings in
                resolver.sandbox(sandbox, &findings)
            }
            let name: SandboxName = Self.name(sandbox.name)
            guard let desired else {
                result.broken[name] = result.brokenObjects[sandbox.object.id]
                continue
            }
            switch desired.placement {
            case .on: result.sandboxes[name] = desired.sandbox
            case .open(let labels, let candidates):
                choices[name] = candidates
                result.unplaced[name] = UnplacedSandbox(
                    sandbox: desired.sandbox, labels: labels,
                    candidates: candidates == nodes(carrying: labels) ? [] : candidates)
            }
            result.routes[sandbox.object.id] = desired.routes.isEmpty ? nil : desired.routes
        }
    }

    private struct Resolved {
        let placement: Placement
        let sandbox: DesiredSandbox
        let routes: [DesiredRoute]
    }

    private mutating func sandbox(_ sandbox: Declared<SandboxSpec>, _ findings: inout Findings) -> Resolved? {
        var merged = MergedSandbox()
        let file = sandbox.place.file
        if let template = sandbox.spec.template {
            guard let layers = layers(for: template, in: file, path: [], &findings) else { return nil }
            for layer in layers { merged.overlay(layer.spec, in: layer.file, &findings) }
        }
        merged.overlay(sandbox.spec, in: file, &findings)

        let gateway = gateway(of: merged, at: sandbox.place, &findings)
        let placement = placement(of: merged, at: sandbox.place, &findings)?.seen(by: gateway)
        var desired = DesiredSandbox(
            name: Self.name(sandbox.name), title: sandbox.object.title, owner: sandbox.object.owner,
            state: merged.state == .suspended ? .suspended : .active,
            node: placement?.node ?? Self.name("unplaced"), gateway: gateway?.name,
            listener: listener(of: merged, at: gateway, &findings), place: sandbox.place)
        let setting = SandboxSetting(name: desired.name, merged: merged, node: placement?.node, gateway: gateway)
        desired.borrowed = borrowed(in: setting)
        for (name, service) in merged.services.sorted(by: { $0.key < $1.key }) {
            if let use = use(service, in: setting, &findings) {
                desired.services[Self.name(name)] = DesiredService(
                    use: use, environments: environments(of: service, in: merged), place: service.place)
            }
        }
        checkTotal(of: desired, against: merged.resources, &findings)
        let routes = routes(of: desired, setting, &findings)
        guard let placement else { return nil }
        warnOfCalls(in: setting, of: desired, &findings)
        return reachable(placement, from: gateway, for: desired, &findings).map {
            Resolved(placement: $0, sandbox: desired, routes: routes)
        }
    }

    private func gateway(
        of merged: MergedSandbox, at place: Place, _ findings: inout Findings
    ) -> DesiredGateway? {
        let gateway: DesiredGateway?
        if let reference = merged.gatewayName {
            gateway = self.gateway(reference, &findings)
        } else {
            if let broken = brokenGateway {
                findings.error(
                    place, "broken-reference",
                    "\(broken.key) is broken at \(broken.value.place); mend that first, or name another gateway")
            } else if result.gateways.count > 1 {
                let names = result.gateways.keys.sorted().map(\.text).joined(separator: ", ")
                findings.error(
                    place, "ambiguous-gateway", "the gateway could be any of \(names); name one with \"gateway\"")
            }
            gateway = result.gateways.count == 1 ? result.gateways.values.first : nil
        }
        if let gateway, let branch = merged.gatewayBranch {
            findings.warn(
                branch, "no-effect-yet",
                "a gateway's branch has no effect with driver \(gateway.driver.word) yet; it may stay, or be removed")
        }
        return gateway
    }

    private func listener(
        of merged: MergedSandbox, at gateway: DesiredGateway?, _ findings: inout Findings
    ) -> PortRequest? {
        guard case .fixed(let port)? = merged.gatewayPort?.value, let place = merged.gatewayPort?.place else {
            return gateway?.sandboxPorts == nil ? nil : .automatic
        }
        guard let gateway else {
            if merged.gatewayName == nil, index.gateways.isEmpty {
                findings.error(place, "no-gateway", "there is no gateway to give port \(port); declare one")
            }
            return nil
        }
        guard let range = gateway.sandboxPorts else {
            findings.error(
                place, "no-gateway",
                "gateway \(gateway.name) gives no ports to sandboxes; add a listener with \"from\" and \"to\" to it")
            return nil
        }
        guard range.contains(port) else {
            findings.error(
                place, "range",
                "port \(port) is not of gateway \(gateway.name); write \(range.lowerBound) to \(range.upperBound), "
                    + "or auto")
            return nil
        }
        return .fixed(port)
    }

    private func checkTotal(
        of sandbox: DesiredSandbox, against total: Placed<ResourcesSpec>?, _ findings: inout Findings
    ) {
        guard let total else { return }
        let limits = sandbox.services.values.compactMap(\.container?.limits)
        let cpu = limits.reduce(0) { $0 + $1.cpuMillis }
        if let allowed = total.value.cpuMillis, cpu > allowed {
            findings.error(
                total.place, "resources",
                "the containers may use \(cpu)m of CPU together, more than \(allowed)m; raise this or lower theirs")
        }
        let memory = limits.reduce(Int64(0)) { $0 + $1.memoryBytes }
        if let allowed = total.value.memoryBytes, memory > allowed {
            findings.error(
                total.place, "resources",
                "the containers may use \(memory >> 20)Mi of memory together, more than \(allowed >> 20)Mi; "
                    + "raise this or lower theirs")
        }
    }
}
