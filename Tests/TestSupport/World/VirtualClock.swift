internal import Synchronization

/// A clock whose time stands still until a test moves it, or that jumps ahead whenever somebody sleeps.
package final class VirtualClock: Clock, Sendable {
    package struct Instant: InstantProtocol {
        package let elapsed: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        package func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        package static func < (lhs: Self, rhs: Self) -> Bool { lhs.elapsed < rhs.elapsed }
    }

    private struct Sleeper {
        let id: Int
        let due: Instant
        let wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(elapsed: .zero)
        var lastID = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    private let jumps: Bool

    /// With `jumps` no sleep takes real time: each one moves the clock to its end and returns.
    package init(jumps: Bool = false) { self.jumps = jumps }

    package var now: Instant { state.withLock(\.now) }
    package var minimumResolution: Duration { .nanoseconds(1) }
    /// How long it is since the clock was made.
    package var elapsed: Duration { now.elapsed }
    /// When each of those asleep wakes, in order.
    package var alarms: [Duration] { state.withLock { $0.sleepers.map(\.due.elapsed).sorted() } }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        if jumps { return state.withLock { $0.now = max($0.now, deadline) } }
        let id = state.withLock {
            $0.lastID += 1
            return $0.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let result: Result<Void, any Error>? = state.withLock {
                    if $0.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= $0.now { return .success(()) }
                    $0.sleepers.append(Sleeper(id: id, due: deadline, wake: wake))
                    return nil
                }
                if let result { wake.resume(with: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }

    /// Moves time on and wakes whoever is due.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.due <= state.now }
            state.sleepers.removeAll { $0.due <= state.now }
            return due
        }
        for sleeper in due { sleeper.wake.resume() }
    }
}
