internal import Logging
internal import Model
internal import Reconciler

// How the book comes to its answers: inside a survey where that is cheap or waited for, and beside all surveys for as
// long as somebody hears of changes.

extension Workshop {
    /// A page that is followed: a repository at one address.
    struct Followed: Hashable, Sendable {
        let name: RepositoryName
        let number: Int
    }

    /// Folders of this machine that are read at once.
    private static let folderWidth = 8
    /// A repository that did not answer is asked again after this; it doubles up to the interval of polls.
    private static let firstRetry = Duration.seconds(2)
    /// A folder that cannot be watched is read this often.
    private static let folderRhythm = Duration.seconds(2)

    // MARK: Inside a survey

    /// Reads the folders among the repositories; waits for remote ones that were never asked, as long as `patience`.
    func learn(of makings: Set<Making>, patience: Duration) async {
        let now = now()
        let fresh = book.enter(makings, at: now, forgetting: Int64(settings.forgetAfter.milliseconds))
        for name in fresh {
            guard let page = book.pages[name] else { continue }
            for listener in listeners.values { listener.pages.yield(Followed(name: name, number: page.number)) }
        }
        let asked = Set(makings.map(\.repository.name)).sorted().compactMap { book.pages[$0] }
        for page in asked where !book.isSettled(page.repository.name) { wake(page.repository.name) }
        await withDiscardingTaskGroup { group in
            let folders = asked.filter { !$0.isRemote }.map(\.repository.name)
            for part in 0..<min(Self.folderWidth, folders.count) {
                group.addTask {
                    for index in stride(from: part, to: folders.count, by: Self.folderWidth) {
                        await self.ask(folders[index])
                    }
                }
            }
            for page in asked where page.isRemote && patience > .zero && !book.isSettled(page.repository.name) {
                group.addTask { await self.settle(page.repository.name, within: patience) }
            }
        }
    }

