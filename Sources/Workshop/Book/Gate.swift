/// Lets so many through at once.
actor Gate {
    private var free: Int
    private var waiting: [AsyncStream<Never>.Continuation] = []

    init(width: Int) {
        precondition(width >= 1)
        free = width
    }

    /// Runs `work` when there is room. `nil` where the task was cancelled before.
    nonisolated func pass<Value: Sendable>(_ work: () async -> Value) async -> Value? {
        while await !enter() {
            if Task.isCancelled { return nil }
            for await _ in await room() {}
        }
        let value = await work()
        await leave()
        return value
    }

    private func enter() -> Bool {
        guard free > 0, !Task.isCancelled else { return false }
        free -= 1
        return true
    }

    /// Ends when somebody left.
    private func room() -> AsyncStream<Never> {
        let (room, leaving) = AsyncStream<Never>.makeStream()
        if free > 0 { leaving.finish() } else { waiting.append(leaving) }
        return room
    }

    private func leave() {
        free += 1
        for leaving in waiting { leaving.finish() }
        waiting = []
    }
}
