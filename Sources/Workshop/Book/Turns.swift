/// Callers share a piece of work: it is done once at a time, and a caller is content with any that began after it asked.
struct Turns {
    /// How often it was begun; the last may still run.
    private(set) var begun = 0
    private(set) var done = 0
    private(set) var isRunning = false
    private var waiting: [AsyncStream<Never>.Continuation] = []

    /// The first that begins after now.
    var next: Int { begun + 1 }

    mutating func begin() -> Int {
        precondition(!isRunning, "one at a time")
        begun += 1
        isRunning = true
        return begun
    }

    mutating func end(_ turn: Int) {
        done = turn
        abandon()
    }

    /// It ended without a result: who waits must begin it anew.
    mutating func abandon() {
        isRunning = false
        for waiter in waiting { waiter.finish() }
        waiting = []
    }

    /// Ends `waiter` when what runs now, or is begun next, has ended.
    mutating func awaitNext(_ waiter: AsyncStream<Never>.Continuation) { waiting.append(waiter) }

    /// Ends `waiter` when what runs now has ended.
    mutating func wait(_ waiter: AsyncStream<Never>.Continuation) {
        if isRunning { waiting.append(waiter) } else { waiter.finish() }
    }
}
