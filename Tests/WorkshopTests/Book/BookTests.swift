import Model
import Reconciler
import Synchronization
import TestSupport
import Testing
import Workshop

@Suite("What repositories say")
struct BookTests {
    static let remote = Bench.repository("remote", url: "https://git.test/remote")

    static func making(_ repository: CodeRepository, _ reference: String) -> Making {
        Making(repository: repository, reference: reference, recipe: .worktree(build: nil, target: "/app"))
    }

    static func reading(_ workshop: Workshop, _ making: Making, patience: Duration = .zero) async -> CodeReading? {
        await workshop.survey([making], patience: patience).readings[making.code]
    }

    @Test("A branch comes before a tag, a whole commit needs no question, and what is not there is gone")
    func names() async throws {
        try await Bench.run { bench in
            let name = Bench.account.name
            let tag = bench.code.push(["a": .init(text: "1")], to: "refs/tags/v1", of: name)
            let both = bench.code.push(["a": .init(text: "2")], to: "refs/heads/both", of: name)
            bench.code.push(["a": .init(text: "3")], to: "refs/tags/both", of: name)
            let workshop = bench.workshop()
            let whole = try #require(CommitID(String(repeating: "a", count: 40)))
            let expected: [(String, CodeReading)] = [
                ("v1", .commit(tag)), ("both", .commit(both)), ("refs/tags/v1", .commit(tag)),
                ("nothing", .gone), (whole.text, .commit(whole)),
            ]
            for (reference, reading) in expected {
                #expect(await Self.reading(workshop, Self.making(Bench.account, reference)) == reading, "\(reference)")
            }
        }
    }

    @Test("A folder is read anew at each look")
    func folders() async throws {
        try await Bench.run { bench in
            let workshop = bench.workshop()
            let making = Self.making(Bench.account, "main")
            #expect(await Self.reading(workshop, making) == .gone)
            for _ in 0..<2 {
                let commit = bench.code.push([:], of: Bench.account.name)
                #expect(await Self.reading(workshop, making) == .commit(commit))
            }
        }
    }

    @Test("A remote is asked once while somebody is patient, and not at all while nobody is")
    func patience() async throws {
        try await Bench.run { bench in
            let commit = bench.code.push([:], of: Self.remote.name)
            bench.code.push([:], to: "refs/heads/other", of: Self.remote.name)
            let workshop = bench.workshop()
            let making = Self.making(Self.remote, "main")
            #expect(await Self.reading(workshop, making) == .asked)
            #expect(bench.code.state.withLock(\.questions) == [:])
            #expect(await Self.reading(workshop, making, patience: .seconds(10)) == .commit(commit))
            // One answer serves all references that it can know.
            #expect(await Self.reading(workshop, making, patience: .seconds(10)) == .commit(commit))
            #expect(bench.code.state.withLock(\.questions) == [Self.remote.name: 1])
        }
    }

    @Test("A silent remote is waited for as long as one is patient, and holds up nobody else")
    func silence() async throws {
        try await Bench.run { bench in
            let commit = bench.code.push([:], of: Bench.account.name)
            bench.code.set { $0.moods[Self.remote.name] = .silent }
            let workshop = bench.workshop()
            let makings = [Self.making(Self.remote, "main"), Self.making(Bench.account, "main")]
            let seen = await workshop.survey(Set(makings), patience: .milliseconds(50))
            #expect(seen.readings == [makings[0].code: .asked, makings[1].code: .commit(commit)])
        }
    }

