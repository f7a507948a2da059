internal import Synchronization

/// A value that comes once, and one who waits for it.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited(CheckedContinuation<Value, Never>)
        case kept(Value)
    }

    private let state = Mutex(State.empty)

    /// The first value counts.
    func keep(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .empty:
                state = .kept(value)
                return nil
            case .awaited(let waiter):
                state = .kept(value)
                return waiter
            case .kept: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    /// Somebody keeps it, whatever happens to the task; there is one who waits.
    func value() async -> Value {
        await withCheckedContinuation { waiter in
            let value = state.withLock { state -> Value? in
                if case .kept(let value) = state { return value }
                state = .awaited(waiter)
                return nil
            }
            if let value { waiter.resume(returning: value) }
        }
    }
}
