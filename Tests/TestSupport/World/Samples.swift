package import Model

/// Values for tests, written short. A malformed literal is a fault of the test and stops it.
package enum Sample {
    package static let node = name("local", NodeName.self)
    package static let gatewayName = name("main", GatewayName.self)
    package static let place = Place(file: "manifests/qa.yaml", line: 3, column: 1)

    package static func name<Kind>(_ text: String, _: Name<Kind>.Type = Name<Kind>.self) -> Name<Kind> {
        guard let name = try? Name<Kind>(text) else { preconditionFailure("\(text) is no name") }
        return name
    }

    package static func commit(_ digit: Character) -> CommitID {
        guard let id = CommitID(String(repeating: digit, count: 40)) else { preconditionFailure("not hex: \(digit)") }
        return id
    }

    package static func revision(_ digit: Character = "9") -> Revision {
        Revision(
            commit: commit(digit), author: "Achmad", committedAt: Timestamp(milliseconds: 0), subject: "qa: retry")
    }

    package static func image(_ text: String) -> ImageReference {
        guard let image = ImageReference(text) else { preconditionFailure("\(text) is no image") }
        return image
    }

    package static func spec(_ image: String, _ change: (inout ContainerSpec) -> Void = { _ in }) -> ContainerSpec {
        var spec = ContainerSpec(
            image: self.image(image), ports: [ContainerPort(name: "http", number: 8080, isDefault: true)],
            health: HealthCheck(probe: .http(path: "/health", port: 8080)))
        change(&spec)
        return spec
    }

    package static func container(_ image: String, branch: String? = "feature/login") -> DesiredService {
        DesiredService(use: .container(spec(image), branch: branch), place: place)
    }

    package static let repository = CodeRepository(
        name: name("account"), location: .folder("/srv/account.git"),
        place: Place(file: "manifests/repositories.yaml", line: 1, column: 1))

    /// A service made of a branch: built on the node, or an image of a Dockerfile.
    package static func made(
        of branch: String = "feature/login",
        by recipe: Recipe = .worktree(build: HostBuild(command: ["make"]), target: "/src"),
        image: String = "runtime:1", _ change: (inout ContainerSpec) -> Void = { _ in }
    ) -> DesiredService {
        DesiredService(
            use: .container(
                spec(image, change), branch: branch,
                making: Making(repository: repository, reference: branch, recipe: recipe)), place: place)
    }

    package static func code(_ name: String = "feature/login") -> CodeReference {
        CodeReference(repository.name, name)
    }

    package static func baseline(_ host: String) -> DesiredService {
        DesiredService(use: .baseline(Endpoint(scheme: .http, host: host, port: 80)), place: place)
    }

    package static let gateway = DesiredGateway(
        name: gatewayName, node: node, sandboxPorts: 18080...18099, webPort: 18000, baseDomain: "berth.localhost",
        place: Place(file: "manifests/gateway.yaml", line: 1, column: 1))

    /// One that looks after calls out of sandboxes.
    package static let insideGateway = DesiredGateway(
        name: gatewayName, node: node, sandboxPorts: 18080...18099, webPort: 18000, baseDomain: "berth.localhost",
        insidePorts: [80, 8080], place: Place(file: "manifests/gateway.yaml", line: 1, column: 1))

    package static func rule(
        _ title: String, _ match: RouteMatch = RouteMatch(), _ backends: [RouteBackend],
        fallback: Set<RouteRule.Fallback> = [], line: Int = 1
    ) -> DesiredRoute.Placed {
        DesiredRoute.Placed(
            rule: RouteRule(title: title, match: match, backends: backends, fallback: fallback),
            place: Place(file: "manifests/routes.yaml", line: line, column: 5))
    }

    package static func backend(_ service: String, _ use: RouteBackend.Use = .automatic, weight: Int = 1)
        -> RouteBackend
    {
        RouteBackend(service: name(service), use: use, weight: weight)
    }

    /// `http://host:8080` with a label.
    package static func target(_ host: String, _ label: String) -> RouteTarget {
        .endpoint(Endpoint(scheme: .http, host: host, port: 8080), label: label)
    }

    package static func sandbox(
        _ services: [String: DesiredService], named name: String = "qa", state: DesiredSandbox.State = .active
    ) -> DesiredSandbox {
        DesiredSandbox(
            name: self.name(name), state: state, node: node, gateway: gatewayName, listener: .automatic,
            services: Dictionary(uniqueKeysWithValues: services.map { (self.name($0.key), $0.value) }), place: place,
            changedBy: revision())
    }

    package static func desired(_ sandboxes: DesiredSandbox..., at digit: Character = "9") -> DesiredState {
        DesiredState(
            revision: revision(digit), nodes: [node: DesiredNode(name: node)], gateways: [gatewayName: gateway],
            sandboxes: Dictionary(uniqueKeysWithValues: sandboxes.map { ($0.name, $0) }))
    }
}
