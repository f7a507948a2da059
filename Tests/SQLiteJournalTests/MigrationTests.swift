import GRDB
import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("A journal of an earlier release")
struct MigrationTests {
    @Test("Of the first release opens, keeps its rows, and takes what it could not hold before")
    func first() async throws {
        try await withFirstLight { path in
            let journal = try SQLiteJournal(path: path)
            let network = LedgerEntry(
                uid: ResourceUID("n1"), kind: .network, name: "sandbox-qa", node: Sample.name("micro-92"),
                sandbox: Sample.name("qa"), enteredAt: Sample.time(2))
            #expect(try await journal.openEntries() == [Sample.entry("a1", "sandbox-qa-account"), network])
            #expect(try await journal.openEntries(of: Sample.name("qa")).count == 2)
            #expect(try await journal.allocations() == [Sample.listener(9001, to: "qa")])
            let pass = PassSummary(
                id: PassID(1), record: Sample.pass("qa", at: 1), outcome: .applied, endedAt: Sample.time(9),
                message: "done")
            #expect(try await journal.passes(of: nil, limit: 9) == [pass])
            #expect(try await journal.steps(of: PassID(1)).map(\.result) == [.started, .completed])
            let events = try await journal.events(after: 0, sandbox: nil, limit: 9)
            #expect(events.map(\.id) == [1, 2])
            #expect(events.first?.event == Sample.event(1))
            #expect(try await journal.statuses().first?.services.map(\.name) == [Sample.name("web")])
            #expect(try await journal.statuses().map(\.phase) == [.ready])

            try await journal.reserve([Sample.place("micro-92", of: "qa")])
            #expect(try await journal.allocations().count == 2)
            try await journal.put(Sample.status("dev", .unknown))
            try await journal.put(Sample.status("qa", .unknown))
            #expect(try await journal.statuses().map(\.phase) == [.unknown, .unknown])

            try await journal.enter(Sample.worktree("w1", piece: Sample.piece("account-1")))
            let next = try await journal.begin(Sample.pass(making: "account-1"))
            #expect(next == PassID(2))
            #expect(try await journal.openEntries().count == 3)
        }
    }

    @Test("Comes to the schema of a new one")
    func sameSchema() async throws {
        try await withFirstLight { path in
            let migrated = try await SQLiteJournal(path: path).schema()
            #expect(migrated == (try await SQLiteJournal.inMemory().schema()))
        }
    }

    @Test("Opened a second time, is not migrated again")
    func twice() async throws {
        try await withFirstLight { path in
            for _ in 0..<2 { #expect(try await SQLiteJournal(path: path).openEntries().count == 2) }
            let applied = try await DatabaseQueue(path: path, configuration: Sample.patient).read { db in
                try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
            }
            #expect(applied == ["1 first light", "2 the workshop", "3 many machines"])
        }
    }

    @Test("Is not migrated by who only reads: a sentence says who does it")
    func reader() async throws {
        try await withFirstLight { path in
            let error = await failure { () async throws(JournalError) in _ = try SQLiteJournal.readOnly(path: path) }
            #expect(error?.message == "it is not up to date; start \"berth serve\" of this version once")
        }
    }

    private func withFirstLight(_ body: (_ path: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            try await DatabaseQueue(path: path, configuration: Sample.patient).writeWithoutTransaction { db in
                try db.execute(sql: FirstLight.schema)
                try db.execute(sql: FirstLight.rows)
            }
            try await body(path)
        }
    }
}
