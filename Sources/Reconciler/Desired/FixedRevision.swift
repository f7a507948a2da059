package import Model

/// One commit that stays the newest, for converging to it by hand.
package struct FixedRevision: DesiredSource {
    private let loader: ManifestLoader
    private let revision: Revision

    package init(_ revision: Revision, from loader: ManifestLoader) {
        self.loader = loader
        self.revision = revision
    }

    package func load() async throws(SourceError) -> DesiredState { try await loader.load(revision) }

    package func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
