package import Model

/// What a Traefik makes of the labels of containers: the live table of a gateway that is told nothing else.
package struct LabelledRoutes: Hashable, Sendable {
    package private(set) var routes: [RouteKey: RouteTarget] = [:]
    /// The rule by which requests get there, in its own language.
    package private(set) var rules: [RouteKey: String] = [:]

    package init() {}

    /// Of containers that are ours, those of `sandboxes`.
    package init(of containers: [ObservedContainer], in sandboxes: Set<SandboxName>) {
        // The newest of a service is the last to have proved itself; two at once are one replacing the other.
        for container in containers.sorted(by: { $0.name < $1.name }) {
            guard let mark = container.ownership.mark, let service = mark.service, sandboxes.contains(mark.sandbox),
                let router = Self.router(of: container), container.state == .running
            else { continue }
            let key = RouteKey(sandbox: mark.sandbox, service: service)
            rules[key] = router.rule
            let address = container.attachments.values.map(\.address).min() ?? container.name
            let endpoint = Endpoint(scheme: .http, host: address, port: router.port)
            let label = "\(service)@\(mark.origin?.commit.short ?? "main")"
            routes[key] =
                container.health == .unhealthy
                ? .failing(endpoint, label: label) : .endpoint(endpoint, label: label)
        }
    }

    private static func router(of container: ObservedContainer) -> (rule: String, port: UInt16)? {
        func value(_ beginning: String, _ end: String) -> String? {
            container.labels.filter { $0.key.hasPrefix(beginning) && $0.key.hasSuffix(end) }
                .min { $0.key < $1.key }?.value
        }
        guard container.labels["traefik.enable"] == "true", let rule = value("traefik.http.routers.", ".rule"),
            let port = value("traefik.http.services.", ".loadbalancer.server.port").flatMap({ UInt16($0) })
        else { return nil }
        return (rule, port)
    }
}
