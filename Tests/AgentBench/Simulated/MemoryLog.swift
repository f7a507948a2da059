internal import AgentProtocol
internal import Model
internal import Reconciler
internal import Synchronization

/// Remembers orders until the process ends.
final class MemoryLog: OrderLog {
    private struct State {
        var epoch = Epoch(0)
        var entries: [Order.ID: OrderEntry] = [:]
    }

    private let state = Mutex(State())

    func highestEpoch() async throws(JournalError) -> Epoch { state.withLock(\.epoch) }

    func raise(to epoch: Epoch) async throws(JournalError) { state.withLock { $0.epoch = max($0.epoch, epoch) } }

    func begin(_ order: Order, at time: Timestamp) async throws(JournalError) {
        state.withLock { state in
            guard state.entries[order.id] == nil else { return }
            state.entries[order.id] = OrderEntry(
                id: order.id, uid: order.uid, action: "\(order.action)", begunAt: time, outcome: nil)
        }
    }

    func end(_ id: Order.ID, _ outcome: Outcome, at time: Timestamp) async throws(JournalError) {
        state.withLock { state in
            guard let entry = state.entries[id] else { return }
            state.entries[id] = OrderEntry(
                id: id, uid: entry.uid, action: entry.action, begunAt: entry.begunAt, outcome: outcome)
        }
    }

    func entry(_ id: Order.ID) async throws(JournalError) -> OrderEntry? { state.withLock { $0.entries[id] } }

    func unfinished() async throws(JournalError) -> [OrderEntry] {
        state.withLock { $0.entries.values.filter { $0.outcome == nil } }.sorted { $0.id < $1.id }
    }

    func trim(to limit: Int) async throws(JournalError) {
        state.withLock { state in
            let ended = state.entries.values.filter { $0.outcome != nil }.map(\.id).sorted()
            for id in ended.dropLast(limit) { state.entries[id] = nil }
        }
    }
}
