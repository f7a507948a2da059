import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("What is told to the journal comes back as it was")
struct RecordsTests {
    @Test("A ledger entry is open until it is settled, oldest first")
    func ledger() async throws {
        let journal = try SQLiteJournal.inMemory()
        let network = LedgerEntry(
            uid: ResourceUID("n1"), kind: .network, name: "sandbox-qa", node: Sample.name("micro-92"),
            sandbox: Sample.name("qa"), enteredAt: Sample.time(1))
        let container = Sample.entry("a1", "sandbox-qa-account", at: 2)
        try await journal.enter(container)
        try await journal.enter(network)
        #expect(try await journal.openEntries() == [network, container])

        try await journal.settle(ResourceUID("n1"))
        try await journal.settle(ResourceUID("n1"))
        #expect(try await journal.openEntries() == [container])
    }

    @Test("A thing entered again keeps its first time and takes its newest name")
    func enterAgain() async throws {
        let journal = try SQLiteJournal.inMemory()
        try await journal.enter(Sample.entry("a1", "sandbox-qa-account-g2", at: 5))
        try await journal.enter(Sample.entry("a1", "sandbox-qa-account", at: 9))
        #expect(try await journal.openEntries() == [Sample.entry("a1", "sandbox-qa-account", at: 5)])
    }

    @Test("A uid that is another sandbox's thing is a conflict that names it")
    func uidConflict() async throws {
        let journal = try SQLiteJournal.inMemory()
        try await journal.enter(Sample.entry("a1", "sandbox-qa-account"))
        let error = await failure { () async throws(JournalError) in
            try await journal.enter(Sample.entry("a1", "sandbox-dev-account", sandbox: "dev"))
        }
        #expect(error?.failure == .conflict)
        #expect(error?.message == "a1 is container sandbox-qa-account of qa already")
        #expect(try await journal.openEntries() == [Sample.entry("a1", "sandbox-qa-account")])
    }

    @Test("A pass shows as running until it ends, newest first", arguments: PassOutcome.allCases)
    func passes(_ outcome: PassOutcome) async throws {
        let journal = try SQLiteJournal.inMemory()
        let first = try await journal.begin(Sample.pass("qa", at: 1))
        let second = try await journal.begin(Sample.pass("dev", at: 2))
        try await journal.end(first, outcome, at: Sample.time(9), message: "because")

        let ended = PassSummary(
            id: first, record: Sample.pass("qa", at: 1), outcome: outcome, endedAt: Sample.time(9), message: "because")
        let running = PassSummary(
            id: second, record: Sample.pass("dev", at: 2), outcome: nil, endedAt: nil, message: "")
        #expect(try await journal.passes(of: nil, limit: 10) == [running, ended])
        #expect(try await journal.passes(of: nil, limit: 1) == [running])
        #expect(try await journal.passes(of: Sample.name("qa"), limit: 10) == [ended])
        #expect(try await journal.passes(of: nil, limit: 0).isEmpty)
        #expect(try await journal.passes(of: nil, limit: -1).isEmpty)
    }

    @Test("A pass of the gateway is of no sandbox")
    func passOfTheGateway() async throws {
        let journal = try SQLiteJournal.inMemory()
        _ = try await journal.begin(Sample.pass("qa"))
        _ = try await journal.begin(Sample.pass(nil))
        #expect(try await journal.passes(of: nil, limit: 9).map(\.record) == [Sample.pass(nil), Sample.pass("qa")])
        #expect(try await journal.passes(of: Sample.name("qa"), limit: 9).map(\.record) == [Sample.pass("qa")])
    }

    @Test("A pass ends once: again the same way is harmless, another way is a conflict")
    func endTwice() async throws {
        let journal = try SQLiteJournal.inMemory()
        let pass = try await journal.begin(Sample.pass())
        try await journal.end(pass, .applied, at: Sample.time(5), message: "done")
        try await journal.end(pass, .applied, at: Sample.time(6), message: "again")
        let error = await failure { () async throws(JournalError) in
            try await journal.end(pass, .failed, at: Sample.time(7), message: "no")
        }
        #expect(error?.failure == .conflict)
        #expect(error?.description == "end pass 1 as failed: it ended as applied already")
        #expect(try await journal.passes(of: nil, limit: 1).first?.endedAt == Sample.time(5))
    }

    @Test("Steps come back in order of time, with every result they had")
    func steps() async throws {
        let journal = try SQLiteJournal.inMemory()
        let pass = try await journal.begin(Sample.pass())
        let told = StepRecord.Result.allCases.enumerated().map { index, result in
            StepRecord(
                index: index, action: "create account", service: index == 0 ? nil : Sample.name("account"),
                cause: "manifests/qa.yaml:3", result: result, at: Sample.time(Int64(index)), message: "")
        }
        let ended = StepRecord(
            index: 0, action: "create account", service: nil, cause: "manifests/qa.yaml:3", result: .completed,
            at: Sample.time(7), message: "in 7 ms")
        for step in (told + [ended, ended]).reversed() { try await journal.record(step, of: pass) }
        #expect(try await journal.steps(of: pass) == told + [ended])
    }

