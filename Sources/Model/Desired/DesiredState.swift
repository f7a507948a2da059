/// What one commit of the manifest repository says should run: a pure function of that commit and its history.
package struct DesiredState: Sendable {
    package var revision: Revision
    package var nodes: [NodeName: DesiredNode]
    package var gateways: [GatewayName: DesiredGateway]
    package var sandboxes: [SandboxName: DesiredSandbox]
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
        sandboxes: [SandboxName: DesiredSandbox] = [:], baselines: [ServiceName: DesiredBaseline] = [:],
        bundles: [BundleName: DesiredBundle] = [:], routes: [DesiredRoute] = [],
        targetPolicy: TargetPolicy = TargetPolicy(), problems: [ManifestProblem] = [],
        frozen: [SandboxName: ManifestProblem] = [:], deletionsHeld: ManifestProblem? = nil
    ) {
        self.revision = revision
        self.nodes = nodes
        self.gateways = gateways
        self.sandboxes = sandboxes
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

/// A machine with an engine.
package struct DesiredNode: Hashable, Sendable {
    package let name: NodeName
    /// Never pulls; images must be present.
    package var isOffline: Bool
    /// Where published ports come from.
    package var portPool: ClosedRange<UInt16>
    package var subnetPool: Subnet
    package var perSandboxPrefix: Int
    /// How many builds run at once.
    package var buildWidth: Int
    /// Where other nodes reach it.
    package var address: String?

    package init(
        name: NodeName, isOffline: Bool = true, portPool: ClosedRange<UInt16> = 9001...9499,
        subnetPool: Subnet? = nil, perSandboxPrefix: Int = 28, buildWidth: Int = standardBuildWidth,
        address: String? = nil
    ) {
        self.name = name
        self.isOffline = isOffline
        self.portPool = portPool
        self.subnetPool = subnetPool ?? Self.standardPool
        self.perSandboxPrefix = perSandboxPrefix
        self.buildWidth = buildWidth
        self.address = address
    }

    package static let standardBuildWidth = 2

    /// 10.210.0.0/16: 4,096 sandboxes of /28.
    private static let standardPool: Subnet = {
        guard let pool = Subnet(base: 10 << 24 | 210 << 16, prefix: 16) else {
            preconditionFailure("10.210.0.0/16 is a subnet")
        }
        return pool
    }()
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
