internal import Model

// Calls of one service of a sandbox to another: by the names of services, or by addresses in variables.
extension Resolver {
    /// The services whose names lead to the gateway inside the sandbox. None on another machine than the gateway's.
    func borrowed(in setting: SandboxSetting) -> Set<ServiceName> {
        guard let gateway = setting.gateway, gateway.node == setting.node, !gateway.insidePorts.isEmpty else {
            return []
        }
        return borrowable(in: setting)
    }

    /// The services that the sandbox has no container of.
    func borrowable(in setting: SandboxSetting) -> Set<ServiceName> {
        let listed = setting.merged.services.keys.filter { index.services[$0] != nil }
            .map { (name) -> ServiceName in Self.name(name) }
        return Set(listed).union(result.baselines.keys).filter { !setting.merged.hasContainer(of: $0.text) }
    }

    /// What a container of the sandbox writes to reach a service; `nil` where it cannot, which is reported.
    func address(
        of reference: Placed<Reference>, in setting: SandboxSetting, _ findings: inout Findings
    ) -> String? {
        guard let service = index.find(reference, .service, in: index.services, &findings) else { return nil }
        let routed = service.spec.routedPort?.number
        if setting.merged.hasContainer(of: service.name) {
            if let routed { return "http://\(service.name):\(routed)" }
            findings.error(
                reference.place, "no-port",
                "service \(quoted(service.object.title)) has no http or grpc port; add one under \"ports\" at "
                    + "\(service.place.short), or write a \"value\" here")
            return nil
        }
        guard let endpoint = endpoint(of: service.name, in: setting) else {
            findings.error(
                reference.place, "no-baseline",
                "service \(quoted(service.object.title)) has no baseline, and sandbox \(setting.name) no container of "
                    + "it; add \"baseline: {url: …}\" to it at \(service.place.short), or the service to the sandbox")
            return nil
        }
        // By their network, which is how calls are told apart, a gateway knows only the sandboxes of its own machine.
        guard let gateway = setting.gateway, gateway.node == setting.node, !gateway.insidePorts.isEmpty else {
            return endpoint.address
        }
        let inside = gateway.insidePorts
        let port = routed.flatMap { inside.contains($0) ? $0 : nil } ?? inside[0]
        return "http://\(service.name):\(port)"
    }

    /// Where requests of the sandbox go that its own containers do not serve.
    private func endpoint(of service: String, in setting: SandboxSetting) -> Endpoint? {
        if case .target(let endpoint)? = setting.merged.services[service]?.choice { return endpoint }
        return result.baselines[Self.name(service)]?.endpoint
    }
}

extension Endpoint {
    /// In the words of programs that know only http and https.
    fileprivate var address: String {
        (scheme.isEncrypted ? "https" : "http") + "://\(host)" + (port == scheme.usualPort ? "" : ":\(port)")
    }
}
