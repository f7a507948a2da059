package import AgentProtocol
package import Model
package import Reconciler
internal import Synchronization

/// A node that takes time over what it is asked, and keeps book of it: what tests ask is this, never the code under
/// test.
///
/// Uids are to be `epoch-anything`, unique for each order.
package final class OrderedNode: Sendable {
    private struct State {
        var random: SplitMix64
        var doing: [ResourceUID: Int] = [:]
        var highest: UInt64 = 0
        var done: [ResourceUID: [Outcome]] = [:]
        var begun: [ResourceUID] = []
        var names: Set<String> = []
        var breaches: [String] = []
        var receipts: Int64 = 0
        var isFaulty: Bool
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    package let name: NodeName
    private let clock: VirtualClock
    private let slowest: Duration
    private let state: Mutex<State>
    let hints: AsyncStream<Hint>
    private let say: AsyncStream<Hint>.Continuation

    package init(
        _ name: NodeName, seed: UInt64, clock: VirtualClock, slowest: Duration = .seconds(3), isFaulty: Bool = false
    ) {
        self.name = name
        self.clock = clock
        self.slowest = slowest
        state = Mutex(State(random: SplitMix64(seed: seed), isFaulty: isFaulty))
        (hints, say) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// What was broken of the promises, as it happened.
    package var breaches: [String] { state.withLock(\.breaches) }
    /// Every beginning, in order.
    package var begun: [ResourceUID] { state.withLock(\.begun) }
    /// What has been made.
    package var names: Set<String> { state.withLock(\.names) }
    package func outcomes(of uid: ResourceUID) -> [Outcome] { state.withLock { $0.done[uid] ?? [] } }
    package func heal() { state.withLock { $0.isFaulty = false } }
    package func breach(_ what: String) { state.withLock { $0.breaches.append(what) } }
    /// From now on nothing ends, not even what is given up, until ``release()``.
    package func hold() { state.withLock { $0.isHeld = true } }
    package func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }
    package func hint(_ hint: Hint) { say.yield(hint) }

    /// The node as one life of its agent reaches it.
    package func host(for life: Life = Life()) -> some Host { Hand(node: self, life: life) }

    fileprivate func observed() -> ObservedNode {
        var look = ObservedNode(node: name)
        state.withLock { state in
            for name in state.names {
                let uid = ResourceUID(name)
                let mark = Ownership.Mark(sandbox: Sample.name("qa"), service: nil, uid: uid, digest: nil)
                look.containers.append(
                    ObservedContainer(id: ContainerID(name), name: name, ownership: .ours(mark)))
            }
            look.containers.shuffle(using: &state.random)
        }
        return look
    }

    fileprivate func perform(_ action: Action, _ uid: ResourceUID, _ life: Life) async throws(HostError) -> Receipt? {
        guard life.step("perform") else { throw Self.dead(action) }
        let (length, fails) = state.withLock { state in
            let epoch = UInt64(uid.text.prefix { $0 != "-" }) ?? 0
            if epoch < state.highest { state.breaches.append("\(uid) was begun after epoch \(state.highest)") }
            state.highest = max(state.highest, epoch)
            if state.doing[uid, default: 0] > 0 { state.breaches.append("\(uid) was begun twice at once") }
            state.doing[uid, default: 0] += 1
            state.begun.append(uid)
            let length = slowest * Double.random(in: 0...1, using: &state.random)
            return (length, state.isFaulty && state.random.oneIn(8))
        }
        life.whenOver { self.state.withLock { $0.doing[uid] = nil } }
        var isGivenUp = false
        do { try await clock.sleep(for: length) } catch { isGivenUp = true }
        await withCheckedContinuation { one in
            let isFree = state.withLock { state in
                if state.isHeld { state.held.append(one) }
                return !state.isHeld
            }
            if isFree { one.resume() }
        }
        guard !life.isOver else { throw Self.dead(action) }
        let error: HostError? =
            if isGivenUp {
                HostError("\(action)", .unreachable, "simulated: given up")
            } else if fails {
                HostError("\(action)", .stale, "simulated: it fails")
            } else {
                nil
            }
        let outcome = state.withLock { state -> Outcome in
            state.doing[uid] = nil
            state.receipts += 1
            let at = Timestamp(milliseconds: state.receipts)
            let outcome =
                error.map { Outcome.failed($0) } ?? .done(.flip(Receipt.Flip(effectiveAt: at, openOnOld: nil)))
            if error == nil { Self.apply(action, &state.names) }
            state.done[uid, default: []].append(outcome)
            return outcome
        }
        guard life.step("performed") else { throw Self.dead(action) }
        switch outcome {
        case .done(let receipt): return receipt
        case .failed(let error): throw error
        }
    }

    private static func apply(_ action: Action, _ names: inout Set<String>) {
        if case .start(let handle) = action { names.insert(handle.name) }
        if case .remove(let handle) = action { names.remove(handle.name) }
    }

    private static func dead(_ action: Action) -> HostError {
        HostError("\(action)", .unreachable, "simulated: the agent is dead")
    }

    private struct Hand: Host {
        let node: OrderedNode
        let life: Life

        func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode { node.observed() }

        @discardableResult
        func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?)
            async throws(HostError) -> Receipt?
        {
            try await node.perform(action, uid, life)
        }

        func changes() -> AsyncStream<Hint> { node.hints }
    }
}
