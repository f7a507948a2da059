package import AgentProtocol
package import Model
package import Reconciler
internal import Synchronization

/// The file of an order log, in memory: it outlives the agents that write it.
package final class OrderLogFile: Sendable {
    fileprivate struct State {
        var highest = Epoch(0)
        var entries: [Order.ID: OrderEntry] = [:]
        var endings: [Order.ID] = []
        var isFull = false
    }

    fileprivate let state = Mutex(State())

    package init() {}

    package var highest: Epoch { state.withLock(\.highest) }
    package var entries: [OrderEntry] { state.withLock { $0.entries.values.sorted { $0.id < $1.id } } }
    /// From now on, or no more, every write fails as on a full disk.
    package func fill(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }
}

/// An order log as one life of an agent holds it. What it does after its death does not happen.
package struct MemoryOrderLog: OrderLog {
    private let file: OrderLogFile
    private let life: Life
    private let clock: VirtualClock?
    private let disk: Duration
    /// Called as an order is entered.
    private let whenBegun: @Sendable (Order) -> Void

    /// With a clock, reading an entry and every writing take `disk`, in which other things happen.
    package init(
        _ file: OrderLogFile, life: Life = Life(), clock: VirtualClock? = nil, disk: Duration = .milliseconds(1),
        whenBegun: @escaping @Sendable (Order) -> Void = { _ in }
    ) {
        self.file = file
        self.life = life
        self.clock = clock
        self.disk = disk
        self.whenBegun = whenBegun
    }

    package func highestEpoch() async throws(JournalError) -> Epoch { try await read { $0.highest } }

    package func raise(to epoch: Epoch) async throws(JournalError) {
        try await write("raise") { $0.highest = max($0.highest, epoch) }
    }

    package func begin(_ order: Order, at time: Timestamp) async throws(JournalError) {
        whenBegun(order)
        try await write("begin") { state in
            guard state.entries[order.id] == nil else { return }
            state.entries[order.id] = OrderEntry(
                id: order.id, uid: order.uid, action: "\(order.action)", begunAt: time, outcome: nil)
        }
    }

    package func end(_ id: Order.ID, _ outcome: Outcome, at time: Timestamp) async throws(JournalError) {
        try await write("end") { state in
            guard let entry = state.entries[id] else { return }
            state.entries[id] = OrderEntry(
                id: id, uid: entry.uid, action: entry.action, begunAt: entry.begunAt, outcome: outcome)
            state.endings.append(id)
        }
    }

    package func entry(_ id: Order.ID) async throws(JournalError) -> OrderEntry? {
        await turn()
        return try await read { $0.entries[id] }
    }

    package func unfinished() async throws(JournalError) -> [OrderEntry] {
        try await read { $0.entries.values.filter { $0.outcome == nil }.sorted { $0.id < $1.id } }
    }

    package func trim(to limit: Int) async throws(JournalError) {
        try await write("trim") { state in
            while state.endings.count > limit { state.entries[state.endings.removeFirst()] = nil }
        }
    }

    /// A death or a new session may come while the disk turns; a cancelled task reads and writes all the same.
    private func turn() async {
        guard let clock else { return }
        do { try await clock.sleep(for: disk) } catch {
            // Nothing to wait for.
        }
    }

    private func read<Value: Sendable>(_ body: @Sendable (State) -> Value) async throws(JournalError) -> Value {
        guard !life.isOver else { throw dead }
        return file.state.withLock { body($0) }
    }

    private func write(_ what: String, _ body: @Sendable (inout State) -> Void) async throws(JournalError) {
        guard life.step("before \(what)") else { throw dead }
        await turn()
        guard !life.isOver else { throw dead }
        if file.state.withLock(\.isFull) { throw JournalError(what, .unavailable, "simulated: the disk is full") }
        file.state.withLock { body(&$0) }
        guard life.step("after \(what)") else { throw dead }
    }

    private typealias State = OrderLogFile.State
    private var dead: JournalError { JournalError("order log", .unavailable, "simulated: the agent is dead") }
}
