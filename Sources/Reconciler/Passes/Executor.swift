package import Model
package import Planner
internal import ServiceLifecycle

/// Carries out plans. It decides nothing: what to do, in which order, is in the plan.
package struct Executor: Sendable {
    /// How many steps of one plan are under way at once.
    package static let standardWidth = 8

    private let hosts: any Hosts
    private let journal: any Journal
    private let surroundings: Surroundings
    private let width: Int
    private let slots: BuildSlots

    package init(
        hosts: any Hosts, journal: any Journal, surroundings: Surroundings, width: Int = standardWidth,
        slots: BuildSlots = BuildSlots()
    ) {
        precondition(width >= 1)
        self.hosts = hosts
        self.journal = journal
        self.surroundings = surroundings
        self.width = width
        self.slots = slots
    }

    /// What became of a plan.
    package struct Outcome: Sendable {
        /// In the order in which they happened; a step that fails takes what depends on it along, and nothing else.
        package var failures: [(step: Plan.Step, error: HostError)] = []
        package var completed = 0
        package var isSuperseded = false
        /// Steps the ledger could not enter, and that were therefore not done.
        package var journalFailure: JournalError?
    }

    /// Runs every step after its dependencies. `isSuperseded` is asked at each step boundary; once it says yes, what
    /// has begun finishes and nothing more begins.
    package func run(
        _ plan: Plan, of pass: PassID, toward revision: CommitID? = nil,
        buildWidth: Int = DesiredNode.standardBuildWidth, isSuperseded: @escaping @Sendable () async -> Bool
    ) async -> Outcome {
        var outcome = Outcome()
        var frontier = Frontier(of: plan)
        var flips = Flips(of: plan)
        await withTaskGroup(of: (Plan.Step, Result<Receipt?, StepFailure>).self) { group in
            var running = 0
            while true {
                if !outcome.isSuperseded, await isSuperseded() {
                    outcome.isSuperseded = true
                    for step in frontier.abandon() { await note(step, .skipped, of: plan, pass, Self.interruption) }
                }
                for step in frontier.take(upTo: width - running) {
                    running += 1
                    group.addTask {
                        (step, await self.perform(step, of: plan, pass, revision, buildWidth, isSuperseded))
                    }
                }
                guard let (step, result) = await group.next() else { return }
                running -= 1
                switch result {
                case .success(let receipt):
                    outcome.completed += 1
                    frontier.finish(step.id)
                    if let told = flips.add(receipt, of: step) { await tell(told, of: plan) }
                case .failure(let failure):
                    switch failure {
                    case .host(let error): outcome.failures.append((step, error))
                    case .journal(let error): outcome.journalFailure = error
                    }
                    if let told = flips.abandon(step) { await tell(told, of: plan) }
                    for lost in frontier.fail(step.id) {
                        await note(lost, .skipped, of: plan, pass, "needs step \(step.id.index)")
                    }
                }
            }
        }
        return outcome
    }

    /// Why what was planned is not begun.
    static var interruption: String {
        Task.isShuttingDownGracefully ? "stopping; the next start plans again" : "a newer commit came"
    }

    private enum StepFailure: Error {
        case host(HostError)
        case journal(JournalError)
    }

    private func perform(
        _ step: Plan.Step, of plan: Plan, _ pass: PassID, _ revision: CommitID?, _ buildWidth: Int,
        _ isSuperseded: @escaping @Sendable () async -> Bool
    ) async -> Result<Receipt?, StepFailure> {
        guard let host = hosts[plan.node(of: step)] else {
            let error = HostError("\(step.action)", .unreachable, "no node \(plan.node(of: step)) is served here")
            return .failure(.host(error))
        }
        let uid = surroundings.newUID()
        do throws(JournalError) {
            if let entry = ledgerEntry(for: step, in: plan, uid: uid) { try await journal.enter(entry) }
        } catch {
            return .failure(.journal(error))
        }
        await note(step, .started, of: plan, pass, "")
        let began = surroundings.now()
        do throws(HostError) {
            var receipt: Receipt?
            if step.action.isLong {
                try await performLong(
                    step, on: host, as: uid, toward: revision, in: plan, buildWidth, isSuperseded)
            } else {
                receipt = try await host.perform(step.action, as: uid, toward: revision)
            }
            await note(step, .completed, of: plan, pass, "", since: began)
            return .success(receipt)
        } catch {
            // The action is told beside it; the error's own operation would say it twice.
            await note(step, .failed, of: plan, pass, error.message, since: began)
            return .failure(.host(error))
        }
    }

    /// How often it is asked whether anybody still needs what takes long.
    private static let rhythm = Duration.milliseconds(100)

    /// Does what may take minutes, and gives it up when nobody needs it any more.
    private func performLong(
        _ step: Plan.Step, on host: any Host, as uid: ResourceUID, toward revision: CommitID?, in plan: Plan,
        _ buildWidth: Int, _ isSuperseded: @escaping @Sendable () async -> Bool
    ) async throws(HostError) {
        let result = await withTaskGroup(of: Result<Void, HostError>?.self) { group in
            group.addTask {
                guard case .build = step.action else {
                    return await Self.outcome(of: step.action, on: host, as: uid, toward: revision)
                }
                let node = plan.node(of: step)
                guard await slots.enter(node, width: buildWidth) else { return nil }
                let outcome = await Self.outcome(of: step.action, on: host, as: uid, toward: revision)
                await slots.leave(node)
                return outcome
            }
            group.addTask {
                while !Task.isCancelled, await !isSuperseded() {
                    do { try await Task.sleep(for: Self.rhythm) } catch { break }  // SAFE: one bounded pause
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // It ends with all that it started before anybody goes on.
            while let other = await group.next() { if first == nil, case .success? = other { return other } }
            return first
        }
        guard let result else { throw HostError("\(step.action)", .stale, "given up, for nobody needs it any more") }
        try result.get()
    }

    private static func outcome(
        of action: Action, on host: any Host, as uid: ResourceUID, toward revision: CommitID?
    ) async -> Result<Void, HostError> {
        do throws(HostError) {
            try await host.perform(action, as: uid, toward: revision)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func ledgerEntry(for step: Plan.Step, in plan: Plan, uid: ResourceUID) -> LedgerEntry? {
        let made: (LedgerEntry.Kind, String, SandboxName?)? =
            switch step.action {
            case .create(let draft): (.container, draft.name, draft.sandbox)
            case .createNetwork(let draft): (.network, draft.name, draft.sandbox)
            case .checkout(let piece): (.worktree, piece.id.text, nil)
            case .build(let piece): piece.image == nil ? nil : (.image, piece.id.text, nil)
            case .load, .fetch, .discard, .removeNetwork, .pull, .start, .unpause, .awaitHealthy, .awaitReachable,
                .connect,
                .updateLimits, .rename, .drain,
                .stop, .remove, .configureGateway, .dismantleGateway, .admit, .dismiss, .setRoute, .removeRoute,
                .setRules, .setNames, .removeNames:
                nil
            }
        return made.map { kind, name, sandbox in
            LedgerEntry(
                uid: uid, kind: kind, name: name, node: plan.node(of: step), sandbox: sandbox,
                enteredAt: surroundings.now())
        }
    }

    private func tell(_ receipt: Flips.Told, of plan: Plan) async {
        let event = EventRecord(
            at: surroundings.now(), sandbox: plan.subject.sandbox, service: receipt.key.service, kind: "route.flipped",
            message: receipt.message, cause: "\(plan.cause)")
        do throws(JournalError) {
            try await journal.append(event)
        } catch {
            surroundings.complain("history is not written", error)
        }
    }

    /// History is worth having, never worth failing for: what runs does not depend on it.
    private func note(
        _ step: Plan.Step, _ result: StepRecord.Result, of plan: Plan, _ pass: PassID, _ message: String,
        since began: Timestamp? = nil
    ) async {
        let record = StepRecord(
            index: step.id.index, action: "\(step.action)", service: step.service, cause: "\(step.reason)",
            result: result, at: surroundings.now(), message: message)
        do throws(JournalError) {
            try await journal.record(record, of: pass)
            try await journal.append(EventRecord(record, of: plan, since: began))
        } catch {
            surroundings.complain("history is not written", error)
        }
    }
}

extension Action {
    /// Whether it may take minutes, and can be given up at any time.
    fileprivate var isLong: Bool {
        switch self {
        case .load, .fetch, .checkout, .build: true
        case .createNetwork, .removeNetwork, .pull, .discard, .create, .start, .unpause, .awaitHealthy, .awaitReachable,
            .connect,
            .updateLimits, .rename, .drain, .stop, .remove, .configureGateway, .dismantleGateway, .admit, .dismiss,
            .setRoute, .removeRoute, .setRules, .setNames, .removeNames:
            false
        }
    }
}

extension EventRecord {
    fileprivate init(_ step: StepRecord, of plan: Plan, since began: Timestamp?) {
        let duration = began.map { " (\(Self.words(step.at.milliseconds - $0.milliseconds)))" } ?? ""
        let message = step.action + duration + (step.message.isEmpty ? "" : ": \(step.message)")
        self.init(
            at: step.at, sandbox: plan.subject.sandbox, service: step.service, kind: "step.\(step.result.rawValue)",
            message: message, cause: "\(plan.cause)", piece: plan.subject.piece)
    }

    /// `40 ms`, `1.2 s`, `90 s`.
    private static func words(_ millis: Int64) -> String {
        switch max(0, millis) {
        case ..<1000: "\(max(0, millis)) ms"
        case ..<10_000: "\(millis / 1000).\(millis % 1000 / 100) s"
        default: "\(millis / 1000) s"
        }
    }
}
