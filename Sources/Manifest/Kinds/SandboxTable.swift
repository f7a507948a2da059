internal import Model

/// What a sandbox, or a template of it, says. Everything is optional: templates fill in.
struct SandboxSpec: Sendable {
    enum State: String, CaseIterable, Sendable {
        case active = "Active"
        case suspended = "Suspended"
    }

    var template: TemplateReference?
    var gateway: GatewayChoice?
    var services: [Named<SandboxServiceSpec>] = []
    var environments: [Reference] = []
    var resources: Located<ResourcesSpec>?
    var state: State?
    var placement: PlacementSpec?
    var routes: [Named<RouteBody>] = []
}

struct TemplateReference: Sendable {
    var name: Reference?
    var parameters: [Named<Located<String>>] = []
}

struct GatewayChoice: Sendable {
    var name: Reference?
    var branch: Located<String>?
    var port: Located<PortRequest>?
}

/// What a sandbox does with one service.
struct SandboxServiceSpec: Sendable {
    enum Use: String, CaseIterable, Sendable { case baseline, sandbox }
    enum Choice: Sendable {
        case baseline
        case container(branch: String?, commit: Located<CommitID>?)
        case target(Endpoint)
    }
    struct Variable: Sendable {
        let name: String
        let value: String
    }

    var use: Use?
    var useOCP: Bool?
    var branch: String?
    var commit: Located<CommitID>?
    var target: Endpoint?
    var port: Located<PortRequest>?
    var image: Located<String>?
    var environments: [Reference] = []
    var variables: [Variable] = []
    var resources = ResourcesSpec()

    /// `nil` where nothing is said of where requests go.
    var choice: Choice? {
        if let target { return .target(target) }
        if use == .baseline || useOCP == true { return .baseline }
        if use == .sandbox || useOCP == false || branch != nil || commit != nil {
            return .container(branch: branch, commit: commit)
        }
        return nil
    }
}

extension SandboxSpec {
    static let table = KindTable(
        .sandbox, "Services of a feature branch, run beside the shared ones.", SandboxSpec(), fields,
        wrap: Spec.sandbox)

    static let shape = Shape<SandboxSpec>.record("sandboxSpec", SandboxSpec(), fields)

    /// Also the keys of a template.
    static let fields: [Field<SandboxSpec>] = [
        Field("template", template, "The template that fills in what is not said here.") { $0.template = $1 },
        Field("gateway", gateway, default: "the only gateway", "The gateway that sends requests here.") {
            $0.gateway = $1
        },
        Field(
            "services", SandboxServiceSpec.shape.keyed(mayBeEmpty: true),
            "What is done with each service; one not named goes to its baseline."
        ) { $0.services = $1 },
        Field("environmentRefs", Shape<Reference>.reference.list(), "Environments of all its containers.") {
            $0.environments = $1
        },
        Field("resources", ResourcesSpec.total.located, "What its containers may use together.") {
            $0.resources = $1
        },
        Field("lifecycle", lifecycle, "Whether it runs.") { $0.state = $1 },
        Field("placement", PlacementSpec.shape, default: "the only machine, or any of type MICRO", "Where it runs.") {
            $0.placement = $1
        },
        Field("routes", RouteBody.shape.keyed(), "Rules for its own requests, by name; see the kind Route.") {
            $0.routes = $1
        },
    ]

    private static let template: Shape<TemplateReference> = .text(
        Shape<Reference>.reference.map { TemplateReference(name: $0) },
        or: .record(
            "templateChoice", TemplateReference(),
            [
                Field("name", .reference, required: true, "The template.") { $0.name = $1 },
                Field("parameters", Shape<String>.text.located.keyed(), "What its $(…) stand for.") {
                    $0.parameters = $1
                },
            ]))

    private static let gateway: Shape<GatewayChoice> = .text(
        Shape<Reference>.reference.map { GatewayChoice(name: $0) },
        or: .record(
            "gatewayChoice", GatewayChoice(),
            [
                Field("ref", .reference, default: "the only gateway", "The gateway.") { $0.name = $1 },
                Field("branch", Shape<String>.branch.located, "The branch of a gateway that is itself a service.") {
                    $0.branch = $1
                },
                Field("port", Shape<PortRequest>.portRequest.located, default: "auto", "The port of its own.") {
                    $0.port = $1
                },
            ]))

    private static let lifecycle = Shape<State?>.record(
        "lifecycle", nil,
        [
            Field("state", Shape<State>.choice, default: "Active", "Suspended keeps everything, but stopped.") {
                $0 = $1
            }
        ])
}

