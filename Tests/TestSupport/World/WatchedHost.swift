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
        /// Which looks are answered late.
        fileprivate var holds: @Sendable (SandboxName?) -> Bool = { _ in false }
        /// Which deeds hang until they are given up or released.
        fileprivate var hangs: @Sendable (Action) -> Bool = { _ in false }
        /// Deeds that were given up while they hung.
        package var givenUp: [Action] = []
        fileprivate var refuses: @Sendable (Action) -> Bool = { _ in false }
        fileprivate var waiting = 0
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

    /// From now on a look at `sandbox` sees what is there, and is answered only on ``release()``.
    package func hold(_ sandbox: SandboxName) { hold { $0 == sandbox } }

    /// The same of every look that `holds` says; it is given the sandbox looked at, or `nil` for all.
    package func hold(_ holds: @escaping @Sendable (SandboxName?) -> Bool) { record.withLock { $0.holds = holds } }

    /// From now on these deeds are refused.
    package func refuse(_ refuses: @escaping @Sendable (Action) -> Bool) { record.withLock { $0.refuses = refuses } }

    /// From now on these deeds do not end until nothing hangs any more, or their task is cancelled.
    package func hang(_ hangs: @escaping @Sendable (Action) -> Bool) { record.withLock { $0.hangs = hangs } }

    package var givenUp: [Action] { record.withLock(\.givenUp) }

    /// How many looks wait for their answer.
    package var waiting: Int { record.withLock(\.waiting) }

    package func release() { hold { _ in false } }

    package func hint(_ hint: Hint) { say.yield(hint) }

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        let isAway = record.withLock {
            $0.looks.append(inquiry.sandbox)
            return $0.isAway
        }
        if isAway { throw HostError("observe", .unreachable, "simulated: the node is away") }
        let look = try await base.observe(inquiry)
        await wait(for: inquiry.sandbox)
        return look
    }

    /// Ends with ``release()`` or with the task.
    private func wait(for sandbox: SandboxName?) async {
        guard isHeld(sandbox) else { return }
        record.withLock { $0.waiting += 1 }
        while isHeld(sandbox), !Task.isCancelled { await pause() }
        record.withLock { $0.waiting -= 1 }
    }

    private func isHeld(_ sandbox: SandboxName?) -> Bool { record.withLock(\.holds)(sandbox) }

    private func pause() async {
        do { try await Task.sleep(for: .milliseconds(1)) } catch {
            // Cancelled: the caller looks at Task.isCancelled.
        }
    }

    @discardableResult
    package func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        let refuses = record.withLock {
            $0.deeds.append(action)
            return $0.refuses
        }
        if refuses(action) { throw HostError("\(action)", .refused, "simulated: the engine refuses") }
        while record.withLock(\.hangs)(action), !Task.isCancelled { await pause() }
        if Task.isCancelled {
            record.withLock { $0.givenUp.append(action) }
            throw HostError("\(action)", .unreachable, "simulated: given up")
        }
        return try await base.perform(action, as: uid, toward: revision)
    }

    package func changes() -> AsyncStream<Hint> { hints }
}
