internal import Model

/// An environment with what it extends worked in.
struct FlatEnvironment: Sendable {
    enum Value: Sendable {
        case fixed(EnvironmentValue)
        /// The address of a service, which each sandbox has its own of.
        case address(Placed<Reference>)
    }

    var variables: [String: Value] = [:]
    var files: [String: FileSpec] = [:]

    mutating func add(_ other: FlatEnvironment) {
        variables.merge(other.variables) { $1 }
        files.merge(other.files) { $1 }
    }
}

enum EnvironmentState {
    case resolving
    case resolved(FlatEnvironment)
    case broken(ManifestProblem)
}

extension Resolver {
    mutating func resolveEnvironments() {
        for environment in index.environments.values.sorted(by: { $0.place < $1.place }) {
            _ = state(of: environment, path: [])
        }
    }

    /// The environments in order, later ones over earlier ones; `nil` where one of them cannot be used.
    mutating func environment(
        of references: [Placed<Reference>], _ findings: inout Findings
    ) -> FlatEnvironment? {
        var flat = FlatEnvironment()
        var isComplete = true
        for reference in references {
            guard let declared = index.find(reference, .environment, in: index.environments, &findings) else {
                isComplete = false
                continue
            }
            switch state(of: declared, path: []) {
            case .resolved(let other): flat.add(other)
            case .resolving: isComplete = false
            case .broken(let problem):
                isComplete = false
                findings.error(
                    reference.place, "broken-reference",
                    "environment \(quoted(reference.value.text)) is broken at \(problem.place); mend that first")
            }
        }
        return isComplete ? flat : nil
    }

    private mutating func state(of environment: Declared<EnvironmentSpec>, path: [String]) -> EnvironmentState {
        if let known = environments[environment.name] { return known }
        environments[environment.name] = .resolving
        let path = path + [environment.name]
        let flat = attempt(environment.object.id) { resolver, findings in
            resolver.flatten(environment, path: path, &findings)
        }
        let state: EnvironmentState
        if let flat {
            state = .resolved(flat)
        } else {
            let unknown = ManifestProblem(at: environment.place, code: "broken", "the environment cannot be used")
            state = .broken(result.brokenObjects[environment.object.id] ?? unknown)
        }
        environments[environment.name] = state
        return state
    }

    private mutating func flatten(
        _ environment: Declared<EnvironmentSpec>, path: [String], _ findings: inout Findings
    ) -> FlatEnvironment? {
        var flat = FlatEnvironment()
        for reference in environment.spec.extends.map({ $0.placed(in: environment.place.file) }) {
            guard let base = index.find(reference, .environment, in: index.environments, &findings) else { continue }
            guard path.count < ReadingLimits.chain else {
                findings.error(
                    reference.place, "limit-chain",
                    "more than \(ReadingLimits.chain) environments extend each other; shorten the chain")
                return nil
            }
            switch state(of: base, path: path) {
            case .resolved(let other): flat.add(other)
            case .resolving:
                let start = path.firstIndex(of: base.name) ?? 0
                let circle = (path[start...] + [base.name]).joined(separator: " → ")
                findings.error(
                    reference.place, "cycle", "environments extend each other in a circle: \(circle); break it here")
            case .broken(let problem):
                findings.error(
                    reference.place, "broken-reference",
                    "environment \(quoted(reference.value.text)) is broken at \(problem.place); mend that first")
            }
        }
        for variable in environment.spec.variables {
            switch variable.value.values.first {
            case .text(let text)?: flat.variables[variable.value.name] = .fixed(.plain(text))
            case .route(let reference)?:
                let reference = reference.placed(in: environment.place.file)
                guard index.find(reference, .service, in: index.services, &findings) != nil else { continue }
                flat.variables[variable.value.name] = .address(reference)
            case nil: break
            }
        }
        for secret in environment.spec.secrets {
            if let reference = secret.value.secret.reference {
                flat.variables[secret.value.name] = .fixed(.secret(reference))
            }
        }
        for file in environment.spec.files {
            if let content = content(of: file.value, in: environment, &findings) {
                flat.files[file.value.path] = FileSpec(
                    path: file.value.path, content: content, mode: file.value.mode)
            }
        }
        return flat
    }

    private func content(
        of file: EnvironmentSpec.File, in environment: Declared<EnvironmentSpec>, _ findings: inout Findings
    ) -> FileContent? {
        switch file.sources.first {
        case .text(let text)?: return .text(text)
        case .secret(let secret)?: return secret.reference.map(FileContent.secret)
        case .repository(let path)?:
            let place = environment.place(path.mark)
            guard let bytes = contents[path.value] else {
                findings.error(
                    place, "unknown-file",
                    "there is no file \(quoted(path.value)) in this repository; write its path from the root")
                return nil
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                findings.error(place, "not-utf8", "the file \(quoted(path.value)) is not UTF-8 text; save it as UTF-8")
                return nil
            }
            return .text(text)
        case nil: return nil
        }
    }
}
