/// The texts of manifests.
enum Manifests {
    static func places(_ bench: Bench) -> String {
        """
        node: here
        offline: true
        portPools: [{name: micro, from: \(bench.nodePorts.lowerBound), to: \(bench.nodePorts.upperBound)}]
        subnetPool: {cidr: \(bench.subnet), perSandboxPrefix: 28}
        ---
        gateway: edge
        listeners:
        - {name: own, from: \(bench.sandboxPorts.lowerBound), to: \(bench.sandboxPorts.upperBound), selects: sandbox}
        - {name: web, port: \(bench.webPort), baseDomain: berth.localhost}
        """
    }

    /// `more` are further lines of the service; `host` is where its baseline is.
    static func service(
        _ name: String, baseline: UInt16, at host: String = "127.0.0.1", _ more: String = ""
    ) -> String {
        """
        service: \(name)
        image: berth-test/e2e-\(name):{branch}
        ports: [{name: http, container: 8080}]
        health: {http: {path: /health}, interval: 200ms, timeout: 1s, startPeriod: 3s, unhealthyAfter: 2}
        baseline: {url: "http://\(host):\(baseline)"}
        \(more)
        """
    }

    /// `services` are lines such as `account: {branch: feature/a}`.
    static func sandbox(_ name: String, _ services: String..., state: String = "Active") -> String {
        """
        sandbox: \(name)
        lifecycle: {state: \(state)}
        services:\(services.isEmpty ? " {}" : "")
        \(services.map { "  \($0)" }.joined(separator: "\n"))
        """
    }
}
