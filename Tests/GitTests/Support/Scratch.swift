import Foundation
import Git
import Model
import Reconciler
import Testing

/// A folder that is gone after the test.
struct Scratch {
    let path: String

    static func with<Result>(_ body: (Scratch) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "berth-git-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }  // SAFE: a leftover in /tmp fails no test
        return try await body(Scratch(path: path))
    }

    subscript(_ name: String) -> String { "\(path)/\(name)" }

    /// A bare repository with `files` in one commit on `main`.
    @discardableResult
    func repository(_ name: String = "repo.git", files: [String: String] = ["a.yaml": "a: 1\n"]) throws -> CommitID {
        try GitWriter.initialize(bare: self[name])
        return try commit(files, to: name)
    }

    @discardableResult
    func commit(
        _ files: [String: String], removing: [String] = [], to name: String = "repo.git", branch: String = "main",
        message: String = "Change", second: Int64 = 1_700_000_000
    ) throws -> CommitID {
        try GitWriter.commit(
            files: files.mapValues { Array($0.utf8) }, removing: removing, to: self[name], branch: branch,
            message: message, author: .achmad, at: Timestamp(milliseconds: second * 1000))
    }

    /// A source that reads `name` of this folder where it is.
    func source(_ name: String = "repo.git", branch: String = "main") throws -> GitSource {
        try source(at: GitLocation(self[name]), branch: branch)
    }

    func source(
        at location: GitLocation, branch: String = "main", fetch: FetchCommand = .itself,
        deadline: Duration = .seconds(30), pollInterval: Duration = .seconds(60)
    ) -> GitSource {
        GitSource(
            location: location, branch: branch,
            remote: .init(
                mirror: self["data/mirror.git"], fetch: fetch, deadline: deadline, pollInterval: pollInterval),
            jitter: SystemRandomNumberGenerator())
    }

    /// The real git, in `folder` of this one; gives what it says.
    @discardableResult
    func git(_ arguments: String..., in folder: String = "repo.git") throws -> String {
        try run(
            ["/usr/bin/git", "-C", self[folder]] + arguments,
            environment: Self.author)
    }

    static let author = [
        "GIT_AUTHOR_NAME": "Git", "GIT_AUTHOR_EMAIL": "git@example.org", "GIT_COMMITTER_NAME": "Git",
        "GIT_COMMITTER_EMAIL": "git@example.org", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
        "PATH": "/usr/bin:/bin",
    ]

    /// Gives what a program says, and throws where it fails.
    @discardableResult
    func run(_ command: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"]) throws -> String {
        let said = self["said-\(UUID().uuidString)"]
        defer { try? FileManager.default.removeItem(atPath: said) }  // SAFE: its folder goes too
        let code = try Program(command, environment: environment, output: said).wait()
        let text = try String(decoding: Data(contentsOf: URL(filePath: said)), as: UTF8.self)
        guard code == 0 else { throw ProgramFailed(command: command, output: text) }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A work tree made by the real git, with one commit on `main`.
    func workTree(_ name: String = "work") throws {
        try git("init", "-q", "-b", "main", self[name], in: ".")
        try Data("a: 1\n".utf8).write(to: URL(filePath: self["\(name)/a.yaml"]))
        try git("add", ".", in: name)
        try git("commit", "-q", "-m", "First", in: name)
    }
}

extension GitWriter.Author {
    static let achmad = Self(name: "Achmad", email: "achmad@example.org")
}

/// What `body` throws.
func failure(_ body: () async throws -> Void) async -> SourceError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? SourceError
    }
}
