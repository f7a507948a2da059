package import Model

/// What a gateway decides by: whom it lets through, by which rules, and where each service is. The same value is read
/// from a live gateway and worked out from manifests, so that `berth explain` answers for both.
package struct RoutingTable: Hashable, Sendable {
    package var sandboxes: [SandboxName: Admission]
    package var routes: [RouteKey: RouteTarget]
    /// In order of precedence.
    package var rules: [RouteScope: [RouteRule]]

    package init(
        sandboxes: [SandboxName: Admission] = [:], routes: [RouteKey: RouteTarget] = [:],
        rules: [RouteScope: [RouteRule]] = [:]
    ) {
        self.sandboxes = sandboxes
        self.routes = routes
        self.rules = rules
    }

    package init(_ live: ObservedGateway) {
        self.init(sandboxes: live.sandboxes, routes: live.routes, rules: live.rules)
    }

    /// The sandbox that has a port of the gateway.
    func holder(of port: UInt16) -> SandboxName? {
        sandboxes.filter { $0.value.port == port }.keys.min()
    }

    /// The sandbox that an address belongs to.
    func resident(at address: String?) -> (name: SandboxName, network: Subnet)? {
        guard let number = address.flatMap(IPv4.init)?.number else { return nil }
        return sandboxes.compactMap { name, admission in admission.network.map { (name: name, network: $0) } }
            .filter { $0.network.contains(number) }
            .min { $0.name < $1.name }
    }
}
