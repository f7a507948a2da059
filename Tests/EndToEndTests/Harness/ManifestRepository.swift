internal import Foundation

/// A bare repository of manifests as a team has it, and a clone to commit in.
struct ManifestRepository {
    let path: String
    private let clone: String
    private let scratch: String

    init(in scratch: String) async throws {
        self.scratch = scratch
        path = scratch + "/manifests.git"
        clone = scratch + "/manifests"
        _ = try await git("init", "--quiet", "--bare", "--initial-branch", "main", path)
        _ = try await git("init", "--quiet", "--initial-branch", "main", clone)
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
        _ = try await git("-C", clone, "push", "--quiet", "--force", path, "main")
        return commit
    }

    /// Commits what was written; nobody else sees it yet.
    func commit(_ subject: String) async throws -> String {
        _ = try await git("-C", clone, "add", "--all")
        _ = try await git("-C", clone, "commit", "--quiet", "--allow-empty", "--message", subject)
        return try await git("-C", clone, "rev-parse", "HEAD")
    }

    /// Begins a history that has nothing to do with the one before; the files stay.
    func beginUnrelatedHistory() async throws {
        _ = try await git("-C", clone, "checkout", "--quiet", "--orphan", "other")
        _ = try await git("-C", clone, "commit", "--quiet", "--message", "Begin anew")
        _ = try await git("-C", clone, "branch", "--quiet", "--force", "main")
        _ = try await git("-C", clone, "checkout", "--quiet", "main")
    }

    /// `git … ` in the bare repository.
    func inBare(_ words: String...) async throws { _ = try await git(["-C", path] + words) }

    private func git(_ words: String...) async throws -> String { try await git(words) }

    private func git(_ words: [String]) async throws -> String {
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": scratch,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@berth.invalid",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@berth.invalid",
        ]
        let program = try Program(["git"] + words, environment: environment, scratch: scratch)
        let outcome = try await program.end(within: .seconds(20))
        program.forget()
        guard outcome.status == 0 else { throw Trouble("git \(words.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
