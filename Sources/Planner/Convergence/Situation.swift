package import Model

/// Everything one plan is a function of.
package struct Situation: Sendable {
    package var revision: Revision
    /// `nil` when the sandbox is no longer in the manifests.
    package var desired: DesiredSandbox?
    package var node: DesiredNode
    package var gateway: DesiredGateway?
    /// The gateway's rules for this sandbox alone, in order of precedence.
    package var rules: [RouteRule]
    /// Services whose requests go to the baseline by some rule while their own deployment does not serve.
    package var fallbacks: Set<ServiceName>
    /// Every gateway that is to be up before anybody is kept out of it.
    package var gateways: [DesiredGateway]
    /// The archives that the node can load images from.
    package var bundles: [DesiredBundle]
    /// What its node shows, with the gateways of other nodes that know it.
    package var observed: ObservedNode
    /// What other nodes show of it, in order of name: those that it was on before, and that of its gateway.
    package var elsewhere: [ObservedNode]
    /// The nodes of gateways that are on another node than the sandbox.
    package private(set) var gatewayNodes: [GatewayName: NodeName]
    /// Where nodes are reached by others.
    package var addresses: [NodeName: String]
    /// Why its node was chosen, where it is new there and its author named none.
    package var placement: String?
    /// Whether its node takes no new sandboxes.
    package var isCordoned = false
    /// Whether this revision was applied before: what differs now was changed outside git.
    package var wasApplied: Bool
    /// What the engine said lately of this sandbox: `account died (exit 137)`.
    package var observations: [String]
    package var policy: PlanPolicy

    package init(
        revision: Revision, desired: DesiredSandbox?, node: DesiredNode, gateway: DesiredGateway?,
        rules: [RouteRule] = [], fallbacks: Set<ServiceName> = [], gateways: [DesiredGateway] = [],
        bundles: [DesiredBundle] = [], observed: ObservedNode, elsewhere: [ObservedNode] = [],
        addresses: [NodeName: String] = [:], placement: String? = nil, wasApplied: Bool = false,
        observations: [String] = [], policy: PlanPolicy = PlanPolicy()
    ) {
        self.revision = revision
        self.desired = desired
        self.node = node
        self.gateway = gateway
        self.rules = rules
        self.fallbacks = fallbacks
        self.gateways = gateways
        self.bundles = bundles
        self.elsewhere = elsewhere.sorted { $0.node < $1.node }
        self.addresses = addresses
        self.placement = placement
        (self.observed, gatewayNodes) = Self.joined(observed, self.elsewhere, gateways + (gateway.map { [$0] } ?? []))
        self.wasApplied = wasApplied
        self.observations = observations
        self.policy = policy
    }

    /// A gateway is where its manifest says; what another node still has under its name is not it.
    private static func joined(_ observed: ObservedNode, _ elsewhere: [ObservedNode], _ declared: [DesiredGateway])
        -> (ObservedNode, [GatewayName: NodeName])
    {
        var whole = observed
        var nodes: [GatewayName: NodeName] = [:]
        let homes = Dictionary(declared.map { ($0.name, $0.node) }, uniquingKeysWith: { first, _ in first })
        for (gateway, node) in homes where node != observed.node {
            whole.gateways[gateway] = nil
            nodes[gateway] = node
        }
        for other in elsewhere {
            for (gateway, live) in other.gateways
            where homes[gateway].map({ $0 == other.node }) ?? (whole.gateways[gateway] == nil) {
                whole.gateways[gateway] = live
                nodes[gateway] = other.node
            }
        }
        return (whole, nodes)
    }

    /// The name of a node that is not the plan's own; `nil` for that.
    func other(_ node: ObservedNode) -> NodeName? { node.node == observed.node ? nil : node.node }

    /// Whether what a gateway sends to `endpoint` reaches a container of `node`: on its own machine by the container's
    /// address, from another by a port of the machine (`requirements.md` §1.6.1).
    func leads(
        _ endpoint: Endpoint, from gateway: GatewayName, to container: ObservedContainer, on node: NodeName
    ) -> Bool {
        if (gatewayNodes[gateway] ?? observed.node) == node {
            return container.attachments.values.contains { $0.address == endpoint.host }
        }
        return addresses[node] == endpoint.host && container.published.values.contains(endpoint.port)
    }

    var observedGateway: ObservedGateway? { gateway.flatMap { observed.gateways[$0.name] } }
}

package struct PlanPolicy: Hashable, Sendable {
    /// The longest an old container is kept for its open sessions after a flip.
    package var drainMillis: Int
    /// Deletions up to this many sandboxes need no consent…
    package var freeDeletions: Int
    /// …nor do those up to this part, in percent, of what exists.
    package var freeDeletionPercent: Int
    /// How long what was made of a commit is kept after the last use of it.
    package var keepMillis: Int64

    package init(
        drainMillis: Int = 10_000, freeDeletions: Int = 3, freeDeletionPercent: Int = 20,
        keepMillis: Int64 = standardKeepMillis
    ) {
        self.drainMillis = drainMillis
        self.freeDeletions = freeDeletions
        self.freeDeletionPercent = freeDeletionPercent
        self.keepMillis = keepMillis
    }

    /// A day: whoever goes back to yesterday's commit does not wait.
    package static let standardKeepMillis: Int64 = 86_400_000
}

/// The names of what a sandbox has on the engine (`requirements.md` §1.3). They are for people; identity is the uid.
package enum EngineNames {
    /// How many alternative names are tried before planning gives up.
    static let mostGenerations = 1000

    package static func network(_ sandbox: SandboxName) -> String { "sandbox-\(sandbox)" }

    package static func container(_ sandbox: SandboxName, _ service: ServiceName) -> String {
        "sandbox-\(sandbox)-\(service)"
    }

    /// `name`, or the first of `name-g2`, `name-g3`, … that nobody has.
    static func free(_ name: String, among taken: Set<String>) -> String? {
        if !taken.contains(name) { return name }
        return (2...mostGenerations).lazy.map { "\(name)-g\($0)" }.first { !taken.contains($0) }
    }
}
