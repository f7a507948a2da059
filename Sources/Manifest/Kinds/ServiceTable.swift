internal import Model

/// What can be sandboxed: image, ports, health and shared deployment of one service.
struct ServiceSpec: Sendable {
    enum BaselineChoice: Sendable {
        case reference(Reference)
        case target(Located<BaselineTarget>)
    }
    struct Port: Sendable {
        var name: String?
        var number: UInt16 = 0
        var transport = ContainerPort.Transport.http
        var isDefault = false
    }

    var repository: Reference?
    /// `nil` where nothing is said of it: sandboxes name an image then.
    var recipe: RecipeSpec?
    /// The short form of a recipe.
    var short = RecipeSpec.ImageSpec()
    /// `nil` where the author says nothing of ports.
    var ports: [ContainerPort]?
    var health: Located<HealthSpec>?
    var resources = ResourcesSpec()
    var restart: RestartPolicy?
    var environments: [Reference] = []
    var baseline: BaselineChoice?
}

extension ServiceSpec {
    static let table = KindTable(
        .service, "Something that a sandbox can run or borrow.", ServiceSpec(),
        [
            Field("repository", .codeRepository, "Where its source is kept, for recipes that build.") {
                $0.repository = $1
            },
            Field("recipe", RecipeSpec.shape, "What its containers are made of.") { $0.recipe = $1 },
            Field("image", .image, "Short for a recipe of type image; {branch} stands for the chosen branch.") {
                $0.short.image = $1
            },
            Field("command", Shape<String>.text.list(atLeast: 1), "What runs instead of the image's own command.") {
                $0.short.command = $1
            },
            Field("ports", portList, default: "one http port, 80", "The ports its containers listen on.") {
                $0.ports = $1
            },
            Field("health", HealthSpec.shape.located, "How a container proves that it serves.") { $0.health = $1 },
            Field(
                "resources", ResourcesSpec.shape, default: "500m, 512Mi, 512 processes", "What one container may use."
            ) {
                $0.resources = $1
            },
            Field("restart", Shape<RestartPolicy>.choice, default: "unless-stopped", "When the engine starts it again.")
            {
                $0.restart = $1
            },
            Field("environmentRefs", Shape<Reference>.reference.list(), "Its environments; later ones win.") {
                $0.environments = $1
            },
            Field("baseline", baseline, "Its shared deployment.") { $0.baseline = $1 },
        ],
        check: { service, node, reader in
            if node["recipe"] != nil, node["image"] != nil || node["command"] != nil {
                reader.report(
                    node.mark, "exclusive",
                    "\"image\" and \"command\" are short for \"recipe\"; write one or the other")
            }
            if service.recipe == nil {
                if service.short.image != nil { service.recipe = .image(service.short) }
                if service.short.command != nil, service.short.image == nil {
                    reader.report(node.mark, "missing-key", "\"command\" without \"image\"; add the image")
                }
            }
            service.checkSource(node, &reader)
            service.health?.value.check(against: service.containerPorts, &reader)
        },
        wrap: Spec.service)

    /// The ports of its containers. A service that says nothing listens on 80, as images of web servers do.
    var containerPorts: [ContainerPort] { ports ?? [ContainerPort(name: "http", number: 80)] }

    /// The one that the gateway sends requests to; see ``ContainerSpec/routedPort``.
    var routedPort: ContainerPort? {
        let routable = containerPorts.filter(\.transport.isRouted)
        return routable.first(where: \.isDefault) ?? routable.first
    }

    /// A recipe that builds needs a source, and no other does.
    private func checkSource(_ node: Node, _ reader: inout Reader) {
        let building = RecipeSpec.Sort.allCases.filter { $0 != .image }.map(\.rawValue).joined(separator: ", ")
        switch (recipe, repository) {
        case (nil, nil), (.image?, nil), (.hostBuild?, _?), (.dockerfile?, _?), (.phpGateway?, _?): break
        case (nil, let repository?):
            reader.report(
                repository.mark, "missing-key",
                "nothing says how the repository becomes a container; add a recipe, of type \(building)")
        case (.image?, let repository?):
            reader.report(
                repository.mark, "exclusive",
                "an image needs no repository; remove \"repository\", or write a recipe of type \(building)")
        case (.hostBuild(_)?, nil), (.dockerfile(_)?, nil), (.phpGateway(_)?, nil):
            reader.report(
                node["recipe"]?.mark ?? node.mark, "missing-key",
                "a recipe of type \(recipe?.sort.rawValue ?? "") needs a source; add \"repository: …\" to the service")
        }
    }

