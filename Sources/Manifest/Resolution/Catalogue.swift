package import Model

/// All manifests of one commit, ready to be worked into what should run. The order of `objects` does not matter.
package struct Catalogue: Sendable {
    let objects: [ManifestObject]
    let contents: [String: [UInt8]]
    let broken: [ObjectID: ManifestProblem]

    /// Takes the manifests, the files that ``ManifestObject/contentPaths`` name, and what is declared but broken, so
    /// that a reference to it is not mistaken for a reference to nothing.
    package init(
        objects: [ManifestObject], contents: [String: [UInt8]] = [:], broken: [ObjectID: ManifestProblem] = [:]
    ) {
        self.objects = objects.sorted { ($0.place, $0.id) < ($1.place, $1.id) }
        self.contents = contents
        self.broken = broken
    }

    /// Works templates, environments and defaults in. Pure, and total: what is wrong is part of the answer.
    package func resolve() -> Resolution {
        var resolver = Resolver(self)
        return resolver.resolve()
    }
}

/// What the manifests of one commit come to.
package struct Resolution: Sendable {
    package var nodes: [NodeName: DesiredNode] = [:]
    package var gateways: [GatewayName: DesiredGateway] = [:]
    package var baselines: [ServiceName: DesiredBaseline] = [:]
    package var sandboxes: [SandboxName: DesiredSandbox] = [:]
    /// Those of which the machine is chosen later; no name is in both.
    package var unplaced: [SandboxName: UnplacedSandbox] = [:]
    package var bundles: [BundleName: DesiredBundle] = [:]
    /// By the manifest they stand in: a Route, a Deployment, or a sandbox with routes of its own. They are kept and
    /// replaced with that manifest.
    package var routes: [ObjectID: [DesiredRoute]] = [:]
    package var targetPolicy = TargetPolicy()
    /// Sandboxes that cannot be used, with their first problem.
    package var broken: [SandboxName: ManifestProblem] = [:]
    /// The same for every kind, sandboxes included: a gateway, baseline or bundle in here is absent above.
    package var brokenObjects: [ObjectID: ManifestProblem] = [:]
    /// Everything found while resolving, in order of place, each thing once.
    package var problems: [ManifestProblem] = []
}

extension [ObjectID: [DesiredRoute]] {
    /// All of them, in order of place.
    package var inOrder: [DesiredRoute] {
        values.flatMap(\.self).sorted { ($0.place, $0.title) < ($1.place, $1.title) }
    }
}

extension Resolution {
    /// A sandbox, wherever it runs.
    func sandbox(_ name: SandboxName) -> DesiredSandbox? { sandboxes[name] ?? unplaced[name]?.sandbox }
}
