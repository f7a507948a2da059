internal import Model
internal import Reconciler

/// The manifests, watched for the name that they give this machine where nobody gave it one.
actor RenamingSource: DesiredSource {
    /// The newest other name, once there was one.
    private(set) var successor: NodeName?
    nonisolated let names: AsyncStream<NodeName>

    private let source: any DesiredSource
    private let node: NodeOptions
    /// `nil` where this machine is no node, whatever the manifests say.
    private let served: NodeName?
    private let send: AsyncStream<NodeName>.Continuation
    private var last: DesiredState?

    init(_ source: any DesiredSource, of node: NodeOptions, servedAs served: NodeName?) {
        self.source = source
        self.node = node
        self.served = served
        (names, send) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Once the name is another, what was wanted before it: nothing new is begun under a name that is over.
    func load() async throws(SourceError) -> DesiredState {
        let desired = try await source.load()
        guard let served, let name = name(in: desired), name != served else {
            last = desired
            return desired
        }
        successor = name
        send.yield(name)
        return last ?? desired
    }

    nonisolated func changes() -> AsyncStream<Void> { source.changes() }

    /// `nil` where the manifests leave it open; the fleet then says which sandboxes nobody serves.
    private func name(in desired: DesiredState) -> NodeName? {
        try? node.name(in: desired)  // SAFE: what is not clear changes nothing
    }
}
