internal import Model

extension Resolver {
    /// One rule for everybody: the domain and the path lead to the service. `taken` holds those before it.
    func deployment(
        _ deployment: Declared<DeploymentSpec>, _ load: RuleLoad, _ taken: inout [String: Declared<DeploymentSpec>],
        _ findings: inout Findings
    ) -> DesiredRoute? {
        let spec = deployment.spec
        let file = deployment.place.file
        let gateway = rulesGateway(spec.gateway?.placed(in: file), of: "deployment", at: deployment.place, &findings)
        let service = spec.service.flatMap {
            index.find($0.placed(in: file), .service, in: index.services, &findings)
        }
        guard let gateway, let service, load.hasRoom(for: 1, gateway.name, [], at: deployment.place, &findings) else {
            return nil
        }
        let place = "\(gateway.name) \(spec.domain) \(spec.path)"
        if let other = taken[place] {
            findings.error(
                deployment.place, "name-clash",
                "deployment \(quoted(other.object.title)) at \(other.place.short) answers at \(spec.domain)\(spec.path) "
                    + "already; give one of them another domain or path")
            return nil
        }
        taken[place] = deployment
        let name: ServiceName = Self.name(service.name)
        if result.baselines[name] == nil {
            findings.warn(
                deployment.place, "no-baseline",
                "service \(quoted(service.object.title)) has no baseline, so only sandboxes with a container of it "
                    + "answer at \(spec.domain)\(spec.path); add \"baseline: {url: …}\" to it at \(service.place.short)"
            )
        }
        let path = RouteMatch.Path.prefix(written: spec.path)
        let rule = RouteRule(
            title: deployment.name, match: RouteMatch(host: .exact(spec.domain), path: path),
            backends: [RouteBackend(service: name)], rewrite: path != .any && spec.stripsPath ? .prefix("/") : nil)
        return DesiredRoute(
            title: "deployment \(deployment.name)", gateway: gateway.name,
            rules: [DesiredRoute.Placed(rule: rule, place: deployment.place)], place: deployment.place)
    }
}
