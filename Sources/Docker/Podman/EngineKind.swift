/// Which engine answers. Podman speaks Docker's interface; where it does so otherwise, ``Podman`` knows.
enum EngineKind: Sendable {
    case docker, podman

    /// A part of the answer to `/version`.
    struct Component: Decodable, Sendable {
        let name: String?
        enum CodingKeys: String, CodingKey { case name = "Name" }
    }

    init(_ components: [Component]) {
        self = components.contains { $0.name == "Podman Engine" } ? .podman : .docker
    }
}
