import Model
import Reconciler
import TestSupport
import Testing

@testable import Planner

@Suite("Executor", .timeLimit(.minutes(1)))
struct ExecutorTests {
    private func run(
        _ plan: Plan, on host: StepHost, journal: MemoryJournal = MemoryJournal(), width: Int = 3,
        isSuperseded: @escaping @Sendable () async -> Bool = { false }
    ) async -> Executor.Outcome {
        let executor = Executor(
            hosts: FixedHosts([Sample.node: host]), journal: journal, surroundings: .silent(), width: width)
        return await executor.run(plan, of: PassID(1), isSuperseded: isSuperseded)
    }

    @Test("As many steps as the width are under way at once, never more", arguments: [1, 3, 5])
    func width(_ width: Int) async {
        let host = StepHost(meeting: width)
        let outcome = await run(Plan.of(Array(repeating: [], count: width * 3)), on: host, width: width)
        #expect(outcome.completed == width * 3)
        #expect(await host.most == width)
    }

    @Test("Steps run after what they need, each once", arguments: 0..<60 as Range<UInt64>)
    func order(seed: UInt64) async {
        var random = SplitMix64(seed: seed)
        let plan = Plan.random(using: &random)
        let host = StepHost()
        let outcome = await run(plan, on: host, width: Int.random(in: 1...5, using: &random))
        let ended = await host.ended
        #expect(outcome.completed == plan.steps.count && ended.count == plan.steps.count)
        for step in plan.steps {
            let began = await host.began[step.id.index] ?? -1
            for need in step.dependencies { #expect((ended[need.index] ?? .max) < began) }
        }
    }

    @Test("A step that fails takes along what needs it, and nothing else")
    func failure() async {
        let journal = MemoryJournal()
        let host = StepHost(failing: [1])
        // 2 and 4 need 1, 4 through 2; 3 and 5 do not.
        let outcome = await run(Plan.of([[], [1], [], [2], [3]]), on: host, journal: journal)
        #expect(outcome.failures.map(\.step.id.index) == [1])
        #expect(outcome.completed == 2 && !outcome.isSuperseded && outcome.journalFailure == nil)
        #expect(Set(await host.began.keys) == [1, 3, 5])
        let steps = await journal.steps
        #expect(Set(steps.filter { $0.result == .skipped }.map(\.index)) == [2, 4])
        #expect(steps.filter { $0.result == .skipped }.allSatisfy { $0.message == "needs step 1" })
        #expect(Set(steps.filter { $0.result == .completed }.map(\.index)) == [3, 5])
        #expect(steps.filter { $0.result == .failed }.map(\.index) == [1])
    }

    @Test("A newer commit stops it at a boundary: what has begun ends, and nothing else begins")
    func superseded() async {
        let journal = MemoryJournal()
        let host = StepHost(meeting: 2)
        let outcome = await run(Plan.of([[], [], [1, 2], [3]]), on: host, journal: journal, width: 2) {
            await !host.began.isEmpty
        }
        #expect(outcome.isSuperseded)
        #expect(outcome.completed == 2 && outcome.failures.isEmpty)
        #expect(Set(await host.ended.keys) == [1, 2])
        let skipped = await journal.steps.filter { $0.result == .skipped }
        #expect(skipped.map(\.index) == [3, 4])
        #expect(skipped.allSatisfy { $0.message == "a newer commit came" })
    }

    @Test("Superseded before it began, it does nothing")
    func supersededAtOnce() async {
        let host = StepHost()
        let outcome = await run(Plan.of([[], []]), on: host) { true }
        #expect(outcome.isSuperseded && outcome.completed == 0)
        #expect(await host.began.isEmpty)
    }

    @Test("A node nobody serves is a failure of the step, not of the program")
    func nobody() async {
        let executor = Executor(hosts: FixedHosts([:]), journal: MemoryJournal(), surroundings: .silent())
        let outcome = await executor.run(Plan.of([[], [1]]), of: PassID(1)) { false }
        #expect(outcome.failures.map(\.error.failure) == [.unreachable])
        #expect(outcome.completed == 0)
    }

    @Test("What is made is in the ledger before it is made; history that cannot be written stops nothing")
    func ledger() async throws {
        let journal = MemoryJournal()
        let subnet = try #require(Subnet("10.210.0.0/28"))
        let network = NetworkDraft(name: "sandbox-qa", sandbox: Sample.name("qa"), subnet: subnet)
        var plan = Plan(of: .sandbox(Sample.name("qa")), on: Sample.node, cause: .observation("a test"))
        plan.append(.createNetwork(network), because: .missing)
        plan.append(.pull(Sample.image("step-2")), because: .missing)
        await journal.fail(true)
        let host = StepHost()
        let refused = await run(plan, on: host, journal: journal)
        #expect(refused.journalFailure?.failure == .unavailable)
        #expect(refused.completed == 1)
        #expect(await host.networks.isEmpty)
        await journal.fail(false)
        let watcher = StepHost { await journal.open.values.map(\.name) }
        _ = await run(plan, on: watcher, journal: journal)
        #expect(await watcher.networks == [["sandbox-qa"]])
    }
}

/// A host whose steps are numbered by the image they pull: it keeps when each began and ended, and can hold steps until
/// several have met.
private actor StepHost: Host {
    private(set) var began: [Int: Int] = [:]
    private(set) var ended: [Int: Int] = [:]
    /// The most steps that were under way at once.
    private(set) var most = 0
    /// What the ledger held as each network was made.
    private(set) var networks: [[String]] = []
    private var time = 0
    private var inside = 0
    private var meetings = 0
    private let meeting: Int
    private let failing: Set<Int>
    private let ledger: @Sendable () async -> [String]

    init(
        meeting: Int = 1, failing: Set<Int> = [], ledger: @escaping @Sendable () async -> [String] = { [] }
    ) {
        self.meeting = meeting
        self.failing = failing
        self.ledger = ledger
    }

    func observe(_ inquiry: Inquiry) -> ObservedNode { ObservedNode(node: Sample.node) }

    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        guard case .pull(let image) = action, let number = Int(image.text.dropFirst("step-".count)) else {
            networks.append(await ledger())
            return nil
        }
        began[number] = tick()
        inside += 1
        most = max(most, inside)
        if inside < meeting {
            await meet()
        } else {
            // One too many would come in here, before those who met go on.
            for _ in 0..<50 { await Task.yield() }
            meetings += 1
        }
        inside -= 1
        ended[number] = tick()
        if failing.contains(number) { throw HostError("\(action)", .refused, "simulated") }
        return nil
    }

    nonisolated func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }

    /// Waits for the others, at most half a second: the test then fails by what it expects.
    private func meet() async {
        let last = meetings
        for _ in 0..<500 where meetings == last {
            do { try await Task.sleep(for: .milliseconds(1)) } catch { return }
        }
    }

    private func tick() -> Int {
        time += 1
        return time
    }
}
