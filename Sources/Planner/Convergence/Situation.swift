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
    /// Every gateway of the node.
    package var gateways: [DesiredGateway]
    /// The archives that the node can load images from.
    package var bundles: [DesiredBundle]
    package var observed: ObservedNode
    /// Whether this revision was applied before: what differs now was changed outside git.
    package var wasApplied: Bool
    /// What the engine said lately of this sandbox: `account died (exit 137)`.
    package var observations: [String]
    package var policy: PlanPolicy

    package init(
        revision: Revision, desired: DesiredSandbox?, node: DesiredNode, gateway: DesiredGateway?,
        rules: [RouteRule] = [], fallbacks: Set<ServiceName> = [], gateways: [DesiredGateway] = [],
        bundles: [DesiredBundle] = [], observed: ObservedNode, wasApplied: Bool = false,
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
        self.observed = observed
        self.wasApplied = wasApplied
        self.observations = observations
        self.policy = policy
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
