internal import Model

/// Where in the manifests what a gateway does is written.
struct Trail {
    private let desired: DesiredState
    /// By gateway and rule; equal rules of several manifests are told apart by whose they are.
    private let rules: [GatewayName: [RouteRule: [Written]]]

    private struct Written {
        /// Empty is everybody's.
        let sandboxes: Set<SandboxName>
        let cause: Cause
    }

    init(_ desired: DesiredState) {
        self.desired = desired
        var rules: [GatewayName: [RouteRule: [Written]]] = [:]
        for route in desired.routes {
            for placed in route.rules {
                let written = Written(
                    sandboxes: route.sandboxes, cause: .manifest(placed.place, by: route.changedBy))
                rules[route.gateway, default: [:]][placed.rule, default: []].append(written)
            }
        }
        self.rules = rules
    }

    func gateway(_ name: GatewayName) -> Cause? { desired.gateways[name].map { .manifest($0.place, by: nil) } }

    func sandbox(_ name: SandboxName) -> Cause? {
        desired.sandboxes[name].map { .manifest($0.place, by: $0.changedBy) }
            ?? desired.frozen[name].map { .manifest($0.place, by: nil) }
    }

    /// Never `nil`: what nobody wrote was seen.
    func route(_ key: RouteKey, on gateway: GatewayName) -> Cause {
        let written: Cause? =
            if let name = key.sandbox {
                desired.sandboxes[name].flatMap { sandbox in
                    sandbox.services[key.service].map { .manifest($0.place, by: sandbox.changedBy) }
                }
            } else {
                desired.baselines[key.service].map { .manifest($0.place, by: nil) }
            }
        return written ?? .observation("no manifest: seen on the gateway")
    }

    func rule(_ rule: RouteRule, of gateway: GatewayName, for sandbox: SandboxName?) -> Cause? {
        rules[gateway]?[rule]?.first { written in
            written.sandboxes.isEmpty || sandbox.map(written.sandboxes.contains) ?? false
        }?.cause
    }
}