    private static let portList = Shape<[ContainerPort]>(port.list().schema) { node, reader in
        guard let ports = port.located.list().read(node, &reader) else { return nil }
        let named = ports.map { port in
            (
                ContainerPort(
                    name: port.value.name ?? "\(port.value.transport.rawValue)-\(port.value.number)",
                    number: port.value.number, transport: port.value.transport, isDefault: port.value.isDefault),
                port.mark
            )
        }
        EnvironmentSpec.rejectTwins(named.map { ($0.0.name, $0.1) }, "port name", &reader)
        EnvironmentSpec.rejectTwins(named.map { (String($0.0.number), $0.1) }, "port", &reader)
        if let second = named.filter(\.0.isDefault).dropFirst().first {
            reader.report(second.1, "exclusive", "a second default port; remove one \"default: true\"")
        }
        return named.map(\.0)
    }

    private static let port = Shape<Port>.record(
        "port", Port(),
        [
            Field("name", .name, default: "protocol and number", "What it is called.") { $0.name = $1 },
            Field("container", .port, required: true, "The port inside the container.") { $0.number = $1 },
            Field(
                "protocol", Shape<ContainerPort.Transport>.choice, default: "http",
                "The gateway routes to http ports, and with HTTP/2 to grpc ports."
            ) {
                $0.transport = $1
            },
            Field(
                "default", .boolean, default: "the first http or grpc port", "The gateway sends requests to this one."
            ) {
                $0.isDefault = $1
            },
        ]
    ) { port, node, reader in
        if port.isDefault, !port.transport.isRouted {
            reader.report(
                node.mark, "exclusive", "the default port must be http or grpc; change \"protocol\" or \"default\"")
        }
    }

    private static let baseline: Shape<BaselineChoice> = .text(
        Shape<Reference>.reference.map(BaselineChoice.reference),
        or: written.located.map { written in
            written.value.reference.map(BaselineChoice.reference)
                ?? .target(Located(value: written.value.target, mark: written.value.mark ?? written.mark))
        })

    private static let written = Shape<BaselineRecord>.record(
        "baselineChoice", BaselineRecord(),
        [
            Field("ref", .reference, "The baseline by name.") { $0.reference = $1 },
            Field("url", Shape<Endpoint>.endpoint.located, "Where it answers, written in place.") {
                $0.target.url = $1.value
                $0.mark = $1.mark
            },
        ] + BaselineTarget.fields.map { $0.lifted { record, change in change(&record.target) } },
        instead: BaselineTarget.instead
    ) { record, node, reader in
        if (node["ref"] == nil) == (node["url"] == nil) {
            reader.report(node.mark, "exclusive", "a baseline is {ref: …} or {url: …}; write exactly one of them")
        } else if node["ref"] != nil, let beside = node.entries?.first(where: { $0.key != "ref" }) {
            reader.report(
                beside.mark, "exclusive", "\"\(beside.key)\" belongs to the baseline that is named; move it there")
        }
        record.target.check(node, &reader)
    }

    private struct BaselineRecord: Sendable {
        var reference: Reference?
        var target = BaselineTarget()
        var mark: Mark?
    }
}

extension Shape where Value == Located<String> {
    /// An image reference in which `{branch}` may stand.
    static var image: Shape {
        Shape<String>.text(
            "an image reference; write it like shop/account:{branch}, in lower case", pattern: "^[^\\s\"'\\\\]+$"
        ) { text in
            guard let image = ImageText.reference(text, branch: "main") else { return false }
            return !ImageText.repository(of: image).utf8.contains { (65...90).contains($0) }
        }.located
    }
}

/// Image references with a place for the branch.
enum ImageText {
    private static let placeholder = "{branch}"

    /// The reference for `branch`; `nil` where the text is none.
    static func reference(_ text: String, branch: String) -> ImageReference? {
        guard text.contains(placeholder) else { return ImageReference(text) }
        guard let slug = Slug.make(branch) else { return nil }
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: placeholder) {
            result += rest[..<range.lowerBound]
            result += slug
            rest = rest[range.upperBound...]
        }
        return ImageReference(result + rest)
    }

    /// The part before tag and digest.
    static func repository(of image: ImageReference) -> Substring {
        let name = image.text.prefix { $0 != "@" }
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return name }
        return name[..<colon]
    }
}
