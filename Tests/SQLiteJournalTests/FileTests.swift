import Foundation
import GRDB
import Model
import Reconciler
import SQLiteJournal
import TestSupport
import Testing

@Suite("The file: who opens it, what is refused, and what a crash leaves")
struct FileTests {
    @Test("What was written is there when the file is opened again, and the rows are where they were")
    func reopens() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            var journal: SQLiteJournal? = try SQLiteJournal(path: path)
            try await journal?.reserve([Sample.listener(9001, to: "qa")])
            try await journal?.append(Sample.event(1))
            journal = nil
            let again = try SQLiteJournal(path: path)
            #expect(try await again.allocations() == [Sample.listener(9001, to: "qa")])
            try await again.append(Sample.event(2))
            #expect(try await again.events(after: 0, sandbox: nil, limit: 9).map(\.id) == [1, 2])
        }
    }

    @Test("A reader sees what a writer has written, while it writes, and can write nothing")
    func readOnly() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let writer = try SQLiteJournal(path: path)
            let reader = try SQLiteJournal.readOnly(path: path)
            let rounds = 200
            try await withThrowingTaskGroup { group in
                group.addTask { for number in 1...rounds { try await writer.append(Sample.event(number)) } }
                group.addTask {
                    var seen: Int64 = 0
                    for _ in 0..<rounds {
                        let ids = try await reader.events(after: 0, sandbox: nil, limit: rounds).map(\.id)
                        #expect(ids == Array(1...max(1, Int64(ids.count))).filter { _ in !ids.isEmpty })
                        #expect(ids.last ?? 0 >= seen)
                        seen = ids.last ?? 0
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await reader.events(after: 0, sandbox: nil, limit: 1).first?.id == Int64(rounds))
            let error = await failure { () async throws(JournalError) in try await reader.append(Sample.event(0)) }
            #expect(error?.failure == .unavailable)
        }
    }

    @Test("Two connections that reserve the same ports never both get one")
    func twoConnections() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let journals = ["qa": try SQLiteJournal(path: path), "dev": try SQLiteJournal(path: path)]
            let ports = 9001...9060 as ClosedRange<UInt16>
            let given = try await withThrowingTaskGroup(of: Int.self) { group in
                for (sandbox, journal) in journals {
                    group.addTask {
                        var given = 0
                        for port in ports {
                            do throws(JournalError) {
                                try await journal.reserve([Sample.listener(port, to: sandbox)])
                                given += 1
                            } catch {
                                #expect(error.failure == .conflict)
                            }
                        }
                        return given
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(given == ports.count)
            #expect(try await journals["qa"]?.allocations().count == ports.count)
        }
    }

    @Test("After kill -9 in the middle of a write, all that was told before it is there", arguments: 0..<12)
    func killed(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let journal = try SQLiteJournal(path: path)
            try await journal.append(Sample.event(1))
            let log = URL(filePath: path + "-wal")
            let before = try Data(contentsOf: log).count
            for number in 2...10 { try await journal.append(Sample.event(number)) }

            // What a kill leaves: the file, and a log whose last bytes never arrived. The index of the log is rebuilt.
            let copy = folder + "/copy.sqlite"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let whole = try Data(contentsOf: log)
            let cut = Int.random(in: before...whole.count, using: &random)
            try whole.prefix(cut).write(to: URL(filePath: copy + "-wal"))

            let found = try SQLiteJournal(path: copy)
            let ids = try await found.events(after: 0, sandbox: nil, limit: 99).map(\.id)
            #expect(ids == Array(1...Int64(ids.count)))
            #expect(ids.count == 10 || cut < whole.count)
            try await found.append(Sample.event(0))
            #expect(try await found.events(after: 0, sandbox: nil, limit: 1).first?.id == Int64(ids.count) + 1)
        }
    }

    @Test("A folder that is not there is named")
    func missingFolder() async throws {
        let error = await failure { () async throws(JournalError) in
            _ = try SQLiteJournal(path: "/nonexistent/data/berth.sqlite")
        }
        #expect(
            error?.description
                == "open /nonexistent/data/berth.sqlite: there is no folder /nonexistent/data/; make it, or choose another"
        )
    }

    @Test("A reader makes no journal where there is none")
    func readOnlyOfNothing() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let error = await failure { () async throws(JournalError) in _ = try SQLiteJournal.readOnly(path: path) }
            #expect(error?.message == "there is no journal yet; \"berth serve\" makes it")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(files.isEmpty)
        }
    }

    @Test("A file that is no database is left as it is, with the remedy", arguments: ["write", "read"])
    func notADatabase(mode: String) async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let content = Data(String(repeating: "not a database\n", count: 1000).utf8)
            try content.write(to: URL(filePath: path))
            let error = await failure { () async throws(JournalError) in
                _ = mode == "write" ? try SQLiteJournal(path: path) : try SQLiteJournal.readOnly(path: path)
            }
            #expect(error?.failure == .unavailable)
            #expect(
                error?.message == "the file is damaged (file is not a database); "
                    + "move the file away: everything in it is found again, only history is lost")
            #expect(try Data(contentsOf: URL(filePath: path)) == content)
        }
    }

    @Test("A page that is damaged is an error with the remedy, not a crash")
    func damagedPage() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            var journal: SQLiteJournal? = try SQLiteJournal(path: path)
            for number in 1...50 { try await journal?.append(Sample.event(number)) }
            journal = nil
            try await DatabaseQueue(path: path, configuration: Sample.patient).writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            var bytes = try Data(contentsOf: URL(filePath: path))
            // The header and the schema on the first page stay, all else is noise.
            for index in stride(from: 4096, to: bytes.count, by: 1) { bytes[index] = 0x5a }
            try bytes.write(to: URL(filePath: path))
            let error = await failure { () async throws(JournalError) in
                _ = try await SQLiteJournal(path: path).events(after: 0, sandbox: nil, limit: 10)
            }
            #expect(error?.failure == .unavailable)
            #expect(error?.message.contains("move the file away") == true, "\(String(describing: error))")
        }
    }

    @Test("A value that no version of ours wrote is an error with its column, not a crash")
    func damagedValue() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            let journal = try SQLiteJournal(path: path)
            try await journal.enter(Sample.entry("a1", "sandbox-qa-account"))
            try await DatabasePool(path: path, configuration: Sample.patient).write { db in
                try db.execute(sql: "UPDATE ledger SET node = 'No Slug!'")
            }
            let error = await failure { () async throws(JournalError) in _ = try await journal.openEntries() }
            #expect(error?.failure == .unavailable)
            #expect(error?.message.hasPrefix("the value of column node is damaged; move the file away") == true)
        }
    }

    @Test("Another program's database is refused and left as it is")
    func foreign() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            try await DatabaseQueue(path: path, configuration: Sample.patient).write { db in
                try db.execute(sql: "CREATE TABLE theirs (x)")
            }
            let content = try Data(contentsOf: URL(filePath: path))
            let error = await failure { () async throws(JournalError) in _ = try SQLiteJournal(path: path) }
            #expect(error?.message == "it is a database of another program; choose another path")
            #expect(try Data(contentsOf: URL(filePath: path)) == content)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["berth.sqlite"])
        }
    }

    @Test("A journal of a newer version is refused, for writing and for reading")
    func newer() async throws {
        try await withFolder { folder in
            let path = folder + "/berth.sqlite"
            _ = try SQLiteJournal(path: path)
            try await DatabasePool(path: path, configuration: Sample.patient).write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 the future')")
            }
            for mode in ["write", "read"] {
                let error = await failure { () async throws(JournalError) in
                    _ = mode == "write" ? try SQLiteJournal(path: path) : try SQLiteJournal.readOnly(path: path)
                }
                #expect(error?.failure == .unavailable, "to \(mode)")
                #expect(error?.message.hasPrefix("it was written by a newer Berth; run that version") == true)
            }
        }
    }

    @Test("The writer forces every commit to the disk")
    func synchronous() async throws {
        try await withFolder { folder in
            let durability = try await SQLiteJournal(path: folder + "/berth.sqlite").durability()
            #expect(durability == "wal, synchronous 2")
        }
    }

    @Test("The schema is the one that reviewers read in schemas/journal.sql")
    func schema() async throws {
        try expectSchema(try await SQLiteJournal.inMemory().schema(), in: "journal.sql")
    }
}