    @Test("A remote that does not answer says why where nothing is known, and keeps what was known")
    func unreachable() async throws {
        try await Bench.run {
            $0.askDeadline = .milliseconds(100)
        } _: { bench in
            let making = Self.making(Self.remote, "main")
            bench.code.set { $0.moods[Self.remote.name] = .failing(.refused, "wrong password") }
            let first = bench.workshop()
            #expect(await Self.reading(first, making, patience: .seconds(10)) == .unreachable("wrong password"))
            bench.code.set { $0.moods[Self.remote.name] = .silent }
            let second = bench.workshop()
            #expect(
                await Self.reading(second, making, patience: .seconds(10))
                    == .unreachable("it did not answer within 0.1 s"))
        }
    }

    @Test("A credential is read for each question; one that cannot be read is said by name")
    func credentials() async throws {
        try await Bench.run { bench in
            var repository = Self.remote
            repository.credential = .init(user: "ci", secret: .file("/secrets/git"))
            bench.code.push([:], of: repository.name)
            let making = Self.making(repository, "main")
            let workshop = bench.workshop { _ in Secret("7d1-canary") }
            _ = await Self.reading(workshop, making, patience: .seconds(10))
            #expect(bench.code.state.withLock(\.credentials) == ["7d1-canary"])
            #expect(
                await Self.reading(bench.workshop(), making, patience: .seconds(10))
                    == .unreachable("credential of remote: file /secrets/git cannot be read"))
        }
    }

    @Test("References that move are told of, of a folder at once and of a remote by polls", arguments: [true, false])
    func hints(isRemote: Bool) async throws {
        try await Bench.run {
            $0.pollInterval = .milliseconds(20)
        } _: { bench in
            let repository = isRemote ? Self.remote : Bench.account
            let making = Self.making(repository, "feature/x")
            let branch = "refs/heads/feature/x"
            let first = bench.code.push([:], to: branch, of: repository.name)
            let workshop = bench.workshop()
            #expect(await Self.reading(workshop, making, patience: .seconds(10)) == .commit(first))
            try await listening(to: workshop) { heard in
                try await soon("it is followed") { bench.code.state.withLock { $0.questions.values.reduce(0, +) } > 1 }
                let second = bench.code.push([:], to: branch, of: repository.name)
                try await soon("it moved") { heard.last == "feature/x moved to \(second.short)" }
                #expect(await Self.reading(workshop, making) == .commit(second))

                bench.code.set { $0.moods[repository.name] = .failing(.unreachable, "no route") }
                bench.code.set { $0.references[repository.name] = [:] }
                bench.code.set { for watcher in $0.watchers { watcher.yield() } }
                let asked = bench.code.state.withLock { $0.questions[repository.name] ?? 0 }
                try await soon("it is asked") {
                    bench.code.state.withLock { $0.questions[repository.name] ?? 0 } > asked
                }
                #expect(await Self.reading(workshop, making) == .commit(second))
                #expect(heard.count == 1)

                bench.code.set { $0.moods = [:] }
                bench.code.set { for watcher in $0.watchers { watcher.yield() } }
                try await soon("it is gone") { heard.last == "feature/x is gone" }
                #expect(await Self.reading(workshop, making) == .gone)
                bench.code.set { $0.references[repository.name] = [branch: first] }
                bench.code.set { for watcher in $0.watchers { watcher.yield() } }
                try await soon("it is back") { heard.last == "feature/x is back at \(first.short)" }
            }
        }
    }

    @Test("A folder that cannot be watched is read every now and then")
    func unwatched() async throws {
        try await Bench.run { bench in
            bench.code.set { $0.canWatch = false }
            bench.code.push([:], of: Bench.account.name)
            let workshop = bench.workshop()
            _ = await Self.reading(workshop, Self.making(Bench.account, "main"))
            try await listening(to: workshop) { heard in
                try await soon("it is followed") { bench.code.state.withLock { $0.questions.values.reduce(0, +) } > 1 }
                let commit = bench.code.push([:], of: Bench.account.name)
                try await soon("it moved") { heard.last == "main moved to \(commit.short)" }
            }
        }
    }

    @Test("A branch that a manifest names before the last poll could see it is asked for at once")
    func freshBranch() async throws {
        try await Bench.run {
            $0.pollInterval = .seconds(600)
        } _: { bench in
            bench.code.push([:], of: Self.remote.name)
            let workshop = bench.workshop()
            try await listening(to: workshop) { heard in
                _ = await Self.reading(workshop, Self.making(Self.remote, "main"))
                try await soon("it is known") { heard.count == 1 }
                let commit = bench.code.push([:], to: "refs/heads/new", of: Self.remote.name)
                // The answer may be quicker than we are; what it must never be is that of before.
                #expect(await Self.reading(workshop, Self.making(Self.remote, "new")) != .gone)
                try await soon("it is asked for") { heard.last == "new is at \(commit.short)" }
                _ = await Self.reading(workshop, Self.making(Self.remote, "no"))
                try await soon("it is settled") { heard.last == "there is no no" }
            }
        }
    }

    @Test("Many silent remotes are asked a few at a time, each once at a time")
    func width() async throws {
        try await Bench.run {
            $0.askWidth = 3
            $0.askDeadline = .milliseconds(50)
            $0.pollInterval = .milliseconds(5)
        } _: { bench in
            let makings = (0..<12).map {
                Self.making(Bench.repository("r\($0)", url: "https://git.test/\($0)"), "main")
            }
            bench.code.set { state in for making in makings { state.moods[making.repository.name] = .silent } }
            let workshop = bench.workshop()
            try await listening(to: workshop) { _ in
                _ = await workshop.survey(Set(makings), patience: .zero)
                try await soon("all are asked") { bench.code.state.withLock { $0.questions.count } == 12 }
                #expect(bench.code.state.withLock(\.mostRunning) <= 3)
            }
        }
    }

    @Test("A repository that moved to another address is asked anew, and one nobody asks about is forgotten")
    func addresses() async throws {
        let time = Mutex(Timestamp(milliseconds: 1_000_000))
        try await Bench.run {
            $0.pollInterval = .milliseconds(5)
        } _: { bench in
            bench.code.push([:], of: Self.remote.name)
            let workshop = bench.workshop(now: { time.withLock(\.self) })
            let making = Self.making(Self.remote, "main")
            _ = await Self.reading(workshop, making, patience: .seconds(10))
            var moved = making
            moved.repository.location = .url("https://git.test/elsewhere")
            #expect(await Self.reading(workshop, moved) == .asked)
            try await listening(to: workshop) { _ in
                let count = { bench.code.state.withLock { $0.questions[Self.remote.name] ?? 0 } }
                let before = count()
                try await soon("it is followed") { count() > before }
                time.withLock { $0 = Timestamp(milliseconds: 1_000_000 + 901_000) }
                _ = await workshop.survey([], patience: .zero)
                try await soon("it is followed no more") {
                    let last = count()
                    try await Task.sleep(for: .milliseconds(100))
                    return count() == last
                }
            }
        }
    }

    /// What a workshop tells while `body` runs.
    private func listening(to workshop: Workshop, _ body: (Collected<String>) async throws -> Void) async throws {
        let heard = Collected<String>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await hint in workshop.changes() {
                    if case .code(_, let what) = hint { heard.add(what) }
                }
            }
            try await body(heard)
            group.cancelAll()
        }
    }
}
