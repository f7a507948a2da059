internal import Synchronization

/// Runs tasks on the thread of its test, one job at a time, in an order that the seed chooses: the same seed is the
/// same run. When nothing can go on, virtual time moves to the next alarm, and no faster than that.
package final class SeededExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var random: SplitMix64
    }

    private let state: Mutex<State>

    private init(seed: UInt64) { state = Mutex(State(random: SplitMix64(seed: seed))) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    private func runUntilIdle() {
        while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func next() -> UnownedJob? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            return state.jobs.remove(at: Int.random(in: state.jobs.indices, using: &state.random))
        }
    }

    /// Runs `body` and everything it starts in structured concurrency to its end, on `clock`. `nil` where it had not
    /// ended at `limit`, or nobody would ever wake it; it was cancelled then.
    ///
    /// Time moves in steps of at least `step`, so that thousands of alarms do not each take a turn.
    package static func run<Result: Sendable>(
        seed: UInt64, on clock: VirtualClock, until limit: Duration, step: Duration = .milliseconds(1),
        _ body: @escaping @Sendable () async -> Result
    ) -> Result? {
        let executor = SeededExecutor(seed: seed)
        let result = Mutex<Result?>(nil)
        let task = Task(executorPreference: executor) {
            let value = await body()
            result.withLock { $0 = value }
        }
        while true {
            executor.runUntilIdle()
            if let value = result.withLock(\.self) { return value }
            guard let alarm = clock.alarms.first, clock.elapsed < limit else { break }
            clock.advance(by: max(alarm - clock.elapsed, step))
        }
        task.cancel()
        executor.runUntilIdle()
        return nil
    }
}
