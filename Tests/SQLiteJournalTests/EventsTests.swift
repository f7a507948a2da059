import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("Events and the bound on history")
struct EventsTests {
    @Test("An event comes back whole, with and without what it may lack")
    func roundTrip() async throws {
        let journal = try SQLiteJournal.inMemory()
        let full = EventRecord(
            at: Sample.time(1), sandbox: Sample.name("qa"), service: Sample.name("account"), kind: "step.completed",
            message: "line one\nline two", cause: "manifests/qa.yaml:3", revision: Sample.commit("a"))
        let bare = EventRecord(at: Sample.time(0), kind: "daemon.started", message: "", cause: "")
        try await journal.append(full)
        try await journal.append(bare)
        #expect(
            try await journal.events(after: 0, sandbox: nil, limit: 10)
                == [StoredEvent(id: 1, event: full), StoredEvent(id: 2, event: bare)])
    }

    struct Question: CustomTestStringConvertible {
        let after: Int64
        let sandbox: String?
        let limit: Int
        let answer: [Int64]
        var testDescription: String { "after \(after) of \(sandbox ?? "all"), limit \(limit)" }
    }

    /// Odd events are of `qa`, even ones of `dev`, the tenth of none.
    @Test(
        "The newest of those asked for come, oldest first",
        arguments: [
            Question(after: 0, sandbox: nil, limit: 100, answer: Array(1...10)),
            Question(after: 0, sandbox: nil, limit: 3, answer: [8, 9, 10]),
            Question(after: 7, sandbox: nil, limit: 100, answer: [8, 9, 10]),
            Question(after: 7, sandbox: nil, limit: 2, answer: [9, 10]),
            Question(after: 10, sandbox: nil, limit: 100, answer: []),
            Question(after: 0, sandbox: "qa", limit: 100, answer: [1, 3, 5, 7, 9]),
            Question(after: 4, sandbox: "qa", limit: 2, answer: [7, 9]),
            Question(after: 0, sandbox: "dev", limit: 100, answer: [2, 4, 6, 8]),
            Question(after: 0, sandbox: "nobody", limit: 100, answer: []),
            Question(after: 0, sandbox: nil, limit: 0, answer: []),
            Question(after: 0, sandbox: nil, limit: -1, answer: []),
        ])
    func selects(_ question: Question) async throws {
        let journal = try SQLiteJournal.inMemory()
        for number in 1...10 {
            let sandbox: String? = number == 10 ? nil : number % 2 == 1 ? "qa" : "dev"
            try await journal.append(Sample.event(number, sandbox: sandbox))
        }
        let events = try await journal.events(
            after: question.after, sandbox: question.sandbox.map { Sample.name($0) }, limit: question.limit)
        #expect(events.map(\.id) == question.answer)
        #expect(events.map(\.event.message) == question.answer.map { "event \($0)" })
    }

    @Test("Events are in the order they were told in, whatever their times say")
    func order() async throws {
        let journal = try SQLiteJournal.inMemory()
        for number in [5, 3, 9, 1] { try await journal.append(Sample.event(number)) }
        let events = try await journal.events(after: 0, sandbox: nil, limit: 10)
        #expect(events.map(\.event.at.milliseconds) == [5, 3, 9, 1])
    }

    @Test("History keeps its newest rows, and their numbers go on")
    func retention() async throws {
        let journal = try SQLiteJournal.inMemory(retention: .init(events: 3, passes: 2))
        var passes: [PassID] = []
        for number in 1...7 {
            try await journal.append(Sample.event(number))
            try await journal.consent(to: number, at: Sample.commit("a"), by: "Achmad", time: Sample.time(1))
            let pass = try await journal.begin(Sample.pass(at: Int64(number)))
            try await journal.record(
                StepRecord(
                    index: 1, action: "start", service: nil, cause: "", result: .started, at: Sample.time(1),
                    message: ""), of: pass)
            passes.append(pass)
        }
        #expect(try await journal.events(after: 0, sandbox: nil, limit: 100).map(\.id) == [5, 6, 7])
        #expect(try await journal.passes(of: nil, limit: 100).map(\.id.number) == [7, 6])
        #expect(try await journal.steps(of: passes[4]).isEmpty)
        #expect(try await journal.steps(of: passes[5]).count == 1)
        #expect(try await journal.consentedDeletions(at: Sample.commit("a")) == 7)
    }

    @Test("A cancelled task still tells its end: a pre-empted pass is not a lost one")
    func cancelled() async throws {
        let journal = try SQLiteJournal.inMemory()
        let pass = try await journal.begin(Sample.pass())
        await withTaskGroup { group in
            group.addTask {
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(JournalError) {
                    try await journal.end(pass, .superseded, at: Sample.time(9), message: "a newer revision")
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        #expect(try await journal.passes(of: nil, limit: 1).first?.outcome == .superseded)
    }
}
