package import Model

/// Where desired state comes from: the manifest repository, or a script in a test.
package protocol DesiredSource: Sendable {
    /// What the newest commit wants.
    func load() async throws(SourceError) -> DesiredState
    /// Says *look again*. Ends when the task is cancelled.
    func changes() -> AsyncStream<Void>
}
