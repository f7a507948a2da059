package import Model
package import Reconciler

/// Repositories of services through libgit2.
///
/// What may hang for long, the net and the writing of many files, is done by a process of its own, which is killed at
/// its deadline and with its task. A folder of this machine is read where it is, and nothing is ever written to it.
package struct GitCodeHost: CodeHost {
    /// What becomes of the key of an ssh server that is seen for the first time.
    package enum FirstHostKeys: Sendable {
        /// It is kept in this folder, which is made where there is none, and no other is believed from then on.
        case kept(in: String)
        /// It is believed and not kept; what is kept in this folder is heeded.
        case forgotten(beside: String)
    }

    package struct Deadlines: Sendable {
        /// Of the question for branches.
        package var list: Duration
        /// Of the bringing of a whole repository; a server that falls silent is given up far earlier.
        package var fetch: Duration
        /// Of the writing of one commit's files.
        package var checkout: Duration

        package init(
            list: Duration = .seconds(20), fetch: Duration = .seconds(1200), checkout: Duration = .seconds(600)
        ) {
            for deadline in [list, fetch, checkout] {
                precondition(deadline > .zero, "a fetch needs time")
                precondition(deadline <= GitFetch.longestLife, "a fetch lives \(GitFetch.longestLife) at most")
            }
            self.list = list
            self.fetch = fetch
            self.checkout = checkout
        }
    }

    private let command: FetchCommand
    private let hostKeys: FirstHostKeys
    private let deadlines: Deadlines
    private let threads = QuestionThreads()

    package init(fetch command: FetchCommand, hostKeys: FirstHostKeys, deadlines: Deadlines = Deadlines()) {
        self.command = command
        self.hostKeys = hostKeys
        self.deadlines = deadlines
    }

    package func references(
        of repository: CodeRepository, credential: Secret<String>?
    ) async throws(SourceError) -> [String: CommitID] {
        let location = try GitLocation(repository.location)
        if let folder = location.folder { return try await readReferences(of: folder) }
        let order = FetchOrder(work: .list(location, login(to: repository, with: credential)), folder: pins)
        let answer = try await command.run(order, deadline: deadlines.list).get()
        var references: [String: CommitID] = [:]
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let commit = CommitID(String(parts[0])) else {
                throw SourceError(order.operation, .refused, "the fetching process gave no list of branches")
            }
            references[String(parts[1])] = commit
        }
        return references
    }

    package func fetch(
        _ repository: CodeRepository, credential: Secret<String>?, into mirror: String
    ) async throws(SourceError) {
        let work = FetchOrder.Work.fetch(
            try GitLocation(repository.location), login(to: repository, with: credential))
        _ = try await command.run(FetchOrder(work: work, folder: mirror), deadline: deadlines.fetch).get()
    }

    package func contains(_ commit: CommitID, in mirror: String) async -> Bool {
        do throws(SourceError) {
            return try await threads.ask(about: mirror, "look for \(commit.short)") { () throws(SourceError) in
                _ = try Repository(at: mirror).revision(commit)
                return true
            }
        } catch {
            return false
        }
    }

    /// ``Repository/checkout(_:into:)`` says what is written. Fails as `.unreachable` when the disk is full, or too
    /// slow.
    package func checkout(_ commit: CommitID, from mirror: String, into folder: String) async throws(SourceError) {
        let order = FetchOrder(work: .checkout(commit, into: folder), folder: mirror)
        _ = try await command.run(order, deadline: deadlines.checkout).get()
    }

    package func tree(at commit: CommitID, in mirror: String) async throws(SourceError) -> [CodeEntry] {
        try await threads.ask(about: mirror, "read the tree of \(commit.short)") { () throws(SourceError) in
            try Repository(at: mirror).code(at: commit)
        }
    }

    package func blob(_ id: BlobID, in mirror: String) async throws(SourceError) -> [UInt8] {
        try await threads.ask(about: mirror, "read blob \(id.text.prefix(7))") { () throws(SourceError) in
            try Repository(at: mirror).blobs([id])[id] ?? []
        }
    }

    package func changes(of repository: CodeRepository) -> AsyncStream<Void> {
        var folder: String?
        do throws(SourceError) {
            folder = try GitLocation(repository.location).folder
        } catch {
            // An address that is none never moves.
        }
        guard let folder else { return AsyncStream { _ in } }
        return watch { ReferenceWatch(path: folder, scope: .all, waker: $0) }
    }

    private func readReferences(of folder: String) async throws(SourceError) -> [String: CommitID] {
        let operation = "list the branches of \(folder)"
        let threads = threads
        let answer = await within(deadlines.list) {
            do throws(SourceError) {
                return Result<[String: CommitID], SourceError>.success(
                    try await threads.ask(about: folder, operation) { () throws(SourceError) in
                        try Repository(at: folder).references()
                    })
            } catch {
                return .failure(error)
            }
        }
        guard let answer else {
            throw SourceError(operation, .unreachable, "the disk did not answer within \(deadlines.list.inSeconds)")
        }
        return try answer.get()
    }

    private var pins: String {
        switch hostKeys {
        case .kept(let folder), .forgotten(let folder): folder
        }
    }

    private func login(to repository: CodeRepository, with credential: Secret<String>?) -> Login {
        let firstKey: Login.FirstKey =
            switch hostKeys {
            case .kept: .kept
            case .forgotten: .forgotten
            }
        return Login(
            user: repository.credential?.user, secret: credential, hostKey: repository.credential?.hostKey,
            pins: pins, firstKey: firstKey)
    }
}

extension GitLocation {
    fileprivate init(_ location: CodeRepository.Location) throws(SourceError) {
        switch location {
        case .folder(let path): self = try GitLocation(folder: path)
        case .url(let text): self = try GitLocation(text)
        }
    }
}

/// What `work` gives; `nil` where it takes longer than `limit` and can be cancelled.
private func within<Answer: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async -> Answer) async
    -> Answer?
{
    await withTaskGroup(of: Answer?.self) { group in
        group.addTask { await work() }
        group.addTask {
            do { try await Task.sleep(for: limit) } catch { return nil }
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
