import Foundation
import Model
import Reconciler
import Synchronization

/// Repositories in memory that answer, stay silent or refuse as a test says. What is fetched is copied "into a mirror",
/// what is checked out is written as real files.
final class FakeCode: CodeHost {
    struct File: Sendable {
        var text: String
        var kind = CodeEntry.Kind.file
    }

    enum Mood: Sendable {
        case answering
        /// Accepts the question and says nothing until the asker is gone.
        case silent
        case failing(SourceError.Failure, String)
    }

    struct State {
        var references: [RepositoryName: [String: CommitID]] = [:]
        var commits: [CommitID: [String: File]] = [:]
        var moods: [RepositoryName: Mood] = [:]
        var mirrors: [String: Set<CommitID>] = [:]
        var delay = Duration.zero
        var questions: [RepositoryName: Int] = [:]
        var fetches = 0
        var checkouts = 0
        var running = 0
        var mostRunning = 0
        var credentials: [String?] = []
        var checkoutError: SourceError?
        var watchers: [AsyncStream<Void>.Continuation] = []
        var canWatch = true
    }

    let state = Mutex(State())

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// A commit with these files, on this branch.
    @discardableResult
    func push(_ files: [String: File], to branch: String = "refs/heads/main", of name: RepositoryName) -> CommitID {
        state.withLock { state in
            guard
                let commit = CommitID(
                    String(format: "%07x", state.commits.count + 0x4be_1c20) + String(repeating: "0", count: 33))
            else { preconditionFailure("a commit id") }
            state.commits[commit] = files
            state.references[name, default: [:]][branch] = commit
            for watcher in state.watchers { watcher.yield() }
            return commit
        }
    }

    private func face(_ name: RepositoryName) async throws(SourceError) {
        let (mood, delay) = state.withLock { ($0.moods[name] ?? .answering, $0.delay) }
        do {
            if delay > .zero { try await Task.sleep(for: delay) }
            switch mood {
            case .answering: return
            case .silent: try await Task.sleep(for: .seconds(3600))
            case .failing(let failure, let message): throw SourceError("ask", failure, message)
            }
        } catch let error as SourceError {
            throw error
        } catch {
            throw SourceError("ask", .unreachable, "given up")
        }
    }

    func references(of repository: CodeRepository, credential: Secret<String>?) async throws(SourceError)
        -> [String: CommitID]
    {
        set { state in
            state.questions[repository.name, default: 0] += 1
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
            state.credentials.append(credential?.reveal())
        }
        defer { set { $0.running -= 1 } }
        try await face(repository.name)
        return state.withLock { $0.references[repository.name] ?? [:] }
    }

    func fetch(_ repository: CodeRepository, credential: Secret<String>?, into mirror: String) async throws(SourceError)
    {
        set { $0.fetches += 1 }
        try await face(repository.name)
        set { $0.mirrors[mirror, default: []].formUnion($0.references[repository.name, default: [:]].values) }
        do {
            try FileManager.default.createDirectory(atPath: mirror, withIntermediateDirectories: true)
        } catch {
            throw SourceError("fetch", .refused, "\(error)")
        }
    }

    func contains(_ commit: CommitID, in mirror: String) async -> Bool {
        state.withLock { $0.mirrors[mirror]?.contains(commit) ?? false }
    }

    func checkout(_ commit: CommitID, from mirror: String, into folder: String) async throws(SourceError) {
        let (files, error) = state.withLock { state in
            state.checkouts += 1
            return (state.commits[commit] ?? [:], state.checkoutError)
        }
        if let error { throw error }
        do {
            for (path, file) in files {
                let place = URL(filePath: "\(folder)/\(path)")
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                switch file.kind {
                case .file, .executable:
                    try Data(file.text.utf8).write(to: place)
                    try FileManager.default.setAttributes(
                        [.posixPermissions: file.kind == .executable ? 0o700 : 0o600], ofItemAtPath: place.path())
                case .symlink:
                    try FileManager.default.createSymbolicLink(atPath: place.path(), withDestinationPath: file.text)
                case .submodule: break
                }
            }
        } catch {
            throw SourceError("checkout", .refused, "\(error)")
        }
    }

    func tree(at commit: CommitID, in mirror: String) async throws(SourceError) -> [CodeEntry] {
        state.withLock { state in
            (state.commits[commit] ?? [:]).sorted { $0.key < $1.key }.map { path, file in
                CodeEntry(
                    path: path, kind: file.kind, blob: BlobID("\(commit.text):\(path)"), size: file.text.utf8.count)
            }
        }
    }

    func blob(_ id: BlobID, in mirror: String) async throws(SourceError) -> [UInt8] {
        let parts = id.text.split(separator: ":", maxSplits: 1)
        let text = state.withLock { state in
            CommitID(String(parts[0])).flatMap { state.commits[$0]?[String(parts[1])]?.text }
        }
        guard let text else { throw SourceError("read", .missing, "no such blob") }
        return Array(text.utf8)
    }

    func changes(of repository: CodeRepository) -> AsyncStream<Void> {
        AsyncStream { watcher in
            watcher.yield()
            set { if $0.canWatch { $0.watchers.append(watcher) } else { watcher.finish() } }
        }
    }
}
