package import Model

extension RoutingTable {
    /// What the table of a gateway will be when everything that the manifests want is done.
    ///
    /// Addresses of containers are known only when they run; the name of the service stands for them. So does the
    /// branch for the commit that it leads to.
    /// With `asIfAwake`, what it will be when nothing sleeps.
    package init(of gateway: GatewayName, in desired: DesiredState, asIfAwake: Bool = false) {
        self.init()
        rules = desired.rules(of: gateway)
        for (service, baseline) in desired.baselines {
            routes[RouteKey(sandbox: nil, service: service)] = .endpoint(
                baseline.endpoint, label: "\(service)@baseline")
        }
        for sandbox in desired.allSandboxes.values where sandbox.gateway == gateway {
            var admission = Admission()
            if case .fixed(let port)? = sandbox.listener { admission.port = port }
            sandboxes[sandbox.name] = admission
            for (service, wanted) in sandbox.services {
                guard let target = wanted.target(of: service, isAwake: asIfAwake || sandbox.state == .active) else {
                    continue
                }
                routes[RouteKey(sandbox: sandbox.name, service: service)] = target
            }
        }
    }
}

extension DesiredService {
    /// `nil` for what no request is sent to.
    fileprivate func target(of service: ServiceName, isAwake: Bool) -> RouteTarget? {
        switch use {
        case .baseline(let endpoint): return .endpoint(endpoint, label: "\(service)@baseline")
        case .target(let endpoint): return .endpoint(endpoint, label: "\(service)@target")
        case .container(let spec, let branch, let making):
            guard let port = spec.routedPort else { return nil }
            guard isAwake else { return .suspended }
            let source = making?.reference ?? branch ?? "main"
            let endpoint = Endpoint(
                scheme: port.transport.scheme ?? .http, host: service.text, port: port.number)
            return .endpoint(endpoint, label: "\(service)@\(Slug.make(source) ?? "main")")
        }
    }
}
