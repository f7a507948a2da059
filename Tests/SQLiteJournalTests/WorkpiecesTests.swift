import GRDB
import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("What is made of commits: in the ledger, in passes, in events")
struct WorkpiecesTests {
    @Test(
        "Every kind of thing is entered, with or without a sandbox as it has one", arguments: LedgerEntry.Kind.allCases)
    func kinds(_ kind: LedgerEntry.Kind) async throws {
        let journal = try SQLiteJournal.inMemory()
        let own = LedgerEntry(
            uid: ResourceUID("a1"), kind: kind, name: "a", node: Sample.name("micro-92"), sandbox: Sample.name("qa"),
            enteredAt: Sample.time(1))
        try await journal.enter(own)
        #expect(try await journal.openEntries(of: Sample.name("qa")) == [own])

        let shared = Sample.worktree("w1", piece: Sample.piece("account-1"), kind: kind)
        switch kind {
        case .worktree, .image:
            try await journal.enter(shared)
            #expect(try await journal.openEntries() == [own, shared])
            #expect(try await journal.openEntries(of: Sample.name("qa")) == [own])
        case .container, .network:
            let error = await failure { () async throws(JournalError) in try await journal.enter(shared) }
            #expect(error?.failure == .unavailable)
        }
    }

    @Test("What is no sandbox's is entered again without harm, and never becomes a sandbox's")
    func sharedTwice() async throws {
        let journal = try SQLiteJournal.inMemory()
        let shared = Sample.worktree("w1", piece: Sample.piece("account-1"))
        try await journal.enter(shared)
        try await journal.enter(shared)
        let error = await failure { () async throws(JournalError) in
            try await journal.enter(
                LedgerEntry(
                    uid: shared.uid, kind: shared.kind, name: shared.name, node: shared.node,
                    sandbox: Sample.name("qa"), enteredAt: shared.enteredAt))
        }
        #expect(error?.failure == .conflict)
        #expect(error?.message == "w1 is worktree account-1 already")
        #expect(try await journal.openEntries() == [shared])
    }

    @Test("A pass comes back with what its containers are made of, in order")
    func origins() async throws {
        let journal = try SQLiteJournal.inMemory()
        let origins = [Sample.origin("web"), Sample.origin("account", "c"), Sample.origin(nil)]
        let record = PassRecord(
            sandbox: Sample.name("qa"), revision: Sample.commit("a"), cause: "", startedAt: Sample.time(1), plan: "",
            steps: 1, origins: origins)
        _ = try await journal.begin(record)
        _ = try await journal.begin(Sample.pass(making: "account-1"))
        _ = try await journal.begin(Sample.pass("dev"))
        let all = try await journal.passes(of: nil, limit: 9).map(\.record)
        #expect(all == [Sample.pass("dev"), Sample.pass(making: "account-1"), record])
        #expect(try await journal.passes(of: Sample.name("qa"), limit: 9).map(\.record) == [record])
        // The newest of all has none, and is not given another's.
        #expect(try await journal.passes(of: nil, limit: 1).first?.record.origins == [])
    }

    @Test("Of several passes that made a workpiece the newest is told; of one nobody made, nothing")
    func making() async throws {
        let journal = try SQLiteJournal.inMemory()
        let first = try await journal.begin(Sample.pass(making: "account-1", at: 1))
        try await journal.end(first, .failed, at: Sample.time(2), message: "exit 2")
        let other = try await journal.begin(Sample.pass(making: "web-1", at: 3))
        let second = try await journal.begin(Sample.pass(making: "account-1", at: 4))
        _ = try await journal.begin(Sample.pass(discarding: "account-1", at: 5))
        let asked = Set(["account-1", "web-1", "nobody-1"].map(Sample.piece))
        let found = try await journal.passes(making: asked)
        #expect(found.mapValues(\.id) == [Sample.piece("account-1"): second, Sample.piece("web-1"): other])
        #expect(try await journal.passes(making: []).isEmpty)
    }

    @Test("Origins go with their pass when history is cut")
    func retention() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let journal = try SQLiteJournal(path: path, retention: .init(events: 9, passes: 2))
            for _ in 1...5 {
                _ = try await journal.begin(
                    PassRecord(
                        sandbox: Sample.name("qa"), revision: Sample.commit("a"), cause: "",
                        startedAt: Sample.time(1), plan: "", steps: 1, origins: [Sample.origin("web")]))
            }
            let passes = try await DatabaseQueue(path: path, configuration: Sample.patient).read { db in
                try Int.fetchAll(db, sql: "SELECT pass FROM origin ORDER BY pass")
            }
            #expect(passes == [4, 5])
        }
    }

    @Test("An event of a workpiece comes back with it")
    func event() async throws {
        let journal = try SQLiteJournal.inMemory()
        let event = EventRecord(
            at: Sample.time(1), kind: "step.started", message: "build account main @ 4be1c2d", cause: "main moved",
            piece: Sample.piece("account-4be1c2d9f0a1-1f2e3d4c"))
        try await journal.append(event)
        #expect(try await journal.events(after: 0, sandbox: nil, limit: 9).map(\.event) == [event])
    }

    @Test("A workpiece's name that no version of ours wrote is an error with its column")
    func damaged() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let journal = try SQLiteJournal(path: path)
            _ = try await journal.begin(Sample.pass(making: "account-1"))
            try await DatabasePool(path: path, configuration: Sample.patient).write { db in
                try db.execute(sql: "UPDATE pass SET piece = '../../etc'")
            }
            let error = await failure { () async throws(JournalError) in _ = try await journal.passes(of: nil, limit: 9)
            }
            #expect(error?.message.hasPrefix("the value of column piece is damaged; move the file away") == true)
        }
    }
}
