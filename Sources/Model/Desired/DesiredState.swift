/// What one commit of the manifest repository says should run: a pure function of that commit and its history.
package struct DesiredState: Sendable {
    package var revision: Revision
    package var nodes: [NodeName: DesiredNode]
    package var gateways: [GatewayName: DesiredGateway]
    package var sandboxes: [SandboxName: DesiredSandbox]
    /// Sandboxes whose authors name no node. They stand here until one is chosen, and in ``sandboxes`` from then on.
    package var unplaced: [SandboxName: UnplacedSandbox]
    /// Where requests outside every sandbox go, by service.
    package var baselines: [ServiceName: DesiredBaseline]
    package var bundles: [BundleName: DesiredBundle]
    /// Rules of gateways, in order of place.
    package var routes: [DesiredRoute]
    /// Where the authors of sandboxes may send requests by an address of their own.
    package var targetPolicy: TargetPolicy
    /// Everything wrong with the manifests, in order of place.
    package var problems: [ManifestProblem]
    /// Sandboxes that are declared but broken, and of which no good version is known: what runs is left alone.
    package var frozen: [SandboxName: ManifestProblem]
    /// Set while a file cannot be read and no good version of it is known: no sandbox is deleted, for the unreadable
    /// file may be where it is declared now.
    package var deletionsHeld: ManifestProblem?

    package init(
        revision: Revision, nodes: [NodeName: DesiredNode] = [:], gateways: [GatewayName: DesiredGateway] = [:],
        sandboxes: [SandboxName: DesiredSandbox] = [:], unplaced: [SandboxName: UnplacedSandbox] = [:],
        baselines: [ServiceName: DesiredBaseline] = [:],
        bundles: [BundleName: DesiredBundle] = [:], routes: [DesiredRoute] = [],
        targetPolicy: TargetPolicy = TargetPolicy(), problems: [ManifestProblem] = [],
        frozen: [SandboxName: ManifestProblem] = [:], deletionsHeld: ManifestProblem? = nil
    ) {
        self.revision = revision
        self.nodes = nodes
        self.gateways = gateways
        self.sandboxes = sandboxes
        self.unplaced = unplaced
        self.baselines = baselines
        self.bundles = bundles
        self.routes = routes
        self.targetPolicy = targetPolicy
        self.problems = problems
        self.frozen = frozen
        self.deletionsHeld = deletionsHeld
    }
}

/// Something the author of a manifest must change, or had better look at.
package struct ManifestProblem: Error, Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable { case error, warning }

    package let severity: Severity
    package let place: Place
    /// A stable word for tools: `unknown-key`, `duplicate-name`.
    package let code: String
    /// The problem and its remedy in one sentence, without the place.
    package let message: String

    package init(_ severity: Severity = .error, at place: Place, code: String, _ message: String) {
        self.severity = severity
        self.place = place
        self.code = code
        self.message = message
    }
}

extension ManifestProblem: CustomStringConvertible {
    package var description: String { "\(place): \(severity.rawValue): \(message)" }
}

/// The shared deployment of a service ("OCP" in the requirements).
package struct DesiredBaseline: Hashable, Sendable {
    package let service: ServiceName
    package var endpoint: Endpoint
    package var probe: BaselineProbe?
    package var place: Place

    package init(service: ServiceName, endpoint: Endpoint, probe: BaselineProbe? = nil, place: Place) {
        self.service = service
        self.endpoint = endpoint
        self.probe = probe
        self.place = place
    }
}
