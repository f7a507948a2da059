package import Model
package import Reconciler

/// A manifest repository at our own port, in memory. It remembers what it was asked, and can be away.
package actor MemorySource: Source {
    /// What stands at a path.
    package enum Item: Hashable, Sendable, ExpressibleByStringInterpolation {
        case bytes([UInt8])
        case symlink
        case submodule
        /// A file of this many bytes that nobody may ask for.
        case enormous(Int)

        package init(stringLiteral text: String) { self = .bytes(Array(text.utf8)) }
    }

    private struct Commit {
        let revision: Revision
        let parent: CommitID?
        let files: [String: Item]
    }

    private var commits: [CommitID: Commit] = [:]
    private var tip: CommitID?
    private var failure: SourceError.Failure?
    /// Every blob asked for, in order.
    package private(set) var asked: [BlobID] = []
    /// Every question but for the head, by the name of its verb.
    package private(set) var questions: [String] = []
    /// How far back histories were asked for.
    package private(set) var limits: Set<Int> = []

    package init() {}

    // MARK: What tests do to it

    /// Commits on top of the head; `nil` deletes a path.
    @discardableResult
    package func commit(_ changes: [String: Item?], by author: String = "Achmad") -> Revision {
        var files = tip.flatMap { commits[$0]?.files } ?? [:]
        for (path, item) in changes { files[path] = item }
        return add(files, onto: tip, by: author)
    }

    /// Replaces the branch by a history that has nothing in common with it.
    @discardableResult
    package func forcePush(_ files: [String: Item], by author: String = "Budi") -> Revision {
        add(files, onto: nil, by: author)
    }

    private func add(_ files: [String: Item], onto parent: CommitID?, by author: String) -> Revision {
        let number = commits.count + 1
        let digits = String(number, radix: 16)
        guard let id = CommitID(String(repeating: "0", count: 40 - digits.count) + digits) else {
            preconditionFailure("\(digits) is hex")
        }
        let revision = Revision(
            commit: id, author: author, committedAt: Timestamp(milliseconds: Int64(number)), subject: "c\(number)")
        commits[id] = Commit(revision: revision, parent: parent, files: files)
        tip = id
        return revision
    }

    package func fail(_ failure: SourceError.Failure?) { self.failure = failure }

    package func forgetQuestions() {
        asked = []
        questions = []
    }

    // MARK: The port

    package func head() throws(SourceError) -> Revision {
        guard let tip else { throw SourceError("head", .missing, "there is no commit") }
        return try find(tip).revision
    }

    package func resolve(_ name: String) throws(SourceError) -> Revision {
        guard let id = CommitID(name) else { throw SourceError("resolve \(name)", .missing, "no such name") }
        return try find(id).revision
    }

    package func tree(at commit: CommitID) throws(SourceError) -> [TreeEntry] {
        questions.append("tree")
        return try find(commit).files.sorted { $0.key < $1.key }.map { path, item in
            TreeEntry(path: path, kind: item.kind, blob: item.id, size: item.size)
        }
    }

    package func blobs(_ ids: [BlobID]) throws(SourceError) -> [BlobID: [UInt8]] {
        if let failure { throw SourceError("blobs", failure, "simulated") }
        questions.append("blobs")
        asked += ids
        var found: [BlobID: [UInt8]] = [:]
        for item in commits.values.flatMap(\.files.values) {
            guard case .bytes(let bytes) = item, ids.contains(item.id) else { continue }
            found[item.id] = bytes
        }
        return found
    }

    package func history(from commit: CommitID, limit: Int) throws(SourceError) -> [Revision] {
        questions.append("history")
        limits.insert(limit)
        return try line(from: commit, limit: limit).map(\.revision)
    }

    package func lastChanges(of paths: Set<String>, from commit: CommitID, limit: Int) throws(SourceError)
        -> [String: Revision]
    {
        questions.append("lastChanges")
        limits.insert(limit)
        var found: [String: Revision] = [:]
        for commit in try line(from: commit, limit: limit) {
            let before = commit.parent.flatMap { commits[$0]?.files } ?? [:]
            for path in paths where found[path] == nil && before[path] != commit.files[path] {
                found[path] = commit.revision
            }
        }
        return found
    }

    package nonisolated func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    private func line(from commit: CommitID, limit: Int) throws(SourceError) -> [Commit] {
        var line = [try find(commit)]
        while line.count < limit, let parent = line.last?.parent { line.append(try find(parent)) }
        return line
    }

    private func find(_ id: CommitID) throws(SourceError) -> Commit {
        if let failure { throw SourceError("find", failure, "simulated") }
        guard let commit = commits[id] else { throw SourceError("find \(id.short)", .missing, "no such commit") }
        return commit
    }
}

extension MemorySource.Item {
    fileprivate var kind: TreeEntry.Kind {
        switch self {
        case .bytes, .enormous: .file
        case .symlink: .symlink
        case .submodule: .submodule
        }
    }

    fileprivate var id: BlobID {
        switch self {
        case .bytes(let bytes): BlobID(Digest(of: bytes).text)
        case .symlink, .submodule, .enormous: BlobID("\(self)")
        }
    }

    fileprivate var size: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .enormous(let size): size
        case .symlink, .submodule: 0
        }
    }
}