    private func settle(_ name: RepositoryName, within patience: Duration) async {
        await withTaskGroup { group in
            group.addTask {
                // Whoever follows the repository is asking already, and goes on when we lose patience.
                if await self.isFollowed { await self.awaitAnswer(of: name) } else { await self.ask(name) }
            }
            group.addTask { await self.pause(patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private var isFollowed: Bool { !listeners.isEmpty }

    private func awaitAnswer(of name: RepositoryName) async {
        while !Task.isCancelled, !book.isSettled(name) {
            let (end, waiter) = AsyncStream<Never>.makeStream()
            book.awaitNext(name, waiter)
            for await _ in end {}
        }
    }

    // MARK: Asking

    /// Returns when the book holds an answer, or a failure, to a question put after now.
    func ask(_ name: RepositoryName) async {
        guard let needed = book.pages[name]?.turns.next else { return }
        while !Task.isCancelled, let page = book.pages[name], page.turns.done < needed {
            if page.turns.isRunning {
                let (end, waiter) = AsyncStream<Never>.makeStream()
                book.wait(for: name, waiter)
                for await _ in end {}
                continue
            }
            guard let turn = book.begin(name) else { return }
            let result =
                page.isRemote
                ? await asking.pass { await self.question(page.repository) }
                : await question(page.repository)
            guard let result, !Task.isCancelled else { return book.abandon(name, page.number) }
            note(result, of: page, turn)
        }
    }

    private func note(_ result: Result<[String: CommitID], SourceError>, of page: ReferenceBook.Page, _ turn: Int) {
        let name = page.repository.name
        let before = page.trouble
        for change in book.end(turn, of: name, page.number, with: result) {
            // What a survey learns of a folder for the first time it tells by itself.
            if change.isFirst, !page.isRemote { continue }
            for listener in listeners.values { listener.hints.yield(.code(change.code, what: change.what)) }
        }
        switch result {
        case .failure(let error) where before != error.message:
            logger.warning("Repository does not answer", metadata: ["repository": "\(name)", "error": "\(error)"])
        case .success where before != nil:
            logger.notice("Repository answers again", metadata: ["repository": "\(name)"])
        case .success, .failure: break
        }
    }

    private nonisolated func question(_ repository: CodeRepository) async -> Result<[String: CommitID], SourceError> {
        let operation = "ask \(repository.name)"
        let credential: Secret<String>?
        do throws(SourceError) {
            credential = try password(of: repository, for: operation)
        } catch {
            return .failure(error)
        }
        return await withTaskGroup { group in
            group.addTask { () -> Result<[String: CommitID], SourceError>? in
                do throws(SourceError) {
                    return .success(try await self.code.references(of: repository, credential: credential))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await self.pause(self.settings.askDeadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            let silence = "it did not answer within \(self.settings.askDeadline.seconds) s"
            return first ?? .failure(SourceError(operation, .unreachable, silence))
        }
    }

    /// Read anew for each operation; it is in memory no longer than that.
    nonisolated func password(of repository: CodeRepository, for operation: String) throws(SourceError)
        -> Secret<String>?
    {
        guard let reference = repository.credential?.secret else { return nil }
        guard let value = secret(reference) else {
            throw SourceError(operation, .refused, "credential of \(repository.name): \(reference) cannot be read")
        }
        return value
    }

    // MARK: Beside surveys

    /// Keeps the book fresh until the task is cancelled.
    func follow(_ hints: AsyncStream<Hint>.Continuation) async {
        let (pages, send) = AsyncStream<Followed>.makeStream()
        let number = enter(Listener(hints: hints, pages: send))
        for page in book.pages.values { send.yield(Followed(name: page.repository.name, number: page.number)) }
        await withDiscardingTaskGroup { group in
            for await page in pages {
                group.addTask { await self.follow(page) }
            }
            group.cancelAll()
        }
        listeners[number] = nil
    }

    /// Until the page is replaced or forgotten.
    private func follow(_ followed: Followed) async {
        guard let page = book.page(followed.name, followed.number) else { return }
        if page.isRemote { return await poll(followed) }
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    for await _ in self.code.changes(of: page.repository) { await self.ask(followed.name) }
                    await self.sleep(Self.folderRhythm, over: followed)
                    await self.ask(followed.name)
                }
            }
            while book.page(followed.name, followed.number) != nil, !Task.isCancelled {
                await pause(settings.pollInterval)
            }
            group.cancelAll()
        }
    }

    private func poll(_ followed: Followed) async {
        while !Task.isCancelled, book.page(followed.name, followed.number) != nil {
            await ask(followed.name)
            guard let page = book.page(followed.name, followed.number) else { return }
            var wait = settings.pollInterval
            if page.failures > 0 { wait = min(wait, Self.firstRetry * (1 << min(page.failures - 1, 10))) }
            await sleep(wait * (0.9 + 0.2 * jitter()), over: followed)
        }
    }

    /// Sleeps until somebody asks about a reference that the last answer cannot know.
    private func sleep(_ wait: Duration, over followed: Followed) async {
        guard book.isSettled(followed.name), book.page(followed.name, followed.number) != nil else { return }
        let (alarm, ring) = AsyncStream<Never>.makeStream()
        lastSleeper += 1
        let number = lastSleeper
        sleepers[followed.name, default: [:]][number] = ring
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.pause(wait)
                ring.finish()
            }
            for await _ in alarm {}
            group.cancelAll()
        }
        sleepers[followed.name]?[number] = nil
        if sleepers[followed.name]?.isEmpty == true { sleepers[followed.name] = nil }
    }

    private func wake(_ name: RepositoryName) {
        for ring in (sleepers[name] ?? [:]).values { ring.finish() }
    }

    nonisolated func pause(_ duration: Duration) async {
        do {
            try await clock.sleep(for: duration)
        } catch {
            // Cancelled: the caller looks at the task.
        }
    }
}

extension Duration {
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }

    /// `20`, `0.5`
    var seconds: String {
        let tenths = (milliseconds + 50) / 100
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
