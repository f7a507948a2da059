internal import Model
internal import Reconciler

/// What repositories said when they were last asked, and who may be content with that.
///
/// Time enters as `now`, asking is somebody else's: this is only memory. An answer settles a reference when its question
/// was put after the reference was first asked about: an older answer cannot know a branch pushed meanwhile.
struct ReferenceBook {
    /// Repositories remembered; of more, those asked about longest ago are forgotten.
    static let mostRepositories = 500
    /// References of one repository that are followed.
    static let mostReferences = 10_000

    /// One page, of one repository at one address.
    struct Page {
        let number: Int
        let repository: CodeRepository
        var wanted: [String: Want] = [:]
        var answer: [String: CommitID]?
        /// Turn of the last answer, and of the last failure.
        var answeredAt = 0
        var failedAt = 0
        var trouble: String?
        var failures = 0
        var turns = Turns()
        var lastAsked: Timestamp
    }

    /// Since which turn, and until when, a reference is asked about.
    struct Want {
        let since: Int
        var lastAsked: Timestamp
    }

    private(set) var pages: [RepositoryName: Page] = [:]
    private var lastNumber = 0

    /// Enters who is asked about now. Gives the repositories that have a new page.
    mutating func enter(_ makings: Set<Making>, at now: Timestamp, forgetting age: Int64) -> [RepositoryName] {
        var fresh: [RepositoryName] = []
        for making in makings {
            let name = making.repository.name
            if pages[name].map({ !$0.isSameSource(as: making.repository) }) ?? true {
                lastNumber += 1
                remove(name)
                pages[name] = Page(number: lastNumber, repository: making.repository, lastAsked: now)
                fresh.append(name)
            }
            pages[name]?.want(making.reference, at: now)
        }
        for (name, page) in pages where now.milliseconds - page.lastAsked.milliseconds > age { remove(name) }
        let excess = pages.count - Self.mostRepositories
        if excess > 0 {
            for page in pages.sorted(by: { $0.value.lastAsked < $1.value.lastAsked }).prefix(excess) {
                remove(page.key)
            }
        }
        for name in pages.keys { pages[name]?.forget(before: now.milliseconds - age) }
        return fresh.sorted()
    }

    /// Nobody waits for the answer to a page that is gone.
    private mutating func remove(_ name: RepositoryName) {
        pages[name]?.turns.abandon()
        pages[name] = nil
    }

    func reading(of code: CodeReference) -> CodeReading { pages[code.repository]?.reading(of: code.name) ?? .asked }

    /// Whether nothing more is to be learnt of these references by waiting.
    func isSettled(_ name: RepositoryName) -> Bool { pages[name]?.isSettled ?? true }

    func page(_ name: RepositoryName, _ number: Int) -> Page? { pages[name].flatMap { $0.number == number ? $0 : nil } }

    mutating func begin(_ name: RepositoryName) -> Int? { pages[name]?.turns.begin() }

    /// Enters an answer or a failure. Gives what changed by it, in order of reference.
    mutating func end(
        _ turn: Int, of name: RepositoryName, _ number: Int, with result: Result<[String: CommitID], SourceError>
    ) -> [(code: CodeReference, what: String, isFirst: Bool)] {
        guard var page = page(name, number) else { return [] }
        let before = page.wanted.keys.sorted().map { ($0, page.reading(of: $0)) }
        page.end(turn, with: result)
        pages[name] = page
        return before.compactMap { reference, old in
            let new = page.reading(of: reference)
            guard let what = told(reference, of: name, from: old, to: new) else { return nil }
            return (CodeReference(name, reference), what, old == .asked)
        }
    }

    /// A question that nobody waits for any more.
    mutating func abandon(_ name: RepositoryName, _ number: Int) {
        if page(name, number) != nil { pages[name]?.turns.abandon() }
    }

    /// Ends `waiter` with the next answer, whether it is asked for already or not.
    mutating func awaitNext(_ name: RepositoryName, _ waiter: AsyncStream<Never>.Continuation) {
        if pages[name] == nil { waiter.finish() } else { pages[name]?.turns.awaitNext(waiter) }
    }

    /// Ends `waiter` when the question that runs now has ended.
    mutating func wait(for name: RepositoryName, _ waiter: AsyncStream<Never>.Continuation) {
        if pages[name] == nil { waiter.finish() } else { pages[name]?.turns.wait(waiter) }
    }
}

private func told(_ reference: String, of name: RepositoryName, from old: CodeReading, to new: CodeReading) -> String? {
    switch (old, new) {
    case (.commit(let old), .commit(let new)): old == new ? nil : "\(reference) moved to \(new.short)"
    case (.commit, .gone): "\(reference) is gone"
    case (.gone, .commit(let new)): "\(reference) is back at \(new.short)"
    case (.asked, .commit(let new)): "\(reference) is at \(new.short)"
    case (.asked, .gone): "there is no \(reference)"
    case (.asked, .unreachable): "\(name) does not answer"
    case (.unreachable, .commit), (.unreachable, .gone): "\(name) answers again"
    case (.gone, .gone), (.gone, .unreachable), (.commit, .unreachable), (.unreachable, .unreachable), (_, .asked): nil
    }
}

extension ReferenceBook.Page {
    var isRemote: Bool {
        switch repository.location {
        case .folder: false
        case .url: true
        }
    }

    fileprivate func isSameSource(as other: CodeRepository) -> Bool {
        repository.location == other.location && repository.credential == other.credential
    }

    fileprivate mutating func want(_ reference: String, at now: Timestamp) {
        lastAsked = now
        let since = wanted[reference]?.since ?? turns.begun
        guard wanted[reference] != nil || wanted.count < ReferenceBook.mostReferences else { return }
        wanted[reference] = ReferenceBook.Want(since: since, lastAsked: now)
    }

    fileprivate mutating func forget(before time: Int64) {
        wanted = wanted.filter { $0.value.lastAsked.milliseconds >= time }
    }

    fileprivate func reading(of reference: String) -> CodeReading {
        if let commit = CommitID(reference) { return .commit(commit) }
        if let commit = answer.flatMap({ Self.resolve(reference, in: $0) }) { return .commit(commit) }
        let since = wanted[reference]?.since ?? turns.begun
        if answeredAt > since { return .gone }
        if failedAt > since, let trouble { return .unreachable(trouble) }
        return .asked
    }

    fileprivate var isSettled: Bool { !wanted.keys.contains { reading(of: $0) == .asked } }

    /// A branch before a tag, as git has it for a fetch.
    private static func resolve(_ reference: String, in answer: [String: CommitID]) -> CommitID? {
        if reference.hasPrefix("refs/"), let commit = answer[reference] { return commit }
        return answer["refs/heads/\(reference)"] ?? answer["refs/tags/\(reference)"]
    }

    fileprivate mutating func end(_ turn: Int, with result: Result<[String: CommitID], SourceError>) {
        turns.end(turn)
        switch result {
        case .success(let references):
            answer = references
            answeredAt = turn
            trouble = nil
            failures = 0
        case .failure(let error):
            trouble = error.message
            failedAt = turn
            failures += 1
        }
    }
}
