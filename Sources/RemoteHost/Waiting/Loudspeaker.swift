internal import Reconciler
internal import Synchronization

/// Says hints to everybody who listens.
final class Loudspeaker: Sendable {
    /// Hints kept for a slow listener; what is lost beyond them the next look finds.
    static let mostHints = 1000

    private struct State {
        var lastID = 0
        var listeners: [Int: AsyncStream<Hint>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Ends with the listener's task.
    func listen() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostHints)) { listener in
            let id = state.withLock { state in
                state.lastID += 1
                state.listeners[state.lastID] = listener
                return state.lastID
            }
            listener.onTermination = { [self] _ in
                state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
        }
    }

    func say(_ hint: Hint) {
        for listener in state.withLock(\.listeners).values { listener.yield(hint) }
    }
}
