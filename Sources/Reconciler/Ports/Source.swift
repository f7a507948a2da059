package import Model

/// The manifest repository. Nothing here reads a work tree.
package protocol Source: Sendable {
    /// The newest commit of the watched branch; for a remote repository, after a fetch.
    func head() async throws(SourceError) -> Revision
    /// A branch, tag or commit by any name git knows.
    func resolve(_ name: String) async throws(SourceError) -> Revision
    /// Every entry below the root, folders excepted, in order of path.
    func tree(at commit: CommitID) async throws(SourceError) -> [TreeEntry]
    func blobs(_ ids: [BlobID]) async throws(SourceError) -> [BlobID: [UInt8]]
    /// `commit` and its first parents, newest first, at most `limit`.
    func history(from commit: CommitID, limit: Int) async throws(SourceError) -> [Revision]
    /// The commit that last changed each of `paths`, looking back at most `limit` first parents.
    func lastChanges(of paths: Set<String>, from commit: CommitID, limit: Int) async throws(SourceError)
        -> [String: Revision]
    /// Says *look again* when a reference may have moved. Ends when the task is cancelled.
    func changes() -> AsyncStream<Void>
}

package struct BlobID: Hashable, Sendable {
    package let text: String
    package init(_ text: String) { self.text = text }
}

package struct TreeEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case file, symlink, submodule }
    package let path: String
    package let kind: Kind
    package let blob: BlobID
    /// Bytes; 0 for what is no file.
    package let size: Int

    package init(path: String, kind: Kind, blob: BlobID, size: Int) {
        self.path = path
        self.kind = kind
        self.blob = blob
        self.size = size
    }
}

package struct SourceError: Error, Hashable, CustomStringConvertible {
    package enum Failure: String, Hashable, Sendable {
        /// Try again later.
        case unreachable
        /// There is no such repository, branch or commit.
        case missing
        /// The repository is not in order, or access to it is denied.
        case refused
    }

    package let operation: String
    package let failure: Failure
    package let message: String

    package init(_ operation: String, _ failure: Failure, _ message: String) {
        self.operation = operation
        self.failure = failure
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}
