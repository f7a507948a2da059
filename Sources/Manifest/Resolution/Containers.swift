internal import Model

// What a sandbox does with one service, and the container it comes to.
extension Resolver {
    /// The branch of a container for which nobody names one.
    private static let standardBranch = "main"

    mutating func use(
        _ service: MergedService, in setting: SandboxSetting, _ findings: inout Findings
    ) -> DesiredService.Use? {
        let reference = Placed(value: service.reference, place: service.place)
        guard let declared = index.find(reference, .service, in: index.services, &findings) else { return nil }
        switch service.choice ?? .container(branch: nil) {
        case .target(var endpoint):
            checkTarget(endpoint, at: service.place, &findings)
            warnOfLabels(for: declared, service, in: setting, &findings)
            endpoint.isLiteral = true
            return .target(endpoint)
        case .baseline:
            guard let baseline = result.baselines[Self.name(declared.name)] else {
                findings.error(
                    service.place, "no-baseline",
                    "service \(quoted(declared.object.title)) has no baseline; add \"baseline: {url: …}\" to it at "
                        + "\(declared.place.short), or write \"branch\" here")
                return nil
            }
            warnOfLabels(for: declared, service, in: setting, &findings)
            return .baseline(baseline.endpoint)
        case .container(let branch):
            return container(of: declared, service, in: setting, branch: branch, &findings)
        }
    }

    private mutating func container(
        of declared: Declared<ServiceSpec>, _ service: MergedService, in setting: SandboxSetting, branch: String?,
        _ findings: inout Findings
    ) -> DesiredService.Use? {
        let environment = environment(of: references(of: declared, service, in: setting.merged), &findings)
        let ports = ports(of: declared, service, &findings)
        var making: Making?
        if let recipe = declared.spec.recipe?.making, let reference = declared.spec.repository {
            let reference = reference.placed(in: declared.place.file)
            making = self.making(recipe, of: reference, service, branch: branch, on: setting.node, &findings)
            // A repository out of reach leaves the default branch unknown, and with it the image.
            guard making != nil else { return nil }
        } else if let commit = service.commit {
            findings.error(
                commit.place, "no-repository",
                "service \(quoted(declared.object.title)) has no repository that a commit could be of; remove "
                    + "\"commit\" here, or add \"repository\" and a recipe to the service at \(declared.place.short)")
        }
        let chosen = branch ?? making?.repository.defaultBranch ?? Self.standardBranch
        let image = image(of: declared, service, making, branch: chosen, &findings)
        guard let environment, let ports, let image else { return nil }
        var spec = ContainerSpec(image: image, command: declared.spec.recipe?.command, ports: ports)
        spec.environment = service.variables.mapValues(EnvironmentValue.plain)
        for (name, value) in environment.variables.sorted(by: { $0.key < $1.key })
        where spec.environment[name] == nil {
            switch value {
            case .fixed(let value): spec.environment[name] = value
            case .address(let reference):
                spec.environment[name] = address(of: reference, in: setting, &findings).map(EnvironmentValue.plain)
            }
        }
        spec.files = environment.files.values.sorted { $0.path < $1.path }
        spec.limits = service.resources.over(declared.spec.resources).limits
        spec.restart = declared.spec.restart ?? spec.restart
        spec.health = declared.spec.health?.value.check(of: ports, routed: spec.routedPort)
        spec.labels = labels(of: spec, declared, service, in: setting, &findings)
        if let making { checkFiles(of: spec, against: making.recipe, at: service.place, &findings) }
        return .container(spec, branch: chosen, making: making)
    }

    /// The environments of a container, in the order in which they win.
    private func references(
        of declared: Declared<ServiceSpec>, _ service: MergedService, in merged: MergedSandbox
    ) -> [Placed<Reference>] {
        declared.spec.environments.map { $0.placed(in: declared.place.file) } + merged.environments
            + service.environments
    }

    /// Their names, each once; none for a service without a container.
    func environments(of service: MergedService, in merged: MergedSandbox) -> [EnvironmentName] {
        guard case .container = service.choice ?? .container(branch: nil),
            let declared = index.services[service.reference.name]
        else { return [] }
        var names: [EnvironmentName] = []
        for reference in references(of: declared, service, in: merged) {
            let name: EnvironmentName = Self.name(reference.value.name)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private func making(
        _ recipe: Recipe, of reference: Placed<Reference>, _ service: MergedService, branch: String?,
        on node: NodeName?, _ findings: inout Findings
    ) -> Making? {
        guard let repository = repository(reference, &findings) else { return nil }
        if let only = repository.node, let node, only != node {
            findings.error(
                service.place, "other-node",
                "repository \(quoted(reference.value.text)) is on node \(only), and the sandbox on \(node); "
                    + "write placement: {node: \(only)}, or give the repository a \"url\" and no \"node\" at "
                    + repository.code.place.short)
            return nil
        }
        return Making(
            repository: repository.code,
            reference: service.commit?.value.text ?? branch ?? repository.code.defaultBranch, recipe: recipe)
    }

    private func image(
        of declared: Declared<ServiceSpec>, _ service: MergedService, _ making: Making?, branch: String,
        _ findings: inout Findings
    ) -> ImageReference? {
        if case .image? = making?.recipe, let making {
            guard let other = service.image else { return ImageText.pending(making.repository) }
            findings.error(
                other.place, "exclusive",
                "the image of service \(quoted(declared.object.title)) is built from its Dockerfile, of the branch that is "
                    + "chosen; remove \"image\" here")
            return nil
        }
        guard let text = service.image?.value ?? declared.spec.recipe?.image else {
            findings.error(
                service.place, "no-image",
                "service \(quoted(declared.object.title)) has no image; add \"image\" to it at "
                    + "\(declared.place.short), or write one here")
            return nil
        }
        guard let image = ImageText.reference(text, branch: branch) else {
            findings.error(
                service.place, "value",
                "with branch \(quoted(branch)) the image \(quoted(text)) is no reference; "
                    + "shorten one of them")
            return nil
        }
        return image
    }

    private func ports(
        of declared: Declared<ServiceSpec>, _ service: MergedService, _ findings: inout Findings
    ) -> [ContainerPort]? {
        var ports = declared.spec.containerPorts
        guard let request = service.port else { return ports }
        let routable = ports.indices.filter { ports[$0].transport.isRouted }
        guard let chosen = routable.first(where: { ports[$0].isDefault }) ?? routable.first ?? ports.indices.first
        else {
            findings.error(
                request.place, "no-port",
                "service \(quoted(declared.object.title)) has no port to publish; add one under \"ports\" at "
                    + declared.place.short)
            return nil
        }
        ports[chosen].published = request.value
        return ports
    }

    /// No file can be put where the files of the commit are mounted read-only.
    private func checkFiles(
        of spec: ContainerSpec, against recipe: Recipe, at place: Place, _ findings: inout Findings
    ) {
        guard case .worktree(_, let target) = recipe else { return }
        for file in spec.files where file.path == target || file.path.hasPrefix(target + "/") {
            findings.error(
                place, "read-only",
                "the file \(file.path) of its environments would lie among the files of the commit at \(target), which "
                    + "are read-only; give it another path")
        }
    }
}

extension ImageText {
    /// What stands for the image of a commit until the commit is known.
    fileprivate static func pending(_ repository: CodeRepository) -> ImageReference {
        guard let image = ImageReference("\(Workpiece.registry)/\(repository.name):pending") else {
            preconditionFailure("a slug is a part of an image reference")
        }
        return image
    }
}
