import Model
import Reconciler
import SQLiteJournal
import TestSupport
import Testing

@Suite("Nothing of a pool is given twice")
struct AllocationsTests {
    @Test("What is reserved comes back, and is gone when released")
    func roundTrip() async throws {
        let journal = try SQLiteJournal.inMemory()
        let all = [
            Sample.listener(9001, to: "qa"), Sample.published(9002, to: "qa"),
            Sample.subnet("10.210.0.16/28", to: "qa"),
            Sample.subnet("10.0.0.0/8", on: "big", to: "qa"), Sample.subnet("10.210.0.4/30", to: "dev"),
            Sample.subnet("255.255.255.252/30", to: "dev"),
        ]
        for allocation in all { try await journal.reserve([allocation]) }
        #expect(Set(try await journal.allocations()) == Set(all))
        try await journal.release(all)
        #expect(try await journal.allocations().isEmpty)
    }

    @Test("Reserving again what the same sandbox holds is harmless")
    func again() async throws {
        let journal = try SQLiteJournal.inMemory()
        let held = [Sample.subnet("10.210.0.16/28", to: "qa"), Sample.listener(9001, to: "qa")]
        try await journal.reserve(held)
        try await journal.reserve(held + [Sample.listener(9002, to: "qa")])
        #expect(try await journal.allocations().count == 3)
    }

    @Test("A sandbox that moves has two places, and each goes alone")
    func places() async throws {
        let journal = try SQLiteJournal.inMemory()
        let old = Sample.place("micro-92", of: "qa")
        let new = Sample.place("micro-93", of: "qa")
        try await journal.reserve([old, Sample.listener(9001, to: "qa")])
        try await journal.reserve([old, new, Sample.place("micro-92", of: "dev")])
        #expect(Set(try await journal.allocations()).isSuperset(of: [old, new]))
        #expect(try await journal.allocations().count == 4)
        try await journal.release([old])
        try await journal.release([old])
        let left = try await journal.allocations()
        #expect(left.contains(new) && !left.contains(old) && left.count == 3)
    }

    @Test("The place of one sandbox is not given to another")
    func foreignPlace() async throws {
        let journal = try SQLiteJournal.inMemory()
        let error = await failure { () async throws(JournalError) in
            try await journal.reserve([
                Sample.listener(9001, to: "dev"),
                Allocation(.place(Sample.name("micro-92"), of: Sample.name("qa")), to: Sample.name("dev")),
            ])
        }
        #expect(error?.failure == .conflict)
        #expect(error?.message == "place of qa on micro-92 is not for sandbox dev")
        #expect(try await journal.allocations().isEmpty)
    }

    struct Clash: CustomTestStringConvertible {
        let held: Allocation
        let asked: Allocation
        let holder: String?
        var testDescription: String { "\(held) held, \(asked) asked by \(asked.sandbox)" }
    }

    @Test(
        "What another sandbox holds is a conflict that names the holder; what it does not hold is given",
        arguments: [
            Clash(held: Sample.listener(9001, to: "qa"), asked: Sample.listener(9001, to: "dev"), holder: "qa"),
            Clash(held: Sample.listener(9001, to: "qa"), asked: Sample.listener(9002, to: "dev"), holder: nil),
            Clash(
                held: Sample.listener(9001, to: "qa"), asked: Sample.listener(9001, of: "other", to: "dev"), holder: nil
            ),
            Clash(held: Sample.listener(9001, to: "qa"), asked: Sample.published(9001, to: "dev"), holder: nil),
            Clash(
                held: Sample.published(9001, to: "qa"), asked: Sample.published(9001, for: "web", to: "dev"),
                holder: "qa"),
            Clash(
                held: Sample.subnet("10.210.0.0/28", to: "qa"), asked: Sample.subnet("10.210.0.0/28", to: "dev"),
                holder: "qa"),
            Clash(
                held: Sample.subnet("10.210.0.0/28", to: "qa"), asked: Sample.subnet("10.210.0.0/24", to: "dev"),
                holder: "qa"),
            Clash(
                held: Sample.subnet("10.210.0.0/24", to: "qa"), asked: Sample.subnet("10.210.0.240/28", to: "dev"),
                holder: "qa"),
            Clash(
                held: Sample.subnet("10.210.0.0/28", to: "qa"), asked: Sample.subnet("10.210.0.16/28", to: "dev"),
                holder: nil),
            Clash(
                held: Sample.subnet("10.210.0.0/28", to: "qa"),
                asked: Sample.subnet("10.210.0.0/28", on: "micro-93", to: "dev"), holder: nil),
        ])
    func clashes(_ clash: Clash) async throws {
        let journal = try SQLiteJournal.inMemory()
        try await journal.reserve([clash.held])
        guard let holder = clash.holder else {
            try await journal.reserve([clash.asked])
            #expect(Set(try await journal.allocations()) == [clash.held, clash.asked])
            return
        }
        let error = await failure { () async throws(JournalError) in try await journal.reserve([clash.asked]) }
        #expect(error?.failure == .conflict)
        #expect(error?.message == "\(clash.asked) is held by sandbox \(holder)")
        #expect(try await journal.allocations() == [clash.held])
    }

