internal import Synchronization

/// Lets so many through at once, first come first served.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var lastTicket = 0
        var queue: [(ticket: Int, promise: Promise<Bool>)] = []
        /// Those whose task was cancelled before they queued.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    init(width: Int) { state = Mutex(State(free: width)) }

    /// `false` when the task was cancelled first: then there is nothing to leave.
    func enter() async -> Bool {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        defer { state.withLock { _ = $0.cancelled.remove(ticket) } }
        let promise = Promise<Bool>()
        return await withTaskCancellationHandler {
            state.withLock { state in
                if state.cancelled.remove(ticket) != nil {
                    promise.keep(false)
                } else if state.free > 0 {
                    state.free -= 1
                    promise.keep(true)
                } else {
                    state.queue.append((ticket, promise))
                }
            }
            return await promise.value()
        } onCancel: {
            let waiting = state.withLock { state -> Promise<Bool>? in
                guard let index = state.queue.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.queue.remove(at: index).promise
            }
            waiting?.keep(false)
        }
    }

    func leave() {
        let next = state.withLock { state -> Promise<Bool>? in
            guard !state.queue.isEmpty else {
                state.free += 1
                return nil
            }
            return state.queue.removeFirst().promise
        }
        next?.keep(true)
    }
}
