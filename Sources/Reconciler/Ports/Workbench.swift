package import Model

// The third part of a node's Host, beside its engine and its gateways, and what that part stands on.

/// Makes commits runnable. Every verb is harmless when repeated, and to cancel its task ends it with all it started.
package protocol Workbench: Sendable {
    /// What the repositories of `makings` say, and every workpiece there is. Asks the net only for what was never
    /// asked before, and waits for that at most `patience`; what is known is kept fresh beside this.
    func survey(_ makings: Set<Making>, patience: Duration) async -> ObservedWorkshop

    func fetch(_ piece: Workpiece) async throws(HostError)
    func checkout(_ piece: Workpiece, as uid: ResourceUID) async throws(HostError)
    /// Fails as `.refused` when its command fails or takes too long, and remembers that; as `.stale` when its
    /// reference has moved on and nobody needs it any more.
    func build(_ piece: Workpiece, as uid: ResourceUID) async throws(HostError)
    func discard(_ piece: Workpiece.ID) async throws(HostError)
    /// Gives the engine an archive of images, after its SHA-256 was found right.
    func load(_ bundle: DesiredBundle) async throws(HostError)

    /// Hints that references moved. Ends when the task is cancelled.
    func changes() -> AsyncStream<Hint>
}

/// Repositories of services, by what git says and not by any cache.
package protocol CodeHost: Sendable {
    /// Every branch and tag by its full name (`refs/heads/main`), tags by the commit they lead to.
    func references(of repository: CodeRepository, credential: Secret<String>?) async throws(SourceError)
        -> [String: CommitID]
    /// Brings all branches and tags into the bare repository `mirror`, which is made where there is none.
    func fetch(_ repository: CodeRepository, credential: Secret<String>?, into mirror: String)
        async throws(SourceError)
    func contains(_ commit: CommitID, in mirror: String) async -> Bool
    /// Writes the files of a commit into `folder`, which is new or empty: modes and symbolic links as git has them.
    func checkout(_ commit: CommitID, from mirror: String, into folder: String) async throws(SourceError)
    /// Every entry below the root, in order of path. A symbolic link's blob is its target.
    func tree(at commit: CommitID, in mirror: String) async throws(SourceError) -> [CodeEntry]
    func blob(_ id: BlobID, in mirror: String) async throws(SourceError) -> [UInt8]
    /// Says *look again* when a reference may have moved: at once for a folder of this machine; never for what is
    /// remote. Ends when the task is cancelled.
    func changes(of repository: CodeRepository) -> AsyncStream<Void>
}

package struct CodeEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case file, executable, symlink, submodule }
    package let path: String
    package let kind: Kind
    package let blob: BlobID
    /// Bytes.
    package let size: Int

    package init(path: String, kind: Kind, blob: BlobID, size: Int) {
        self.path = path
        self.kind = kind
        self.blob = blob
        self.size = size
    }
}

/// The part of an engine that a workshop needs.
package protocol ImageEngine: Sendable {
    /// Id of an image, by reference; `nil` where it is not there.
    func image(_ reference: ImageReference) async throws(HostError) -> String?
    /// Builds `order` from the tar archive `context`, whose chunks are sent as they come, and gives every line of
    /// output to `log`. Fails as `.refused` with the builder's own words.
    func build(
        _ order: ImageOrder, from context: AsyncThrowingStream<[UInt8], any Error>,
        log: @escaping @Sendable (String) async -> Void
    ) async throws(HostError)
    /// Loads an archive of images. `bytes` are sent as they come.
    func load(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws(HostError)
    /// What is not there is no error; what a container uses is `.refused`.
    func removeImage(_ reference: ImageReference) async throws(HostError)
}

package struct ImageOrder: Hashable, Sendable {
    package let image: ImageReference
    package let dockerfile: String
    package let target: String?
    package let arguments: [String: String]
    /// Entered as labels of the image, beside the owner's.
    package let piece: Workpiece.ID
    package let timeout: Duration
    /// What the build may use of the node.
    package let limits: BuildLimits

    package init(
        image: ImageReference, dockerfile: String, target: String?, arguments: [String: String],
        piece: Workpiece.ID, timeout: Duration, limits: BuildLimits
    ) {
        self.image = image
        self.dockerfile = dockerfile
        self.target = target
        self.arguments = arguments
        self.piece = piece
        self.timeout = timeout
        self.limits = limits
    }
}

/// What one build may take of a node, so that it does not starve what runs.
package struct BuildLimits: Hashable, Sendable {
    /// Relative to 1024, a container's own share of the processors.
    package var cpuShares: Int
    package var memoryBytes: Int64

    package init(cpuShares: Int = 128, memoryBytes: Int64 = 2 << 30) {
        self.cpuShares = cpuShares
        self.memoryBytes = memoryBytes
    }
}
