internal import AgentProtocol
internal import Logging
internal import Model
internal import Reconciler

/// Takes the orders of one session after the other, and carries each of them out once.
///
/// Nothing begins for a session that is over, nor for an epoch older than the highest ever met; what is under way ends,
/// is entered in the log and told to whoever is connected then. Orders of a new epoch wait for those of an older one,
/// which are withdrawn: two reigns never act side by side for longer than ``AgentSettings/handover``.
actor OrderDesk<Time: Clock> where Time.Duration == Duration, Time.Instant: Sendable {
    /// How many ended orders are remembered more before the log is trimmed.
    static var trimStep: Int { 256 }

    struct Current {
        let number: Int
        let epoch: Epoch
        let outbox: Outbox
        let since: Time.Instant
    }

    struct Standing {
        enum Phase { case waiting, checked, begun }
        let order: Order
        /// The session that asked for it last.
        var session: Int
        var phase = Phase.waiting
        let surrender = Latch()
    }

    let host: any Host
    let log: any OrderLog
    let policy: AgentPolicy
    let settings: AgentSettings
    let surroundings: Surroundings
    let clock: Time

    private let commands: AsyncStream<Order.ID>
    private let send: AsyncStream<Order.ID>.Continuation
    private var current: Current?
    private var standings: [Order.ID: Standing] = [:]
    private var queue: [Order.ID] = []
    /// The highest epoch ever met.
    private(set) var highest = Epoch(0)
    /// What of it is in the log.
    private var raised = Epoch(0)
    private var handoverEnds: Time.Instant?
    private var isStopping = false
    private var ended = 0
    /// Orders that the agent was killed in the middle of, and nobody has asked for again yet.
    private var interrupted: [Order.ID: Interrupted] = [:]
    /// Opens when nothing is under way any more and nothing will begin.
    let emptied = Latch()

    init(
        host: any Host, log: any OrderLog, policy: AgentPolicy, settings: AgentSettings, surroundings: Surroundings,
        clock: Time
    ) {
        self.host = host
        self.log = log
        self.policy = policy
        self.settings = settings
        self.surroundings = surroundings
        self.clock = clock
        // Bounded by what is in it: one command for each standing order, of which there are at most `Bounds.orders`.
        (commands, send) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Carries out orders until ``finish()``, and waits for those that are under way.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await id in commands { group.addTask { await self.carryOut(id) } }
        }
    }

    nonisolated func finish() { send.finish() }

    // MARK: Before the first session

    /// Reads what is remembered. Fails where the log cannot be read: an agent without memory must not act.
    func remember() async throws(JournalError) {
        highest = max(highest, try await log.highestEpoch())
        raised = highest
        try await log.trim(to: Bounds.remembered)
        let unfinished = try await log.unfinished()
        guard !unfinished.isEmpty else { return }
        let remains = await Remains(of: host)
        for entry in unfinished {
            interrupted[entry.id] = Interrupted(
                order: entry.id, action: entry.action, remains: remains.verdict(on: entry))
        }
    }

    /// At most ``Bounds/orders`` of them, the newest; no more can have been under way.
    var interruptions: [Interrupted] {
        interrupted.values.sorted { $0.order < $1.order }.suffix(Bounds.orders)
    }

    // MARK: Sessions

    /// A session of a controller of this epoch begins; it must not be an older one than ``highest``.
    func begin(_ number: Int, epoch: Epoch, _ outbox: Outbox) async {
        precondition(epoch >= highest, "a session of an older epoch was let in")
        let isNew = epoch > highest
        highest = epoch
        current = Current(number: number, epoch: epoch, outbox: outbox, since: clock.now)
        guard isNew else { return }
        for standing in standings.values where standing.order.id.epoch < epoch { standing.surrender.open() }
        handoverEnds = clock.now.advanced(by: settings.handover)
        do throws(JournalError) { try await raise() } catch {
            // Orders are refused until it can be entered; what is here can be looked at all the same.
            surroundings.logger.error("Order log cannot be written", metadata: ["error": "\(error)"])
        }
    }

    /// It is over: what it asked for and did not begin is forgotten.
    func end(_ number: Int) {
        guard current?.number == number else { return }
        current = nil
        for id in queue { standings[id] = nil }
        queue = []
    }

    /// A heartbeat: what waits for a time to pass goes on.
    func tick() async {
        startNext()
        await closeInterrupted()
    }

    /// Nothing begins any more, and what may take minutes is given up: the next start does it again.
    func stop() {
        isStopping = true
        for id in queue {
            tell(.outcome(id, .failed(Self.stopping(standings[id]?.order))), of: id)
            standings[id] = nil
        }
        queue = []
        for standing in standings.values where standing.order.action.isLong { standing.surrender.open() }
        if standings.isEmpty { emptied.open() }
    }

    // MARK: Orders

    func take(_ order: Order, from session: Int) {
        guard let current, current.number == session else { return }
        if standings[order.id] != nil {
            standings[order.id]?.session = session
            if standings[order.id]?.phase == .begun { tell(.accepted(order.id), of: order.id) }
            return
        }
        if let objection = objection(to: order, in: current) {
            return current.outbox.put(.outcome(order.id, .failed(objection)))
        }
        standings[order.id] = Standing(order: order, session: session)
        queue.append(order.id)
        startNext()
    }

    func withdraw(_ id: Order.ID) {
        guard let standing = standings[id] else { return }
        standing.surrender.open()
        guard standing.phase == .waiting else { return }
        queue.removeAll { $0 == id }
        standings[id] = nil
        let error = HostError("\(standing.order.action)", .unreachable, "given up before it was begun")
        tell(.outcome(id, .failed(error)), of: id)
    }

    private func objection(to order: Order, in session: Current) -> HostError? {
        let operation = "\(order.action)"
        if order.id.epoch < highest {
            return HostError(
                operation, .refused,
                "this agent has acted for epoch \(highest) and does nothing for the older epoch \(order.id.epoch)")
        }
        if order.id.epoch > session.epoch {
            return HostError(
                operation, .refused, "the order is of epoch \(order.id.epoch), its session of \(session.epoch)")
        }
        if isStopping { return Self.stopping(order) }
        if standings.count >= Bounds.orders {
            return HostError(
                operation, .unreachable, "\(standings.count) orders are under way on this node; nothing was done")
        }
        return nil
    }

    private static func stopping(_ order: Order?) -> HostError {
        HostError(
            order.map { "\($0.action)" } ?? "order", .unreachable, "the agent is stopping; nothing was done")
    }

    /// How long a look waits for what an older reign began to end, and how often it is looked whether it has: the newer
    /// one must not plan from what is being changed behind its back.
    private static var longestPause: Duration { .seconds(10) }
    private static var pause: Duration { .milliseconds(100) }

    func handedOver() async {
        let limit = clock.now.advanced(by: Self.longestPause)
        while isOldUnderWay, clock.now < limit, !Task.isCancelled {
            do { try await clock.sleep(for: Self.pause) } catch { return }
        }
    }

    private var isOldUnderWay: Bool {
        guard let current else { return false }
        return standings.values.contains { $0.phase != .waiting && $0.order.id.epoch < current.epoch }
    }

    private func startNext() {
        guard !isStopping, current != nil else { return }
        if let handoverEnds {
            guard !isOldUnderWay || clock.now >= handoverEnds else { return }
            self.handoverEnds = nil
        }
        var underWay = standings.values.filter { $0.phase != .waiting }.map(\.order.action)
        let width = min(policy.mostOrders ?? Bounds.orders, Bounds.orders)
        for id in queue {
            guard underWay.count < max(1, width), let action = standings[id]?.order.action else { break }
            if action.isBuild, let most = policy.mostBuilds, underWay.count(where: \.isBuild) >= max(1, most) {
                continue
            }
            underWay.append(action)
            standings[id]?.phase = .checked
            send.yield(id)
        }
        queue.removeAll { standings[$0]?.phase != .waiting }
    }

    private func carryOut(_ id: Order.ID) async {
        guard let standing = standings[id] else { return }
        let outcome = await outcome(of: standing.order, standing.surrender)
        if let outcome {
            tell(.outcome(id, outcome), of: id)
            standings[id] = nil
        } else if isWanted(id) {
            // Its session ended, and the next one asked for it while it was looked at.
            standings[id]?.phase = .waiting
            queue.append(id)
        } else {
            standings[id] = nil
        }
        startNext()
        if isStopping, standings.isEmpty { emptied.open() }
    }

    /// Whether a session that lasts asked for it.
    private func isWanted(_ id: Order.ID) -> Bool {
        guard let current else { return false }
        return standings[id]?.session == current.number && id.epoch == current.epoch && !isStopping
    }

    private static func taken(_ order: Order) -> HostError {
        HostError(
            "\(order.action)", .refused,
            "order \(order.id) was given before, for something else: two controllers act in one epoch; stop the one that "
                + "was copied, and start the other anew")
    }

    /// `nil` where it was not begun, and nobody is there to be told.
    private func outcome(of order: Order, _ surrender: Latch) async -> Outcome? {
        let operation = "\(order.action)"
        do throws(JournalError) {
            if let entry = try await log.entry(order.id) {
                // Two controllers of one epoch: a copy of the secrets folder was started beside the first.
                guard entry.uid == order.uid else { return .failed(Self.taken(order)) }
                if let recorded = entry.outcome { return recorded }
            }
            if raised < order.id.epoch { try await raise() }
        } catch {
            return .failed(Self.unwritten(operation, error))
        }
        if let objection = policy.objection(to: order.action) { return .failed(objection) }
        if let objection = await crowd(order) { return .failed(objection) }
        guard isWanted(order.id) else { return nil }
        do throws(JournalError) { try await log.begin(order, at: surroundings.now()) } catch {
            return .failed(Self.unwritten(operation, error))
        }
        // While it was entered, a newer epoch may have come.
        guard order.id.epoch >= highest else {
            let outcome = Outcome.failed(
                HostError(operation, .refused, "epoch \(highest) came before it began; nothing was done"))
            await enter(outcome, of: order.id)
            return outcome
        }
        standings[order.id]?.phase = .begun
        tell(.accepted(order.id), of: order.id)
        let outcome = await host.outcome(of: order, until: surrender)
        await enter(outcome, of: order.id)
        return outcome
    }

    /// What stands against one more container, where there is a limit.
    private func crowd(_ order: Order) async -> HostError? {
        guard case .create = order.action, policy.mostContainers != nil else { return nil }
        do throws(HostError) {
            let marks = try await host.observe(Inquiry()).containers.compactMap(\.ownership.mark)
            let coming = standings.values.filter { standing in
                guard case .create = standing.order.action, standing.order.id != order.id else { return false }
                return standing.phase == .begun || standing.phase == .checked && standing.order.id < order.id
            }
            let others = Set(marks.map(\.uid)).union(coming.map(\.order.uid)).subtracting([order.uid])
            return policy.objection(to: order.action, beside: others.count)
        } catch {
            return error
        }
    }

    /// What was done is told even where it cannot be entered: asked again, it is done again, which is harmless.
    private func enter(_ outcome: Outcome, of id: Order.ID) async {
        do throws(JournalError) {
            try await log.end(id, outcome, at: surroundings.now())
            interrupted[id] = nil
            ended += 1
            if ended.isMultiple(of: Self.trimStep) { try await log.trim(to: Bounds.remembered) }
        } catch {
            surroundings.logger.error(
                "Outcome is not recorded", metadata: ["order": "\(id)", "error": "\(error)"])
        }
    }

    private func raise() async throws(JournalError) {
        let epoch = highest
        try await log.raise(to: epoch)
        raised = max(raised, epoch)
    }

    private static func unwritten(_ operation: String, _ error: JournalError) -> HostError {
        HostError(
            operation, .unreachable,
            "nothing was done, for the agent cannot write its own journal (\(error)); free space in its data directory")
    }

    /// Ends orders that the agent was killed in the middle of, and that nobody asks for again: those of an older epoch
    /// nobody can, the others a controller asks for as soon as it is connected.
    private func closeInterrupted() async {
        guard let current, !interrupted.isEmpty else { return }
        let isLate = clock.now >= current.since.advanced(by: settings.reunion)
        for (id, interruption) in interrupted where standings[id] == nil && (isLate || id.epoch < current.epoch) {
            let error = HostError(
                interruption.action, .unreachable,
                "the agent was killed in the middle of it; look again what became of it")
            await enter(.failed(error), of: id)
        }
    }

    private func tell(_ frame: AgentFrame, of id: Order.ID) {
        guard let current, current.epoch == id.epoch else { return }
        current.outbox.put(frame)
    }
}
