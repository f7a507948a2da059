internal import Model

/// Works the manifests of one commit into what should run, kind by kind: what is referred to comes first.
struct Resolver {
    let index: Index
    let contents: [String: [UInt8]]
    var result = Resolution()
    var findings = Findings()
    var environments: [String: EnvironmentState] = [:]
    /// Those that can be used.
    var repositories: [String: ReachableRepository] = [:]
    var layers: [String: SandboxSpec] = [:]
    /// Every machine that each of the unplaced sandboxes may come to.
    var choices: [SandboxName: Set<NodeName>] = [:]
    /// The policy that says where targets may be.
    var policyPlace: Place?

    init(_ catalogue: Catalogue) {
        contents = catalogue.contents
        index = Index(catalogue.objects, broken: catalogue.broken, &findings)
    }

    mutating func resolve() -> Resolution {
        resolveNodes()
        resolveGateways()
        resolveBundles()
        resolveEnvironments()
        resolveRepositories()
        resolveServices()
        tellGatewaysOfBaselines()
        resolvePolicies()
        checkTemplates()
        resolveSandboxes()
        rejectClashes()
        resolveRoutes()
        var seen: Set<ManifestProblem> = []
        result.problems = findings.problems.filter { seen.insert($0).inserted }.sorted {
            ($0.place, $0.code, $0.message) < ($1.place, $1.code, $1.message)
        }
        return result
    }

    /// Runs `body` for one manifest, keeps what it finds, and enters the manifest as broken where it finds an error.
    mutating func attempt<Value>(
        _ id: ObjectID, _ body: (inout Resolver, inout Findings) -> Value?
    ) -> Value? {
        var own = Findings()
        let value = body(&self, &own)
        findings.append(own)
        guard let error = own.firstError else { return value }
        result.brokenObjects[id] = error
        return nil
    }

    /// The name of a manifest whose name is a slug already.
    static func name<Kind>(_ text: String) -> Name<Kind> {
        do throws(InvalidName) {
            return try Name(text)
        } catch {
            preconditionFailure("\(text) was slugged when it was read")
        }
    }
}

extension Findings {
    mutating func append(_ other: Findings) {
        for problem in other.problems { append(problem) }
    }
}
