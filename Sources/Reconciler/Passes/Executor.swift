package import Model
package import Planner
internal import ServiceLifecycle

/// Carries out plans. It decides nothing: what to do, in which order, is in the plan.
package struct Executor: Sendable {
    /// How many steps of one plan are under way at once.
    package static let standardWidth = 8

    private let hosts: [NodeName: any Host]
    private let journal: any Journal
    private let surroundings: Surroundings
    private let width: Int

    package init(
        hosts: [NodeName: any Host], journal: any Journal, surroundings: Surroundings, width: Int = standardWidth
    ) {
        precondition(width >= 1)
        self.hosts = hosts
        self.journal = journal
        self.surroundings = surroundings
        self.width = width
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
    package func run(_ plan: Plan, of pass: PassID, isSuperseded: @Sendable () async -> Bool) async -> Outcome {
        var outcome = Outcome()
        var frontier = Frontier(of: plan)
        await withTaskGroup(of: (Plan.Step, Result<Void, StepFailure>).self) { group in
            var running = 0
            while true {
                if !outcome.isSuperseded, await isSuperseded() {
                    outcome.isSuperseded = true
                    for step in frontier.abandon() { await note(step, .skipped, of: plan, pass, Self.interruption) }
                }
                for step in frontier.take(upTo: width - running) {
                    running += 1
                    group.addTask { (step, await self.perform(step, of: plan, pass)) }
                }
                guard let (step, result) = await group.next() else { return }
                running -= 1
                switch result {
                case .success:
                    outcome.completed += 1
                    frontier.finish(step.id)
                case .failure(let failure):
                    switch failure {
                    case .host(let error): outcome.failures.append((step, error))
                    case .journal(let error): outcome.journalFailure = error
                    }
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

    private func perform(_ step: Plan.Step, of plan: Plan, _ pass: PassID) async -> Result<Void, StepFailure> {
        guard let host = hosts[step.node(in: plan)] else {
            let error = HostError("\(step.action)", .unreachable, "no node \(step.node(in: plan)) is served here")
            return .failure(.host(error))
        }
        let uid = surroundings.newUID()
        do throws(JournalError) {
            if let entry = ledgerEntry(for: step, in: plan, uid: uid) { try await journal.enter(entry) }
        } catch {
            return .failure(.journal(error))
        }
        await note(step, .started, of: plan, pass, "")
        do throws(HostError) {
            try await host.perform(step.action, as: uid)
            await note(step, .completed, of: plan, pass, "")
            return .success(())
        } catch {
            // The action is told beside it; the error's own operation would say it twice.
            await note(step, .failed, of: plan, pass, error.message)
            return .failure(.host(error))
        }
    }

    private func ledgerEntry(for step: Plan.Step, in plan: Plan, uid: ResourceUID) -> LedgerEntry? {
        let made: (LedgerEntry.Kind, String, SandboxName)? =
            switch step.action {
            case .create(let draft): (.container, draft.name, draft.sandbox)
            case .createNetwork(let draft): (.network, draft.name, draft.sandbox)
            case .removeNetwork, .pull, .start, .unpause, .awaitHealthy, .connect, .updateLimits, .rename, .drain,
                .stop, .remove, .configureGateway, .dismantleGateway, .admit, .dismiss, .setRoute, .removeRoute:
                nil
            }
        return made.map { kind, name, sandbox in
            LedgerEntry(
                uid: uid, kind: kind, name: name, node: step.node(in: plan), sandbox: sandbox,
                enteredAt: surroundings.now())
        }
    }

    /// History is worth having, never worth failing for: what runs does not depend on it.
    private func note(
        _ step: Plan.Step, _ result: StepRecord.Result, of plan: Plan, _ pass: PassID, _ message: String
    ) async {
        let record = StepRecord(
            index: step.id.index, action: "\(step.action)", service: step.service, cause: "\(step.reason)",
            result: result, at: surroundings.now(), message: message)
        do throws(JournalError) {
            try await journal.record(record, of: pass)
            guard let event = EventRecord(record, of: plan) else { return }
            try await journal.append(event)
        } catch {
            surroundings.complain("history is not written", error)
        }
    }
}

extension Plan.Step {
    /// The node that does it: the sandbox's own.
    fileprivate func node(in plan: Plan) -> NodeName {
        guard let node = plan.node else { preconditionFailure("a step of a plan without a node") }
        return node
    }
}

extension EventRecord {
    /// `nil` for what only the step table keeps.
    fileprivate init?(_ step: StepRecord, of plan: Plan) {
        let name: SandboxName? = if case .sandbox(let sandbox) = plan.subject { sandbox } else { nil }
        let message = step.message.isEmpty ? step.action : "\(step.action): \(step.message)"
        self.init(
            at: step.at, sandbox: name, service: step.service, kind: "step.\(step.result.rawValue)", message: message,
            cause: "\(plan.cause)")
    }
}
