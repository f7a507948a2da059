internal import AgentProtocol
internal import Reconciler
internal import Synchronization

/// What waits to be sent to the controller, in order: at most ``Bounds/queue`` frames.
///
/// Hints that wait are one frame, whatever their number. Lines that find no room are dropped: the ones after them say
/// how many came before, so that the loss is told. Anything else that finds no room dooms the session.
final class Outbox: Sendable {
    private enum Item {
        case frame(AgentFrame)
        /// The hints of that moment.
        case hints
    }

    private struct State {
        var items: [Item] = []
        var hints: [Hint] = []
        var waiter: CheckedContinuation<AgentFrame?, Never>?
        var isFinished = false
        var isOverfull = false

        mutating func pop() -> AgentFrame? {
            guard !items.isEmpty else { return nil }
            switch items.removeFirst() {
            case .frame(let frame): return frame
            case .hints:
                defer { hints = [] }
                return .hints(hints)
            }
        }
    }

    /// Hints kept apart; beyond them it is everything that may have changed.
    static let mostHints = 100

    private let state = Mutex(State())

    /// Whether something had to be left out that must not be.
    var isOverfull: Bool { state.withLock(\.isOverfull) }

    func put(_ frame: AgentFrame) {
        switch frame {
        case .hints(let hints): for hint in hints { put(hint) }
        case .lines: enqueue(.frame(frame), mayBeDropped: true)
        case .hello, .observation, .accepted, .outcome, .tail, .beat: enqueue(.frame(frame), mayBeDropped: false)
        }
    }

    func put(_ hint: Hint) {
        let isFirst = state.withLock { state in
            guard !state.isFinished, !state.hints.contains(hint), state.hints != [.everything] else { return false }
            state.hints.append(hint)
            if state.hints.count > Self.mostHints { state.hints = [.everything] }
            return state.hints.count == 1 && !state.items.contains { if case .hints = $0 { true } else { false } }
        }
        if isFirst { enqueue(.hints, mayBeDropped: false) }
    }

    private func enqueue(_ item: Item, mayBeDropped: Bool) {
        let delivery = state.withLock { state -> (CheckedContinuation<AgentFrame?, Never>, AgentFrame?)? in
            guard !state.isFinished else { return nil }
            guard state.items.count < Bounds.queue else {
                if !mayBeDropped { state.isOverfull = true }
                return nil
            }
            state.items.append(item)
            guard let waiter = state.waiter else { return nil }
            state.waiter = nil
            return (waiter, state.pop())
        }
        delivery?.0.resume(returning: delivery?.1)
    }

    /// The next frame; `nil` when it was finished and is empty. There is one reader.
    func next() async -> AgentFrame? {
        await withCheckedContinuation { waiter in
            let answer = state.withLock { state -> AgentFrame?? in
                if let frame = state.pop() { return .some(frame) }
                if state.isFinished { return .some(nil) }
                state.waiter = waiter
                return nil
            }
            if let answer { waiter.resume(returning: answer) }
        }
    }

    /// Takes nothing more; what waits is still sent.
    func finish() { end { _ in } }

    /// Takes nothing more, and forgets what waits.
    func abandon() { end { $0.items = [] } }

    private func end(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            state.isFinished = true
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
