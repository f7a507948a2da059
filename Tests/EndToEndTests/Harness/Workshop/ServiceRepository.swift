internal import Foundation

/// The repository of a service: bare, as a team has it, and a clone to commit in.
///
/// Its `build` makes of the words of a branch a program that answers them, and enters its commit in a ledger of the
/// test's own: what was built how often is not Berth's word.
struct ServiceRepository {
    let name: String
    /// Absolute, of the bare repository.
    let path: String
    private let clone: String
    private let ledger: String
    private let git: Git

    init(_ name: String, in bench: Bench) async throws {
        self.name = name
        git = Git(scratch: bench.scratch)
        path = bench.scratch + "/\(name).git"
        clone = bench.scratch + "/\(name)"
        ledger = bench.scratch + "/builds/\(name)"
        try FileManager.default.createDirectory(
            atPath: bench.scratch + "/builds", withIntermediateDirectories: true)
        // Builds run as somebody else.
        chmod(bench.scratch + "/builds", 0o777)
        try await git("init", "--quiet", "--bare", "--initial-branch", "main", path)
        try await git("init", "--quiet", "--initial-branch", "main", clone)
        try write("words", "\(name) main")
        try writeBuild("")
        try await commit("The service \(name)")
        try await git("push", "--quiet", path, "main", in: clone)
    }

    // MARK: Work

    /// Commits to a branch, which begins at main, what answers `words`, and pushes it; the commit's id. `build` is what
    /// its build does first.
    @discardableResult
    func push(_ branch: String, _ words: String, build: String = "") async throws -> String {
        try await switchTo(branch)
        try write("words", words)
        try writeBuild(build)
        return try await push(branch, "Answer \(words)")
    }

    /// Commits files to a branch and pushes it; the commit's id.
    @discardableResult
    func push(_ branch: String, files: [String: String]) async throws -> String {
        try await switchTo(branch)
        for (file, text) in files { try write(file, text) }
        return try await push(branch, "Change \(files.keys.sorted())")
    }

    /// Puts a history in the place of a branch's own that has nothing to do with it.
    func rewrite(_ branch: String, _ words: String) async throws -> String {
        try await git("checkout", "--quiet", "--orphan", "rewritten", in: clone)
        try write("words", words)
        try writeBuild("")
        let commit = try await commit("Begin anew with \(words)")
        try await git("push", "--quiet", "--force", path, "rewritten:\(branch)", in: clone)
        try await git("branch", "--quiet", "--force", branch, "rewritten", in: clone)
        try await git("checkout", "--quiet", branch, in: clone)
        try await git("branch", "--quiet", "--delete", "--force", "rewritten", in: clone)
        return commit
    }

    func delete(_ branch: String) async throws {
        try await git("push", "--quiet", path, "--delete", branch, in: clone)
    }

    func rename(_ branch: String, to name: String) async throws {
        try await git("branch", "--move", branch, name, in: path)
        try await git("branch", "--move", branch, name, in: clone)
    }

    private func switchTo(_ branch: String) async throws {
        let branches = try await git("branch", "--list", branch, in: clone)
        let words = branches.isEmpty ? ["--create", branch, "main"] : [branch]
        try await git.run(["switch", "--quiet"] + words, in: clone)
    }

    private func push(_ branch: String, _ subject: String) async throws -> String {
        let commit = try await commit(subject)
        try await git("push", "--quiet", path, branch, in: clone)
        return commit
    }

    @discardableResult
    private func commit(_ subject: String) async throws -> String {
        try await git("add", "--all", in: clone)
        try await git("commit", "--quiet", "--allow-empty", "--message", subject, in: clone)
        return try await git("rev-parse", "HEAD", in: clone)
    }

    private func writeBuild(_ more: String) throws {
        try write(
            "build",
            #"""
            #!/bin/sh
            set -e
            echo "$BERTH_COMMIT" >>\#(ledger)
            \#(more)
            printf '#!/bin/sh\nexport WHO="%s"\nexec /bin/serve\n' "$(cat words)" >serve
            chmod 755 serve
            """#)
        chmod(clone + "/build", 0o755)
    }

    private func write(_ file: String, _ text: String) throws {
        let target = URL(filePath: clone + "/" + file)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((text + "\n").utf8).write(to: target)
    }

    // MARK: What was built

    /// The commits that were built, each as often as a build of it began.
    var builds: [String] {
        // SAFE: nothing was built yet
        let text = (try? String(contentsOf: URL(filePath: ledger), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func builds(of commit: String) -> Int { builds.count { $0 == commit } }
}