extension SandboxServiceSpec {
    static let shape = Shape<SandboxServiceSpec>.record(
        "sandboxService", SandboxServiceSpec(),
        [
            Field("use", Shape<Use>.choice, "The shared deployment, or a container of its own.") { $0.use = $1 },
            Field("use_ocp", .boolean, "Another spelling of \"use: baseline\".") { $0.useOCP = $1 },
            Field(
                "branch", .branch, default: "the repository's default branch, or else main",
                "The branch its container is made of."
            ) { $0.branch = $1 },
            Field("commit", .commit, "The commit its container stays at, whatever the branch does.") {
                $0.commit = $1
            },
            Field("target", .endpoint, "An address instead of a container.") { $0.target = $1 },
            Field(
                "port", Shape<PortRequest>.portRequest.located,
                "A port of the machine itself, where something outside needs it."
            ) {
                $0.port = $1
            },
            Field("image", .image, "An image instead of the service's.") { $0.image = $1 },
            Field("environmentRefs", Shape<Reference>.reference.list(), "Environments of this container.") {
                $0.environments = $1
            },
            Field("env", variables, "Variables of this container.") { $0.variables = $1 },
            Field("resources", ResourcesSpec.shape, "What this container may use.") { $0.resources = $1 },
        ]
    ) { service, node, reader in
        let usesBaseline = service.use == .baseline || service.useOCP == true
        if service.use != nil, let useOCP = service.useOCP, (service.use == .baseline) != useOCP {
            reader.report(node.mark, "exclusive", "\"use\" and \"use_ocp\" contradict each other; keep one of them")
        }
        if service.target != nil,
            service.use != nil || service.useOCP != nil || service.branch != nil || service.commit != nil
        {
            reader.report(
                node.mark, "exclusive",
                "\"target\" says where requests go; remove \"use\", \"use_ocp\", \"branch\" and \"commit\"")
        }
        if usesBaseline, service.branch != nil || service.commit != nil {
            let key = service.branch != nil ? "branch" : "commit"
            reader.report(
                node.mark, "exclusive",
                "the baseline has no \(key); remove \"\(key)\", or write \"use: sandbox\" for a container of its own")
        }
        if usesBaseline || service.target != nil,
            let idle = ["image", "env", "environmentRefs", "resources", "port"].first(where: { node[$0] != nil })
        {
            reader.report(
                node.mark, "exclusive", "\"\(idle)\" is for a container, and this service has none here; remove it")
        }
    }

    /// Also the variables of a build.
    static let variables: Shape<[Variable]> = .list(
        Shape<[Variable]>(EnvironmentSpec.variable.list().schema) { node, reader in
            guard let variables = EnvironmentSpec.variable.located.list().read(node, &reader) else { return nil }
            EnvironmentSpec.rejectTwins(variables.map { ($0.value.name, $0.mark) }, "variable", &reader)
            return variables.map { Variable(name: $0.value.name, value: $0.value.value) }
        },
        or: Shape<[Variable]>(Shape<String>.value.keyed().schema) { node, reader in
            guard let variables = Shape<String>.value.keyed().read(node, &reader) else { return nil }
            for variable in variables {
                let key = Node(mark: variable.mark, content: .scalar(variable.name, isPlain: false))
                _ = Shape<String>.variableName.literal.read(key, &reader)
            }
            return variables.map { Variable(name: $0.name, value: $0.value) }
        })
}

extension Shape where Value == String {
    /// A branch as git allows it, as far as it matters here: no spaces, control characters or `..`.
    static var branch: Shape {
        .text("a branch; write it as git shows it", pattern: "^[^\\s~^:?*\\[\\\\-][^\\s~^:?*\\[\\\\]*$") { text in
            text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"~^:?*[\\".utf8.contains($0) }
                && text.utf8.first != UInt8(ascii: "-") && !text.contains("..") && Slug.make(text) != nil
                && text.utf8.count <= 255
        }
    }
}

extension Shape where Value == Located<CommitID>? {
    /// A whole commit id. `""` is none, so that a template's parameter can be left empty.
    fileprivate static var commit: Shape {
        let commit = Shape<CommitID>.parsed(
            .text(pattern: "^([0-9a-f]{40})?$"), "a commit; write all 40 digits, as git rev-parse prints them",
            CommitID.init
        ).located
        return Shape(commit.schema) { node, reader in
            if case .scalar("", isPlain: false) = node.content { return .some(nil) }
            return commit.read(node, &reader).map(Optional.some)
        }
    }
}

extension Shape where Value == PortRequest {
    /// `auto`, or a port.
    static var portRequest: Shape {
        Shape(.either([.choice(["auto"]), .integer(1...65535)])) { node, reader in
            if node.scalar == "auto" { return .automatic }
            if let text = node.scalar, text.utf8.first.map(Paths.isLetter) == true {
                reader.report(node.mark, "choice", "\(quoted(text)) is not a port; write auto, or a number")
                return nil
            }
            return Shape<UInt16>.port.read(node, &reader).map(PortRequest.fixed)
        }
    }
}
