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

// MARK: Nodes

extension Resolver {
    private mutating func resolveNodes() {
        for node in index.nodes.values.sorted(by: { $0.place < $1.place }) {
            var desired = DesiredNode(name: Self.name(node.name))
            desired.isOffline = node.spec.isOffline ?? desired.isOffline
            desired.address = node.spec.address
            desired.subnetPool = node.spec.subnets.cidr ?? desired.subnetPool
            desired.perSandboxPrefix = node.spec.subnets.perSandboxPrefix ?? desired.perSandboxPrefix
            desired.buildWidth = node.spec.buildWidth ?? desired.buildWidth
            if let pool = node.spec.portPools.first { desired.portPool = pool.from...pool.to }
            if node.spec.portPools.count > 1 {
                findings.warn(
                    node.place, "no-effect-yet",
                    "only the first of the port pools is used yet, \(node.spec.portPools[0].name)")
            }
            if let cordoned = node.spec.cordoned, cordoned.value {
                findings.warn(
                    node.place(cordoned.mark), "no-effect-yet",
                    "\"cordoned\" has no effect yet; place new sandboxes elsewhere with placement.node")
            }
            result.nodes[desired.name] = desired
        }
        let hasBroken = index.broken.keys.contains { $0.kind == .node }
        if result.nodes.isEmpty, !hasBroken {
            let local = DesiredNode(name: Self.name("local"))
            result.nodes[local.name] = local
        }
    }

    /// The machine that is named, or the only one.
    func node(
        _ reference: Placed<Reference>?, of kind: String, key: String, at place: Place, _ findings: inout Findings
    ) -> NodeName? {
        if let reference {
            let name: NodeName = Self.name(reference.value.name)
            if result.nodes[name] != nil { return name }
            return index.find(reference, .node, in: index.nodes, &findings).map { Self.name($0.name) }
        }
        if result.nodes.count == 1, let only = result.nodes.keys.first { return only }
        guard !result.nodes.isEmpty else {
            findings.error(place, "no-node", "no machine is left, for its manifest is broken; mend that first")
            return nil
        }
        let names = result.nodes.keys.sorted().map(\.text).joined(separator: ", ")
        findings.error(
            place, "ambiguous-node", "the \(kind) could be on any of \(names); name one with \"\(key)\"")
        return nil
    }
}
