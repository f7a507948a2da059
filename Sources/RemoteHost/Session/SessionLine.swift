internal import AgentProtocol
internal import Synchronization

/// What waits to be sent to one agent, in order: at most ``Bounds/queue`` frames. It is also what tells one session of
/// a node from the next.
final class SessionLine: Sendable {
    let frames: AsyncStream<ControllerFrame>
    private let send: AsyncStream<ControllerFrame>.Continuation
    /// Comes when a hint was held back.
    let lateHints: AsyncStream<Void>
    private let late: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    private struct State {
        var end: String?
        var isOverfull = false
        var isDismissed = false
    }

    init() {
        (frames, send) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Bounds.queue))
        (lateHints, late) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Why it ends, in words.
    var end: String? { state.withLock(\.end) }
    /// Whether something had to be left out.
    var isOverfull: Bool { state.withLock(\.isOverfull) }

    /// Whether the agent was told why it ends.
    var isDismissed: Bool { state.withLock(\.isDismissed) }

    func put(_ frame: ControllerFrame) {
        if case .dropped = send.yield(frame) { state.withLock { $0.isOverfull = true } }
    }

    func remindOfHint() { late.yield() }

    /// The first reason counts. What waits is still sent.
    func finish(because why: String) {
        state.withLock { $0.end = $0.end ?? why }
        send.finish()
    }

    /// The same, with a word to the agent.
    func dismiss(because why: String) {
        put(.refusal(why))
        state.withLock { $0.isDismissed = true }
        finish(because: why)
    }
}
