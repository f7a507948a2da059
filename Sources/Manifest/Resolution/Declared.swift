internal import Model

/// A manifest whose kind is known.
struct Declared<Spec: Sendable>: Sendable {
    let object: ManifestObject
    let spec: Spec

    var name: String { object.id.name }
    var place: Place { object.place }

    func place(_ mark: Mark) -> Place { mark.place(in: object.place.file) }
}

extension Mark {
    func place(in file: String) -> Place { Place(file: file, line: Int(line), column: Int(column)) }
}

/// A value with the file it was written in: a sandbox's values come from several.
struct Placed<Value: Sendable>: Sendable {
    let value: Value
    let place: Place
}

extension Located where Value: Sendable {
    func placed(in file: String) -> Placed<Value> { Placed(value: value, place: mark.place(in: file)) }
}

extension Reference {
    func placed(in file: String) -> Placed<Reference> { Placed(value: self, place: mark.place(in: file)) }
}

/// What is wrong, gathered while resolving one thing.
struct Findings {
    private(set) var problems: [ManifestProblem] = []

    var firstError: ManifestProblem? { problems.filter { $0.severity == .error }.min { $0.place < $1.place } }

    mutating func error(_ place: Place, _ code: String, _ message: String) {
        problems.append(ManifestProblem(at: place, code: code, message))
    }

    mutating func append(_ problem: ManifestProblem) { problems.append(problem) }

    mutating func warn(_ place: Place, _ code: String, _ message: String) {
        problems.append(ManifestProblem(.warning, at: place, code: code, message))
    }
}

/// The manifests by kind and name; of two with one name the first by place stays.
struct Index {
    private(set) var nodes: [String: Declared<NodeSpec>] = [:]
    private(set) var services: [String: Declared<ServiceSpec>] = [:]
    private(set) var baselines: [String: Declared<BaselineSpec>] = [:]
    private(set) var environments: [String: Declared<EnvironmentSpec>] = [:]
    private(set) var templates: [String: Declared<TemplateSpec>] = [:]
    private(set) var sandboxes: [String: Declared<SandboxSpec>] = [:]
    private(set) var gateways: [String: Declared<GatewaySpec>] = [:]
    private(set) var repositories: [String: Declared<RepositorySpec>] = [:]
    private(set) var bundles: [String: Declared<BundleSpec>] = [:]
    private(set) var routes: [String: Declared<RouteSpec>] = [:]
    private(set) var deployments: [String: Declared<DeploymentSpec>] = [:]
    private(set) var policies: [String: Declared<PolicySpec>] = [:]
    let broken: [ObjectID: ManifestProblem]

    /// Takes objects in order of place.
    init(_ objects: [ManifestObject], broken: [ObjectID: ManifestProblem], _ findings: inout Findings) {
        self.broken = broken
        var first: [ObjectID: ManifestObject] = [:]
        for object in objects {
            if let earlier = first[object.id] {
                Self.report(object, sameAs: earlier, &findings)
                continue
            }
            first[object.id] = object
            insert(object)
        }
    }

    private mutating func insert(_ object: ManifestObject) {
        let name = object.id.name
        switch object.spec {
        case .node(let spec): nodes[name] = Declared(object: object, spec: spec)
        case .service(let spec): services[name] = Declared(object: object, spec: spec)
        case .baseline(let spec): baselines[name] = Declared(object: object, spec: spec)
        case .environment(let spec): environments[name] = Declared(object: object, spec: spec)
        case .template(let spec): templates[name] = Declared(object: object, spec: spec)
        case .sandbox(let spec): sandboxes[name] = Declared(object: object, spec: spec)
        case .gateway(let spec): gateways[name] = Declared(object: object, spec: spec)
        case .repository(let spec): repositories[name] = Declared(object: object, spec: spec)
        case .imageBundle(let spec): bundles[name] = Declared(object: object, spec: spec)
        case .route(let spec): routes[name] = Declared(object: object, spec: spec)
        case .deployment(let spec): deployments[name] = Declared(object: object, spec: spec)
        case .policy(let spec): policies[name] = Declared(object: object, spec: spec)
        }
    }

    private static func report(
        _ object: ManifestObject, sameAs earlier: ManifestObject, _ findings: inout Findings
    ) {
        let kind = object.id.kind.key
        guard object.title == earlier.title else {
            findings.error(
                object.place, "name-clash",
                "\(kind) \(quoted(object.title)) and \(quoted(earlier.title)) at \(earlier.place.short) both become "
                    + "\"\(object.id.name)\"; rename one of them")
            return
        }
        findings.error(
            object.place, "duplicate-name",
            "\(kind) \(quoted(object.title)) is already declared at \(earlier.place.short), which holds; "
                + "rename or remove one of them")
        findings.error(
            earlier.place, "duplicate-name",
            "\(kind) \(quoted(object.title)) is declared again at \(object.place.short); rename or remove one of them")
    }

    /// What `reference` names, or the reason why there is no such thing.
    func find<Spec>(
        _ reference: Placed<Reference>, _ kind: ManifestKind, in known: [String: Declared<Spec>],
        _ findings: inout Findings
    ) -> Declared<Spec>? {
        let name = reference.value.name
        if let found = known[name] { return found }
        if let problem = broken[ObjectID(kind: kind, name: name)] {
            findings.error(
                reference.place, "broken-reference",
                "\(kind.key) \(quoted(reference.value.text)) is broken at \(problem.place); mend that first")
        } else {
            let hint = Nearest.hint(for: name, among: known.keys) ?? "; declare it, or correct the name"
            findings.error(
                reference.place, "unknown-name", "there is no \(kind.key) \(quoted(reference.value.text))\(hint)")
        }
        return nil
    }
}
