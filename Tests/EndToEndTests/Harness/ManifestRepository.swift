internal import Foundation

/// A bare repository of manifests as a team has it, and a clone to commit in.
struct ManifestRepository {
    let path: String
    private let clone: String
    private let git: Git

    init(in scratch: String) async throws {
        git = Git(scratch: scratch)
        path = scratch + "/manifests.git"
        clone = scratch + "/manifests"
        try await git("init", "--quiet", "--bare", "--initial-branch", "main", path)
        try await git("init", "--quiet", "--initial-branch", "main", clone)
    }

    func write(_ file: String, _ text: String) throws { try write(file, bytes: Array((text + "\n").utf8)) }

    func write(_ file: String, bytes: [UInt8]) throws {
        let target = URL(filePath: clone + "/" + file)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: target)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: clone + "/" + file) }

    /// The sandboxes that lie in the clone, each in a file of its name.
    var sandboxes: Set<String> {
        let files = try? FileManager.default.contentsOfDirectory(atPath: clone + "/sandboxes")  // SAFE: no folder, none
        return Set((files ?? []).map { String($0.dropLast(".yaml".count)) })
    }

    /// Commits what was written and pushes it; the commit's id.
    @discardableResult
    func push(_ subject: String) async throws -> String {
        let commit = try await commit(subject)
        try await git("push", "--quiet", "--force", path, "main", in: clone)
        return commit
    }

    /// Commits what was written; nobody else sees it yet.
    func commit(_ subject: String) async throws -> String {
        try await git("add", "--all", in: clone)
        try await git("commit", "--quiet", "--allow-empty", "--message", subject, in: clone)
        return try await git("rev-parse", "HEAD", in: clone)
    }

    /// Shows what was committed last to everybody, as a branch that nobody follows.
    func propose(_ branch: String) async throws {
        try await git("push", "--quiet", "--force", path, "HEAD:refs/heads/\(branch)", in: clone)
    }

    /// Begins a history that has nothing to do with the one before; the files stay.
    func beginUnrelatedHistory() async throws {
        try await git("checkout", "--quiet", "--orphan", "other", in: clone)
        try await git("commit", "--quiet", "--message", "Begin anew", in: clone)
        try await git("branch", "--quiet", "--force", "main", in: clone)
        try await git("checkout", "--quiet", "main", in: clone)
    }

    /// `git … ` in the bare repository.
    func inBare(_ words: String...) async throws { try await git.run(words, in: path) }
}
