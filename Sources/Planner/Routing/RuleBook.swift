internal import Model

/// The rules of every gateway, put in order once for all sandboxes.
struct RuleBook: Sendable {
    private let scopes: [GatewayName: [RouteScope: [RouteRule]]]
    private let everybodysFallbacks: [GatewayName: Set<ServiceName>]

    init(of desired: DesiredState) {
        let gateways = Set(desired.routes.map(\.gateway))
        scopes = Dictionary(uniqueKeysWithValues: gateways.map { ($0, desired.rules(of: $0)) })
        everybodysFallbacks = scopes.mapValues { Self.fallbacks(of: $0[.everybody] ?? []) }
    }

    func rules(of gateway: GatewayName, for scope: RouteScope) -> [RouteRule] { scopes[gateway]?[scope] ?? [] }

    /// Services of a sandbox whose requests go to the baseline by some rule while their own deployment does not serve.
    func fallbacks(of gateway: GatewayName, for sandbox: SandboxName) -> Set<ServiceName> {
        Self.fallbacks(of: rules(of: gateway, for: .sandbox(sandbox)))
            .union(everybodysFallbacks[gateway] ?? [])
    }

    private static func fallbacks(of rules: [RouteRule]) -> Set<ServiceName> {
        Set(
            rules.filter { $0.fallback.contains(.unhealthy) }.flatMap(\.backends).filter { $0.use != .baseline }
                .map(\.service))
    }
}
