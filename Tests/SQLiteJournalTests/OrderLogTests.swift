import AgentProtocol
import Foundation
import GRDB
import Model
import Reconciler
import SQLiteJournal
import TestSupport
import Testing

@Suite("What an agent remembers of its orders")
struct OrderLogTests {
    static let outcomes: [Outcome] =
        [
            .done(nil),
            .done(.flip(Receipt.Flip(effectiveAt: Sample.time(7), openOnOld: 3))),
            .done(.flip(Receipt.Flip(effectiveAt: Sample.time(7), openOnOld: nil))),
            .done(.drain(Receipt.Drain(finished: 4, dropped: 1))),
        ] + HostFailure.allCases.map { .failed(HostError("start qa", $0, "it \($0)")) }

    @Test("An order is unfinished until it ends, and its outcome comes back as it was", arguments: outcomes)
    func roundTrip(_ outcome: Outcome) async throws {
        let log = try SQLiteOrderLog.inMemory()
        try await log.begin(order(1, 5), at: Sample.time(3))
        let begun = OrderEntry(
            id: id(1, 5), uid: ResourceUID("u5"), action: "remove names inside qa", begunAt: Sample.time(3),
            outcome: nil)
        #expect(try await log.entry(id(1, 5)) == begun)
        #expect(try await log.unfinished() == [begun])

        try await log.end(id(1, 5), outcome, at: Sample.time(4))
        #expect(try await log.entry(id(1, 5))?.outcome == outcome)
        #expect(try await log.unfinished().isEmpty)
        #expect(try await log.entry(id(2, 5)) == nil)
    }

    @Test("Entered again, an order is as it was; ended again, its first outcome stays")
    func twice() async throws {
        let log = try SQLiteOrderLog.inMemory()
        try await log.begin(order(1, 5), at: Sample.time(3))
        try await log.end(id(1, 5), .done(nil), at: Sample.time(4))
        try await log.begin(order(1, 5), at: Sample.time(9))
        try await log.end(id(1, 5), .failed(HostError("a", .refused, "b")), at: Sample.time(9))
        let entry = try await log.entry(id(1, 5))
        #expect(entry?.begunAt == Sample.time(3))
        #expect(entry?.outcome == .done(nil))
    }

    @Test("The outcome of an order that was never entered is an error")
    func neverEntered() async throws {
        let log = try SQLiteOrderLog.inMemory()
        let error = await failure { () async throws(JournalError) in
            try await log.end(id(1, 5), .done(nil), at: Sample.time(4))
        }
        #expect(error?.message == "there is no such order; was the record moved away meanwhile?")
    }

    @Test("The epoch only grows")
    func epoch() async throws {
        let log = try SQLiteOrderLog.inMemory()
        #expect(try await log.highestEpoch() == Epoch(0))
        for (raised, highest) in [(3, 3), (2, 3), (7, 7), (0, 7)] as [(UInt64, UInt64)] {
            try await log.raise(to: Epoch(raised))
            #expect(try await log.highestEpoch() == Epoch(highest))
        }
        let error = await failure { () async throws(JournalError) in try await log.raise(to: Epoch(.max)) }
        #expect(error?.message == "18446744073709551615 is no number that a controller of ours gives")
        #expect(try await log.highestEpoch() == Epoch(7))
    }

    @Test("The oldest ended ones are forgotten, in order of epoch and number; one under way never")
    func trim() async throws {
        let log = try SQLiteOrderLog.inMemory()
        let all = [id(1, 8), id(1, 9), id(2, 1), id(2, 2), id(3, 1)]
        for id in all { try await log.begin(order(id.epoch.number, id.number), at: Sample.time(1)) }
        for id in all where id != all[0] { try await log.end(id, .done(nil), at: Sample.time(2)) }
        try await log.trim(to: 9)
        #expect(try await remembered(all, in: log) == all)
        try await log.trim(to: 2)
        #expect(try await remembered(all, in: log) == [id(1, 8), id(2, 2), id(3, 1)])
        try await log.trim(to: 0)
        #expect(try await remembered(all, in: log) == [id(1, 8)])
    }

