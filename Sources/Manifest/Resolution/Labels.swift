internal import Model

// What a Traefik is told of the containers of a sandbox.
extension Resolver {
    /// Empty for a service of which no port speaks HTTP, and behind other gateways.
    func labels(
        of spec: ContainerSpec, _ declared: Declared<ServiceSpec>, _ service: MergedService,
        in setting: SandboxSetting, _ findings: inout Findings
    ) -> [String: String] {
        guard let gateway = setting.gateway, case .traefikLabels(let traefik) = gateway.driver,
            spec.routedPort != nil || spec.ports.isEmpty
        else { return [:] }
        let name: ServiceName = Self.name(declared.name)
        let host = Placeholders.fill(
            traefik.hostPattern,
            ["{service}": name.text, "{sandbox}": setting.name.text, "{baseDomain}": gateway.baseDomain ?? ""])
        guard EndpointText.isHost(host) else {
            findings.error(
                service.place, "value",
                "\(quoted(host)) cannot be the host name of service \(quoted(declared.object.title)) here; shorten the "
                    + "name of the sandbox or of the service")
            return [:]
        }
        if let node = setting.node, node != gateway.node {
            findings.warn(
                service.place, "other-node",
                "gateway \(gateway.name) is on node \(gateway.node) and does not see containers of node \(node)")
        }
        let router = TraefikLabels.router(of: name, in: setting.name)
        return [
            "traefik.enable": "true",
            "traefik.http.routers.\(router).rule": "Host(`\(host)`)",
            "traefik.http.routers.\(router).service": router,
            "traefik.http.services.\(router).loadbalancer.server.port": String(spec.routedPort?.number ?? traefik.port),
        ]
    }

    func warnOfLabels(
        for declared: Declared<ServiceSpec>, _ service: MergedService, in setting: SandboxSetting,
        _ findings: inout Findings
    ) {
        guard let gateway = setting.gateway, case .traefikLabels = gateway.driver else { return }
        findings.warn(
            service.place, "no-effect",
            "gateway \(gateway.name) routes only to containers, so nothing leads to service "
                + "\(quoted(declared.object.title)) of this sandbox; remove it here, or give it a container")
    }
}

extension TraefikLabels {
    /// What Traefik calls the way to a service of a sandbox.
    static func router(of service: ServiceName, in sandbox: SandboxName) -> String {
        guard let name = Slug.make("\(service)-\(sandbox)") else {
            preconditionFailure("two slugs and a dash are a name")
        }
        return name
    }
}
