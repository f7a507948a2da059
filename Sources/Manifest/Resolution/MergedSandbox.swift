internal import Model

/// A sandbox with its templates worked in: what is nearer to the sandbox wins, environments add up.
struct MergedSandbox {
    struct Placement {
        let spec: PlacementSpec
        let file: String
    }

    var gatewayName: Placed<Reference>?
    var gatewayBranch: Place?
    var gatewayPort: Placed<PortRequest>?
    var services: [String: MergedService] = [:]
    var environments: [Placed<Reference>] = []
    var resources: Placed<ResourcesSpec>?
    var state: SandboxSpec.State?
    /// That which is nearest to the sandbox, as a whole.
    var placement: Placement?
    /// By name; a route of a template is replaced as a whole.
    var routes: [String: Placed<RouteBody>] = [:]

    /// Puts `spec` over what is here.
    mutating func overlay(_ spec: SandboxSpec, in file: String, _ findings: inout Findings) {
        if let gateway = spec.gateway {
            gatewayName = gateway.name?.placed(in: file) ?? gatewayName
            gatewayBranch = gateway.branch?.mark.place(in: file) ?? gatewayBranch
            gatewayPort = gateway.port?.placed(in: file) ?? gatewayPort
        }
        environments += spec.environments.map { $0.placed(in: file) }
        resources = spec.resources?.placed(in: file) ?? resources
        state = spec.state ?? state
        placement = spec.placement.map { Placement(spec: $0, file: file) } ?? placement
        overlayRoutes(spec, in: file, &findings)
        var keys: [String: Named<SandboxServiceSpec>] = [:]
        for service in spec.services {
            let place = service.mark.place(in: file)
            guard let slug = Slug.make(service.name) else {
                findings.error(
                    place, "name", "\(quoted(service.name)) is not a name; use letters, digits and \"-\"")
                continue
            }
            if let twin = keys.updateValue(service, forKey: slug) {
                findings.error(
                    place, "name-clash",
                    "services \(quoted(service.name)) and \(quoted(twin.name)) at line \(twin.mark.line) both become "
                        + "\"\(slug)\"; remove one of them")
                continue
            }
            let reference = Reference(text: service.name, name: slug, mark: service.mark)
            services[slug, default: MergedService(reference: reference, place: place)]
                .overlay(service.value, named: reference, in: file)
        }
    }

    private mutating func overlayRoutes(_ spec: SandboxSpec, in file: String, _ findings: inout Findings) {
        var keys: [String: Named<RouteBody>] = [:]
        for route in spec.routes {
            let place = route.mark.place(in: file)
            guard let slug = Slug.make(route.name) else {
                findings.error(place, "name", "\(quoted(route.name)) is not a name; use letters, digits and \"-\"")
                continue
            }
            if let twin = keys.updateValue(route, forKey: slug) {
                findings.error(
                    place, "name-clash",
                    "routes \(quoted(route.name)) and \(quoted(twin.name)) at line \(twin.mark.line) both become "
                        + "\"\(slug)\"; rename one of them")
            }
            routes[slug] = Placed(value: route.value, place: place)
        }
    }

    func hasContainer(of service: String) -> Bool {
        guard let service = services[service] else { return false }
        if case .container = service.choice ?? .container(branch: nil) { return true }
        return false
    }
}

/// A sandbox while it is worked in: what its services need to know of it.
struct SandboxSetting {
    let name: SandboxName
    let merged: MergedSandbox
    let node: NodeName?
    let gateway: DesiredGateway?
}

/// What a sandbox and its templates say of one service.
struct MergedService {
    enum Choice {
        case baseline
        case container(branch: String?)
        case target(Endpoint)
    }

    var reference: Reference
    var place: Place
    var choice: Choice?
    var port: Placed<PortRequest>?
    var image: Placed<String>?
    var commit: Placed<CommitID>?
    var environments: [Placed<Reference>] = []
    var variables: [String: String] = [:]
    var resources = ResourcesSpec()

    init(reference: Reference, place: Place) {
        self.reference = reference
        self.place = place
    }

    fileprivate mutating func overlay(_ spec: SandboxServiceSpec, named reference: Reference, in file: String) {
        self.reference = reference
        place = reference.mark.place(in: file)
        switch (choice, spec.choice) {
        case (.container(let branch)?, .container(branch: nil, let nearer)?):
            choice = .container(branch: branch)
            commit = nearer?.placed(in: file) ?? commit
        case (_, .container(let branch, let nearer)?):
            // Another branch, so what pinned the one before does not hold.
            choice = .container(branch: branch)
            commit = nearer?.placed(in: file)
        case (_, .baseline?): choice = .baseline
        case (_, .target(let endpoint)?): choice = .target(endpoint)
        case (_, nil): break
        }
        port = spec.port?.placed(in: file) ?? port
        image = spec.image?.placed(in: file) ?? image
        environments += spec.environments.map { $0.placed(in: file) }
        for variable in spec.variables { variables[variable.name] = variable.value }
        resources = spec.resources.over(resources)
    }
}
