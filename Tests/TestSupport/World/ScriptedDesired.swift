package import Model
package import Reconciler
internal import Synchronization

/// Desired state that a test writes: what is newest, or that nobody can say.
package final class ScriptedDesired: DesiredSource {
    private let newest: Mutex<Result<DesiredState, SourceError>>
    private let stream: AsyncStream<Void>
    private let push: AsyncStream<Void>.Continuation

    package init(_ desired: DesiredState) {
        newest = Mutex(.success(desired))
        (stream, push) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Makes it the newest and says so.
    package func push(_ desired: DesiredState) {
        newest.withLock { $0 = .success(desired) }
        push.yield()
    }

    /// Says that something may be new, though nothing is.
    package func speak() { push.yield() }

    /// From now on nobody can be asked.
    package func goAway() {
        newest.withLock { $0 = .failure(SourceError("fetch", .unreachable, "simulated")) }
        push.yield()
    }

    package func load() throws(SourceError) -> DesiredState { try newest.withLock { $0 }.get() }

    package func changes() -> AsyncStream<Void> { stream }
}