    @Test("A step of no pass is refused with a sentence")
    func stepOfNoPass() async throws {
        let journal = try SQLiteJournal.inMemory()
        let step = StepRecord(
            index: 1, action: "start", service: nil, cause: "", result: .started, at: Sample.time(1), message: "")
        let error = await failure { () async throws(JournalError) in try await journal.record(step, of: PassID(7)) }
        #expect(
            error?.description
                == "record step 1 of pass 7: there is no such pass; was the journal moved away meanwhile?")
    }

    @Test("Passes that a crash left are marked, and only those")
    func abandoned() async throws {
        let journal = try SQLiteJournal.inMemory()
        let done = try await journal.begin(Sample.pass())
        try await journal.end(done, .failed, at: Sample.time(2), message: "")
        _ = try await journal.begin(Sample.pass("dev"))
        #expect(try await journal.abandonUnfinishedPasses(at: Sample.time(50)) == 1)
        let passes = try await journal.passes(of: nil, limit: 10)
        #expect(passes.map(\.outcome) == [.abandoned, .failed])
        #expect(passes.map(\.endedAt) == [Sample.time(50), Sample.time(2)])
        #expect(try await journal.abandonUnfinishedPasses(at: Sample.time(60)) == 0)
    }

    @Test("A status comes back whole in every phase, in order of name", arguments: SandboxStatus.Phase.allCases)
    func statuses(_ phase: SandboxStatus.Phase) async throws {
        let journal = try SQLiteJournal.inMemory()
        let full = SandboxStatus(
            sandbox: Sample.name("qa"), title: "QA", owner: "Achmad", phase: phase, message: "it's \"so\"",
            attempted: Sample.commit("a"), applied: Sample.commit("b"), healthy: Sample.commit("c"), cause: "x:1",
            port: 65535,
            services: [
                .init(name: Sample.name("web"), use: "branch feature/x", health: "Healthy", target: "10.0.0.2:80"),
                .init(name: Sample.name("account"), use: "baseline", health: "-", target: ""),
            ], updatedAt: Sample.time(5))
        let bare = SandboxStatus(
            sandbox: Sample.name("dev"), title: "dev", phase: phase, cause: "", updatedAt: Sample.time(6))
        try await journal.put(full)
        try await journal.put(bare)
        #expect(try await journal.statuses() == [bare, full])

        var fewer = full
        fewer.services.removeFirst()
        try await journal.put(fewer)
        #expect(try await journal.statuses() == [bare, fewer])
        try await journal.forget(Sample.name("qa") as SandboxName)
        try await journal.forget(Sample.name("qa") as SandboxName)
        #expect(try await journal.statuses() == [bare])
    }

    @Test("The status of the whole comes back, with and without a commit")
    func fleet() async throws {
        let journal = try SQLiteJournal.inMemory()
        #expect(try await journal.fleetStatus() == nil)
        let head = Revision(
            commit: Sample.commit("a"), author: "Achmad", committedAt: Sample.time(3), subject: "moves 'account'")
        let busy = FleetStatus(
            branch: "main", head: head, notices: ["two", "one"], updatedAt: Sample.time(4), processID: 77)
        try await journal.put(busy)
        #expect(try await journal.fleetStatus() == busy)
        let idle = FleetStatus(branch: "main", head: nil, notices: [], updatedAt: Sample.time(5), processID: nil)
        try await journal.put(idle)
        #expect(try await journal.fleetStatus() == idle)
    }

    @Test("A person's last word on a commit is what counts, and it counts for that commit alone")
    func consents() async throws {
        let journal = try SQLiteJournal.inMemory()
        #expect(try await journal.consentedDeletions(at: Sample.commit("a")) == 0)
        try await journal.consent(to: 9, at: Sample.commit("a"), by: "Achmad", time: Sample.time(1))
        try await journal.consent(to: 4, at: Sample.commit("a"), by: "Budi", time: Sample.time(2))
        try await journal.consent(to: 7, at: Sample.commit("b"), by: "Budi", time: Sample.time(3))
        #expect(try await journal.consentedDeletions(at: Sample.commit("a")) == 4)
        #expect(try await journal.consentedDeletions(at: Sample.commit("b")) == 7)
        #expect(try await journal.consentedDeletions(at: Sample.commit("c")) == 0)
    }

    @Test("A text longer than a row should hold keeps its beginning")
    func longText() async throws {
        let journal = try SQLiteJournal.inMemory()
        let event = EventRecord(
            at: Sample.time(1), kind: "drift", message: String(repeating: "é", count: 100_000), cause: "")
        try await journal.append(event)
        let message = try #require(try await journal.events(after: 0, sandbox: nil, limit: 1).first).event.message
        #expect(message.utf8.count < 17_000)
        #expect(message.hasPrefix("éé") && message.hasSuffix(" … (cut)"))
    }
}
