package import Model
internal import Planner

extension Inquiry {
    /// What must be seen to plan one sandbox.
    package init(of sandbox: DesiredSandbox, in desired: DesiredState) {
        let specs = sandbox.services.compactMap { name, service in service.container.map { (name, $0) } }
        var checks: [RouteKey: HealthCheck] = [:]
        let makings = Set(sandbox.services.values.compactMap(\.making))
        for (service, spec) in specs { checks[RouteKey(sandbox: sandbox.name, service: service)] = spec.health }
        self.init(
            sandbox: sandbox.name, gateways: desired.gateways(on: sandbox.node),
            secrets: specs.reduce(into: []) { $0.formUnion($1.1.secretReferences) }, checks: checks, makings: makings)
    }

    /// What must be seen of one node to plan everything on it.
    package init(everythingOn node: NodeName, in desired: DesiredState, patience: Duration = .zero) {
        self.init(gateways: desired.gateways(on: node), makings: desired.makings(on: node), patience: patience)
        for sandbox in desired.sandboxes.values where sandbox.node == node {
            let own = Inquiry(of: sandbox, in: desired)
            secrets.formUnion(own.secrets)
            checks.merge(own.checks) { first, _ in first }
        }
    }
}
