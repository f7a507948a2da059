package import Model

/// One manifest of a file, decoded, with nothing of other manifests worked in.
package struct ManifestObject: Sendable {
    package let id: ObjectID
    /// The name as its author wrote it.
    package let title: String
    package let place: Place
    /// Files of the repository whose text becomes part of it, by path from the root.
    package let contentPaths: Set<String>
    let owner: String?
    let spec: Spec

    init(id: ObjectID, document: Document<Spec>, place: Place) {
        self.id = id
        title = document.title
        owner = document.owner
        spec = document.spec
        self.place = place
        contentPaths =
            if case .environment(let environment) = document.spec {
                Set(environment.files.flatMap { $0.value.sources.compactMap(\.repositoryPath) })
            } else {
                []
            }
    }
}

extension EnvironmentSpec.File.Source {
    fileprivate var repositoryPath: String? {
        switch self {
        case .repository(let path): path.value
        case .text, .secret: nil
        }
    }
}
