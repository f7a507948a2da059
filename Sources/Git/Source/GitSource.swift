package import Model
package import Reconciler

/// The manifest repository through libgit2: a folder of this machine is read where it is, anything else is fetched
/// into a mirror first. Nothing is ever written to a local repository.
package actor GitSource: Source {
    /// How a remote repository is fetched and how often it is looked at.
    package struct Remote: Sendable {
        /// The bare repository that is fetched into; it is ours alone and can be deleted.
        package let mirror: String
        package let fetch: FetchCommand
        package let deadline: Duration
        package let pollInterval: Duration

        package init(
            mirror: String, fetch: FetchCommand, deadline: Duration = .seconds(60), pollInterval: Duration
        ) {
            precondition(deadline > .zero, "a fetch needs time")
            precondition(deadline <= GitFetch.longestLife, "a fetch lives \(GitFetch.longestLife) at most")
            precondition(pollInterval > .zero, "a poll needs an interval")
            self.mirror = mirror
            self.fetch = fetch
            self.deadline = deadline
            self.pollInterval = pollInterval
        }

        /// How long to wait for the next poll: a tenth more or less than the interval, so that many installations
        /// do not ask one server in step.
        package func nextPoll(using jitter: inout some RandomNumberGenerator) -> Duration {
            pollInterval * Double.random(in: 0.9...1.1, using: &jitter)
        }
    }

    private let location: GitLocation
    private let branch: String
    private let remote: Remote
    private let jitter: any RandomNumberGenerator & Sendable
    private let thread = GitThread(label: "berth.git")
    private var fetches = FetchTurns()

    /// `remote` is used only where `location` is one; `jitter` spreads its polls.
    package init(
        location: GitLocation, branch: String, remote: Remote, jitter: any RandomNumberGenerator & Sendable
    ) {
        self.location = location
        self.branch = branch
        self.remote = remote
        self.jitter = jitter
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package func head() async throws(SourceError) -> Revision {
        try await fetchIfRemote()
        return try repository().head(of: branch)
    }

    /// For a remote repository a name is looked up after a fetch; a commit that is here already needs none.
    package func resolve(_ name: String) async throws(SourceError) -> Revision {
        if let commit = CommitID(name), let known = try? repository().revision(commit) {  // SAFE: unknown means fetch
            return known
        }
        try await fetchIfRemote()
        return try repository().resolve(name)
    }

    package func tree(at commit: CommitID) throws(SourceError) -> [TreeEntry] { try repository().tree(at: commit) }

    package func blobs(_ ids: [BlobID]) throws(SourceError) -> [BlobID: [UInt8]] { try repository().blobs(ids) }

    package func history(from commit: CommitID, limit: Int) throws(SourceError) -> [Revision] {
        try repository().history(from: commit, limit: limit)
    }

    package func lastChanges(
        of paths: Set<String>, from commit: CommitID, limit: Int
    ) throws(SourceError) -> [String: Revision] {
        try repository().lastChanges(of: paths, from: commit, limit: limit)
    }

    /// The first element comes at once: what happened before the stream began is seen too. A stream that finds no
    /// free file descriptor ends at once.
    package nonisolated func changes() -> AsyncStream<Void> {
        switch location.kind {
        case .local(let path): watch { ReferenceWatch(path: path, scope: .branch(branch), waker: $0) }
        case .remote: watch { Ticker(remote: remote, jitter: jitter, waker: $0) }
        }
    }

    private func repository() throws(SourceError) -> Repository {
        switch location.kind {
        case .local(let path): try Repository(at: path)
        case .remote: try Repository(at: remote.mirror)
        }
    }

    private func fetchIfRemote() async throws(SourceError) {
        guard case .remote = location.kind else { return }
        let order = FetchOrder(work: .fetch(location, Login(pins: remote.mirror)), folder: remote.mirror)
        let needed = fetches.next
        while true {
            switch fetches.outcome(of: needed) {
            case .done(let result): return try result.get()
            case .running: await withCheckedContinuation { fetches.wait($0) }
            case .free:
                let turn = fetches.begin()
                let result = await remote.fetch.run(order, deadline: remote.deadline).map { _ in }
                // A fetch that its own caller gave up says nothing to the others who wait for it.
                fetches.end(turn, with: result, isGivenUp: Task.isCancelled)
                if Task.isCancelled { return try result.get() }
            }
        }
    }
}

/// Callers share fetches: one runs at a time, and a caller is content with any that began after it asked.
private struct FetchTurns {
    enum Outcome {
        case done(Result<Void, SourceError>)
        case running
        case free
    }

    private var begun = 0
    private var isRunning = false
    private var last: (turn: Int, result: Result<Void, SourceError>)?
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The first fetch that begins after now.
    var next: Int { begun + 1 }

    func outcome(of turn: Int) -> Outcome {
        if let last, last.turn >= turn { return .done(last.result) }
        return isRunning ? .running : .free
    }

    mutating func wait(_ caller: CheckedContinuation<Void, Never>) { waiting.append(caller) }

    mutating func begin() -> Int {
        begun += 1
        isRunning = true
        return begun
    }

    mutating func end(_ turn: Int, with result: Result<Void, SourceError>, isGivenUp: Bool) {
        isRunning = false
        if !isGivenUp { last = (turn, result) }
        for caller in waiting { caller.resume() }
        waiting = []
    }
}
