internal import Model

/// A repository, and the only node that can reach it where there is one.
struct ReachableRepository: Sendable {
    let code: CodeRepository
    let node: NodeName?
}

extension Resolver {
    mutating func resolveRepositories() {
        for repository in index.repositories.values.sorted(by: { $0.place < $1.place }) {
            repositories[repository.name] = attempt(repository.object.id) { resolver, findings in
                resolver.reachable(repository, &findings)
            }
        }
    }

    private func reachable(
        _ repository: Declared<RepositorySpec>, _ findings: inout Findings
    ) -> ReachableRepository? {
        let spec = repository.spec
        var only: NodeName?
        if let reference = spec.node?.placed(in: repository.place.file) {
            only = node(reference, of: "repository", key: "node", at: repository.place, &findings)
        }
        let location: CodeRepository.Location
        switch (spec.address, spec.folder) {
        case (let address?, let folder):
            location = .url(address.text)
            if let folder {
                findings.warn(
                    repository.place(folder.mark), "no-effect",
                    "\"path\" has no effect beside \"url\", from which everything is fetched; it may stay, or be removed"
                )
            }
        case (nil, let folder?): location = .folder(folder.value)
        case (nil, nil): return nil
        }
        let code = CodeRepository(
            name: Self.name(repository.name), location: location, defaultBranch: spec.defaultBranch ?? "main",
            subPath: spec.subPath, credential: spec.credential?.value.credential, place: repository.place)
        return ReachableRepository(code: code, node: only)
    }

    /// The repository that is named, or the reason why it cannot be used.
    func repository(_ reference: Placed<Reference>, _ findings: inout Findings) -> ReachableRepository? {
        guard let declared = index.find(reference, .repository, in: index.repositories, &findings) else { return nil }
        if let problem = result.brokenObjects[declared.object.id] {
            findings.error(
                reference.place, "broken-reference",
                "repository \(quoted(reference.value.text)) is broken at \(problem.place); mend that first")
        }
        return repositories[declared.name]
    }
}
