package import Model
package import Reconciler
internal import Synchronization

/// Any host, with a record of what was looked at and done, and a voice that a test can use.
package final class WatchedHost: Host {
    private let base: any Host
    private let hints: AsyncStream<Hint>
    private let say: AsyncStream<Hint>.Continuation
    private let record = Mutex(Record())

    package struct Record: Sendable {
        /// The sandbox of each look, in order; `nil` where everything was looked at.
        package var looks: [SandboxName?] = []
        package var deeds: [Action] = []
        package var isAway = false
    }

    package init(_ base: any Host) {
        self.base = base
        (hints, say) = AsyncStream.makeStream()
    }

    package var looks: [SandboxName?] { record.withLock(\.looks) }
    package var deeds: [Action] { record.withLock(\.deeds) }

    package func forget() {
        record.withLock {
            $0.looks = []
            $0.deeds = []
        }
    }

    /// Whether the node answers.
    package func go(away isAway: Bool) { record.withLock { $0.isAway = isAway } }

    package func hint(_ hint: Hint) { say.yield(hint) }

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        let isAway = record.withLock {
            $0.looks.append(inquiry.sandbox)
            return $0.isAway
        }
        if isAway { throw HostError("observe", .unreachable, "simulated: the node is away") }
        return try await base.observe(inquiry)
    }

    package func perform(_ action: Action, as uid: ResourceUID) async throws(HostError) {
        record.withLock { $0.deeds.append(action) }
        try await base.perform(action, as: uid)
    }

    package func changes() -> AsyncStream<Hint> { hints }
}