    @Test("All or none: one conflict and nothing of the rest is held")
    func allOrNone() async throws {
        let journal = try SQLiteJournal.inMemory()
        try await journal.reserve([Sample.listener(9002, to: "qa")])
        let error = await failure { () async throws(JournalError) in
            try await journal.reserve([
                Sample.listener(9001, to: "dev"), Sample.subnet("10.210.0.0/28", to: "dev"),
                Sample.listener(9002, to: "dev"),
            ])
        }
        #expect(error?.failure == .conflict)
        #expect(try await journal.allocations() == [Sample.listener(9002, to: "qa")])
    }

    @Test("One port asked for twice in one breath is a conflict")
    func twiceAtOnce() async throws {
        let journal = try SQLiteJournal.inMemory()
        let error = await failure { () async throws(JournalError) in
            try await journal.reserve([
                Sample.published(9001, for: "web", to: "qa"), Sample.published(9001, for: "account", to: "qa"),
            ])
        }
        #expect(error?.failure == .conflict)
        #expect(try await journal.allocations().isEmpty)
    }

    @Test("A port may pass to another service of its sandbox, and the old claim cannot release it")
    func passesOn() async throws {
        let journal = try SQLiteJournal.inMemory()
        let old = Sample.published(9001, for: "account", to: "qa")
        let new = Sample.published(9001, for: "web", to: "qa")
        try await journal.reserve([old])
        try await journal.reserve([new])
        try await journal.release([old])
        #expect(try await journal.allocations() == [new])
    }

    @Test("Nobody releases what another holds")
    func foreignRelease() async throws {
        let journal = try SQLiteJournal.inMemory()
        try await journal.reserve([Sample.listener(9001, to: "qa")])
        try await journal.release([Sample.listener(9001, to: "dev")])
        #expect(try await journal.allocations() == [Sample.listener(9001, to: "qa")])
    }

    @Test("Whatever is asked for in whatever order, no two sandboxes hold one address or port", arguments: 0..<20)
    func neverTwice(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let journal = try SQLiteJournal.inMemory()
        for _ in 0..<60 {
            let asked = (0..<Int.random(in: 1...3, using: &random)).map { _ in anything(using: &random) }
            do throws(JournalError) {
                if random.oneIn(4) { try await journal.release(asked) } else { try await journal.reserve(asked) }
            } catch {
                #expect(error.failure == .conflict)
            }
        }
        let held = try await journal.allocations()
        #expect(!held.isEmpty)
        for (index, one) in held.enumerated() {
            for other in held[..<index] where one.sandbox != other.sandbox {
                #expect(!collide(one.resource, other.resource), "\(one) and \(other)")
            }
        }
    }

    private func anything(using random: inout SplitMix64) -> Allocation {
        let sandbox = ["qa", "dev", "ci"][Int.random(in: 0..<3, using: &random)]
        return switch Int.random(in: 0..<4, using: &random) {
        case 3: Sample.place(random.oneIn(2) ? "micro-92" : "micro-93", of: sandbox)
        case 0: Sample.listener(.random(in: 9001...9006, using: &random), to: sandbox)
        case 1: Sample.published(.random(in: 9001...9006, using: &random), to: sandbox)
        default:
            Sample.subnet(
                ["10.210.0.0/28", "10.210.0.0/27", "10.210.0.16/28", "10.210.0.24/29", "10.210.0.32/28"]
                    .randomElement(using: &random) ?? "10.210.0.0/28", to: sandbox)
        }
    }

    private func collide(_ one: Allocation.Resource, _ other: Allocation.Resource) -> Bool {
        switch (one, other) {
        case (.subnet(let node, let subnet), .subnet(let another, let other)):
            node == another && subnet.overlaps(other)
        case (.listener(let gateway, let port), .listener(let another, let other)):
            gateway == another && port == other
        case (.published(let node, let port, _, _), .published(let another, let other, _, _)):
            node == another && port == other
        case (.place(_, let sandbox), .place(_, let other)): sandbox == other
        case (.subnet, _), (.listener, _), (.published, _), (.place, _): false
        }
    }
}