    @Test("After kill -9 in the middle of a write, all that was told before it is there", arguments: 0..<12)
    func killed(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        try await withFolder { folder in
            let path = folder + "/agent.sqlite"
            let log = try SQLiteOrderLog(path: path)
            try await log.raise(to: Epoch(4))
            try await log.begin(order(4, 1), at: Sample.time(1))
            let tail = URL(filePath: path + "-wal")
            let before = try Data(contentsOf: tail).count
            for number in 2...10 as ClosedRange<UInt64> {
                try await log.begin(order(4, number), at: Sample.time(1))
                try await log.end(id(4, number), .done(nil), at: Sample.time(2))
            }

            let copy = folder + "/copy.sqlite"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let whole = try Data(contentsOf: tail)
            let cut = Int.random(in: before...whole.count, using: &random)
            try whole.prefix(cut).write(to: URL(filePath: copy + "-wal"))

            let found = try SQLiteOrderLog(path: copy)
            #expect(try await found.highestEpoch() == Epoch(4))
            let ids = (1...10 as ClosedRange<UInt64>).map { id(4, $0) }
            let known = try await remembered(ids, in: found)
            #expect(known == Array(ids.prefix(known.count)))
            #expect(known.count == 10 || cut < whole.count)
            let unfinished = try await found.unfinished().map(\.id)
            #expect(unfinished.first == id(4, 1))
            #expect(unfinished.dropFirst().allSatisfy { $0 == known.last })
        }
    }

    @Test("It is on the disk when it is told, and another process that opens it finds it")
    func durable() async throws {
        try await withFolder { folder in
            let path = folder + "/agent.sqlite"
            let log = try SQLiteOrderLog(path: path)
            #expect(try await log.durability() == "wal, synchronous 2")
            try await log.begin(order(1, 1), at: Sample.time(1))
            #expect(try await SQLiteOrderLog(path: path).unfinished().map(\.id) == [id(1, 1)])
        }
    }

    @Test("A file that is damaged, a controller's or another program's is refused with the remedy and left as it is")
    func foreign() async throws {
        try await withFolder { folder in
            let path = folder + "/agent.sqlite"
            let noise = Data(String(repeating: "not a database\n", count: 1000).utf8)
            try noise.write(to: URL(filePath: path))
            let damaged = await failure { () async throws(JournalError) in _ = try SQLiteOrderLog(path: path) }
            #expect(
                damaged?.message == "the file is damaged (file is not a database); see that only one controller runs, "
                    + "then move the file away: what runs stays, and what became of earlier orders is forgotten")
            #expect(try Data(contentsOf: URL(filePath: path)) == noise)

            let journal = folder + "/berth.sqlite"
            _ = try SQLiteJournal(path: journal)
            let other = await failure { () async throws(JournalError) in _ = try SQLiteOrderLog(path: journal) }
            #expect(other?.message == "it is a database of another program; choose another path")
        }
    }

    @Test("A record of a newer version is refused")
    func newer() async throws {
        try await withFolder { folder in
            let path = folder + "/agent.sqlite"
            _ = try SQLiteOrderLog(path: path)
            try await DatabasePool(path: path, configuration: Sample.patient).write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 the future')")
            }
            let error = await failure { () async throws(JournalError) in _ = try SQLiteOrderLog(path: path) }
            #expect(error?.message.hasPrefix("it was written by a newer Berth; run that version") == true)
        }
    }

    @Test("The schema is the one that reviewers read in schemas/agent.sql")
    func schema() async throws {
        try expectSchema(try await SQLiteOrderLog.inMemory().schema(), in: "agent.sql")
    }

    private func remembered(_ ids: [Order.ID], in log: SQLiteOrderLog) async throws -> [Order.ID] {
        var known: [Order.ID] = []
        for id in ids where try await log.entry(id) != nil { known.append(id) }
        return known
    }

    private func id(_ epoch: UInt64, _ number: UInt64) -> Order.ID { Order.ID(Epoch(epoch), number) }

    private func order(_ epoch: UInt64, _ number: UInt64) -> Order {
        Order(
            id: id(epoch, number), uid: ResourceUID("u\(number)"), revision: Sample.commit("a"),
            action: .removeNames(Sample.name("qa")))
    }
}
