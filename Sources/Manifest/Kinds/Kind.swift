/// The kinds of manifests.
package enum ManifestKind: String, Hashable, Sendable, CaseIterable {
    case node = "Node"
    case service = "Service"
    case baseline = "Baseline"
    case environment = "Environment"
    case template = "Template"
    case sandbox = "Sandbox"
    case gateway = "Gateway"
    case repository = "Repository"
    case imageBundle = "ImageBundle"
    case route = "Route"
    case deployment = "Deployment"
    case policy = "Policy"

    /// The first key of a document in the short form: the kind with a small letter first.
    package var key: String { rawValue.prefix(1).lowercased() + rawValue.dropFirst() }
}

/// What a manifest is about: there is one of each in a repository.
package struct ObjectID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let kind: ManifestKind
    /// The name as a slug.
    package let name: String

    package init(kind: ManifestKind, name: String) {
        self.kind = kind
        self.name = name
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.kind.rawValue, lhs.name) < (rhs.kind.rawValue, rhs.name)
    }

    package var description: String { "\(kind.key) \(name)" }
}

/// What the author says of one thing.
enum Spec: Sendable {
    case node(NodeSpec)
    case service(ServiceSpec)
    case baseline(BaselineSpec)
    case environment(EnvironmentSpec)
    case template(TemplateSpec)
    case sandbox(SandboxSpec)
    case gateway(GatewaySpec)
    case repository(RepositorySpec)
    case imageBundle(BundleSpec)
    case route(RouteSpec)
    case deployment(DeploymentSpec)
    case policy(PolicySpec)
}
