internal import AgentProtocol
package import Model
package import Reconciler
internal import ServiceLifecycle
internal import Synchronization

/// The host of a node whose agent is somewhere else. It outlives sessions: orders that were not answered are asked for
/// again, with the same id, when the agent comes back within ``RemoteSettings/reunion``.
package final class RemoteHost<Time: Clock>: Host where Time.Duration == Duration, Time.Instant: Sendable {
    package let node: NodeName
    let terms: Terms<Time>
    private let voice = Loudspeaker()
    private let orders = Turnstile(width: Bounds.orders)
    private let state: Mutex<RemoteState<Time.Instant>>

    init(node: NodeName, terms: Terms<Time>) {
        self.node = node
        self.terms = terms
        state = Mutex(RemoteState(epoch: terms.epoch, numbers: terms.numbers, since: terms.surroundings.now()))
    }

    var status: NodeStatus { state.withLock { $0.presence.status(of: node) } }
    /// Whether its agent is here, or somebody waits for it.
    var isBusy: Bool { state.withLock { $0.session != nil || $0.hasOrders } }

    // MARK: The port

    package func changes() -> AsyncStream<Hint> { voice.listen() }

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        let operation = "observe \(node)"
        try refuseOverdue(operation)
        guard state.withLock({ $0.session != nil && !$0.wasSeen }) else {
            return try await ask(inquiry, operation)
        }
        guard await admitted() else {
            let seconds = terms.settings.admission.components.seconds
            throw HostError(
                operation, .unreachable, "many agents came back at once, and its turn did not come within \(seconds) s")
        }
        defer { terms.admissions.leave() }
        try refuseOverdue(operation)
        return try await ask(inquiry, operation)
    }

    @discardableResult
    package func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?)
        async throws(HostError) -> Receipt?
    {
        guard await orders.enter() else {
            throw HostError("\(action)", .unreachable, "given up before the agent was asked")
        }
        defer { orders.leave() }
        let now = terms.clock.now
        let promise = Promise<Outcome>()
        let id = state.withLock { $0.enter(action, uid, revision, promise, until: now.advanced(by: longestOrder)) }
        guard let id else { throw away("\(action)") }
        let outcome = await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.watch(id) }
                    let outcome = await promise.value()
                    group.cancelAll()
                    return outcome
                }
            } onGracefulShutdown: {
                self.hurry(id, action)
            }
        } onCancel: {
            self.withdraw(id)
        }
        switch outcome {
        case .done(let receipt): return receipt
        case .failed(let error): throw error
        }
    }

    func tail(_ question: Tail) async throws(HostError) -> [TimedLine] {
        let answer = try await ask("logs", within: terms.settings.answer, isLook: false) { _, id in .tail(id, question)
        }
        switch answer {
        case .tail(.lines(let lines)): return lines
        case .tail(.failed(let error)): throw error
        case .observation: throw HostError("logs", .unreachable, "the agent answered another question")
        }
    }

    private var longestOrder: Duration { terms.settings.longestOrder }

    private func away(_ operation: String) -> HostError {
        HostError(operation, .unreachable, state.withLock { $0.presence.absence(of: node) })
    }

    // MARK: Questions

    /// An engine that hangs is waited for once in a while, not at every look.
    private func refuseOverdue(_ operation: String) throws(HostError) {
        let now = terms.clock.now
        guard state.withLock({ $0.isOverdue(at: now) }) else { return }
        throw HostError(
            operation, .unreachable,
            "its agent is connected and has not answered for a while; is the engine there hung?")
    }

    /// Whether the first question of a session has its turn within ``RemoteSettings/admission``.
    private func admitted() async -> Bool {
        let terms = terms
        return await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await terms.admissions.enter() }
            group.addTask {
                await terms.pause(terms.settings.admission)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if first == nil {
                for await late in group where late == true { terms.admissions.leave() }
            }
            return first == true
        }
    }

    private func ask(_ inquiry: Inquiry, _ operation: String) async throws(HostError) -> ObservedNode {
        let known = Mutex<Told?>(nil)
        let patience = inquiry.patience + terms.settings.answer
        let answer = try await ask(operation, within: patience, isLook: true) { state, id in
            let told = state.told(to: inquiry)
            known.withLock { $0 = told }
            return .observe(id, inquiry, known: told?.id)
        }
        switch answer {
        case .observation(.full(let id, let seen)):
            guard seen.node == node else {
                throw HostError(operation, .refused, "the agent told of node \(seen.node) instead")
            }
            let isFirst = state.withLock { $0.see(seen, as: id, to: inquiry) }
            if isFirst { say(.everything) }
            return seen
        case .observation(.unchanged(let id)):
            guard let told = known.withLock({ $0 }), told.id == id else {
                throw HostError(operation, .unreachable, "the agent told of no change to what it never told")
            }
            return told.node
        case .observation(.failed(let error)): throw error
        case .tail: throw HostError(operation, .unreachable, "the agent answered another question")
        }
    }

    private func ask(
        _ operation: String, within patience: Duration, isLook: Bool,
        _ question: @Sendable (inout RemoteState<Time.Instant>, QuestionID) -> ControllerFrame
    ) async throws(HostError) -> Answer {
        let promise = Promise<Result<Answer, HostError>>()
        let asked = state.withLock { state -> QuestionID? in
            guard let id = state.enter(promise, operation, isLook: isLook) else { return nil }
            state.session?.put(question(&state, id))
            return id
        }
        guard let id = asked else { throw away(operation) }
        let result = await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await self.terms.pause(patience)
                    guard !Task.isCancelled else { return }
                    let seconds = patience.components.seconds
                    let error = HostError(operation, .unreachable, "the agent did not answer within \(seconds) s")
                    let now = self.terms.clock.now
                    self.state.withLock { $0.expire(id, at: now) }?.promise.keep(.failure(error))
                }
                let result = await promise.value()
                group.cancelAll()
                return result
            }
        } onCancel: {
            self.answer(id, .failure(HostError(operation, .unreachable, "given up before the agent answered")))
        }
        return try result.get()
    }

    private func answer(_ id: QuestionID, _ result: Result<Answer, HostError>) {
        state.withLock { $0.take(id) }?.promise.keep(result)
    }

    // MARK: Orders

    /// Fails an order that nobody will answer any more.
    private func watch(_ id: Order.ID) async {
        while !Task.isCancelled {
            let now = terms.clock.now
            switch state.withLock({ $0.verdict(on: id, at: now, terms.settings) }) {
            case .settled: return
            case .wait(let due): await terms.pause(now.duration(to: due))
            case .fail(let promise, let error): promise.keep(.failed(error))
            }
        }
    }

    private func withdraw(_ id: Order.ID) {
        let now = terms.clock.now
        if let failed = state.withLock({ $0.withdraw(id, at: now) }) { failed.promise.keep(.failed(failed.givenUp)) }
    }

    /// The program ends: to wait is not to act, and nobody waits for an agent that is away.
    private func hurry(_ id: Order.ID, _ action: Action) {
        if action.onlyWaits { return withdraw(id) }
        if let failed = state.withLock({ $0.hurry(id) }) { failed.promise.keep(.failed(failed.givenUp)) }
    }

    // MARK: What sessions say

    /// The newest session wins; the former one is returned, to be sent away.
    func join(_ session: SessionLine, _ hello: Hello) -> SessionLine? {
        let now = terms.surroundings.now()
        let former = state.withLock { $0.join(session, hello, at: now) }
        say(.everything)
        return former
    }

    func leave(_ session: SessionLine, because why: String) {
        let (now, instant) = (terms.surroundings.now(), terms.clock.now)
        let left = state.withLock { $0.leave(session, because: why, at: now, instant) }
        guard let left else { return }
        for question in left.questions {
            question.promise.keep(
                .failure(HostError(question.operation, .unreachable, "its agent was lost before it answered: \(why)")))
        }
        for order in left.orders { order.promise.keep(.failed(order.givenUp)) }
        say(.everything)
    }

    func refuse(_ why: String) { state.withLock { $0.presence.refuse(why) } }

    /// A frame of a session that is still the node's own.
    func take(_ frame: AgentFrame, from session: SessionLine) {
        let now = terms.surroundings.now()
        let isCurrent = state.withLock { state in
            guard state.session === session else { return false }
            state.presence.hear(at: now)
            return true
        }
        guard isCurrent else { return }
        switch frame {
        case .observation(let id, let observation):
            if state.withLock({ $0.endOverdue() }) { say(.everything) }
            answer(id, .success(.observation(observation)))
        case .tail(let id, let tail): answer(id, .success(.tail(tail)))
        case .accepted(let id): state.withLock { $0.accept(id) }
        case .outcome(let id, let outcome): state.withLock { $0.settle(id) }?.promise.keep(outcome)
        case .hints(let hints): for hint in hints { say(hint) }
        case .beat(let beat): state.withLock { $0.presence.hear(beat.now, at: now) }
        case .hello, .lines: break
        }
    }

    /// At each heartbeat: withdrawn orders are not waited for without end.
    func sweep() {
        let limit = terms.clock.now.advanced(by: .zero - terms.settings.surrender)
        for order in state.withLock({ $0.takeWithdrawn(before: limit) }) { order.promise.keep(.failed(order.givenUp)) }
    }

    // MARK: Hints

    /// When a hint that was held back may be said.
    var lateHint: Time.Instant? { state.withLock(\.hints.due) }

    func tellLate(isForced: Bool = false) {
        let now = terms.clock.now
        if let hint = state.withLock({ $0.hints.late(at: now, isForced: isForced) }) { voiceAll(hint) }
    }

    private func say(_ hint: Hint) {
        let now = terms.clock.now
        let (passed, session) = state.withLock { state in
            let passed = state.hints.pass(hint, at: now)
            return (passed, passed == nil ? state.session : nil)
        }
        session?.remindOfHint()
        if let passed { voiceAll(passed) }
    }

    private func voiceAll(_ hint: Hint) {
        voice.say(hint)
        terms.voice.say(hint)
    }
}

extension Action {
    /// Whether it changes nothing and only waits for something.
    fileprivate var onlyWaits: Bool {
        switch self {
        case .awaitHealthy, .awaitReachable, .drain: true
        case .createNetwork, .removeNetwork, .pull, .load, .fetch, .checkout, .build, .discard, .create, .start,
            .unpause, .connect, .updateLimits, .rename, .stop, .remove, .configureGateway, .dismantleGateway, .admit,
            .dismiss, .setRoute, .removeRoute, .setRules, .setNames, .removeNames:
            false
        }
    }
}
