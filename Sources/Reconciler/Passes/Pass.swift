package import Model
package import Planner

/// One attempt to bring one subject to what is desired: look, plan, act, and look again whether it is so.
package struct Pass: Sendable {
    /// How often a pass plans anew after acting before it says that it does not converge.
    static let mostRounds = 5

    /// What a pass is toward.
    package struct Goal: Sendable {
        package var desired: DesiredState
        package var policy: PlanPolicy
        /// The commit the sandbox was applied at last.
        package var applied: CommitID?
        package var observations: [String]
        /// Nodes that were seen to have anything of the subject.
        package var traces: Set<NodeName>
        /// Nodes that take no new sandboxes, by a person's word.
        package var cordoned: Set<NodeName> = []
        /// What is to be made, where the subject is a workpiece that somebody waits for.
        package var order: PieceOrder?

        package init(
            desired: DesiredState, policy: PlanPolicy = PlanPolicy(), applied: CommitID? = nil,
            observations: [String] = [], traces: Set<NodeName> = [], order: PieceOrder? = nil
        ) {
            self.desired = desired
            self.policy = policy
            self.applied = applied
            self.observations = observations
            self.traces = traces
            self.order = order
        }
    }

    package struct Result: Sendable {
        package enum Verdict: Hashable, Sendable {
            /// There was nothing to do.
            case unchanged
            /// It was done, and a further look finds nothing to do.
            case converged
            /// All that can be done is done; the rest needs what is on its way.
            case waiting
            case superseded
            /// Worth trying again: something was away, or moved while we acted.
            case interrupted
            /// Trying again in the same world changes nothing.
            case failed
        }

        package let verdict: Verdict
        /// Sentences for people; empty when all is well.
        package let complaints: [String]
        /// The last look at the subject's node.
        package let observed: ObservedNode?
        package let steps: Int
        /// The last plan made; `nil` where none was.
        package var plan: Plan?
    }

    let hosts: any Hosts
    let journal: any Journal
    let pools: Pools
    private let executor: Executor
    private let surroundings: Surroundings

    package init(
        hosts: any Hosts, journal: any Journal, pools: Pools, surroundings: Surroundings,
        width: Int = Executor.standardWidth
    ) {
        self.hosts = hosts
        self.journal = journal
        self.pools = pools
        self.surroundings = surroundings
        executor = Executor(hosts: hosts, journal: journal, surroundings: surroundings, width: width)
    }

    /// `willAct` is told the plan before anything is done; `isSuperseded` is asked at each step boundary.
    package func run(
        _ subject: Plan.Subject, toward goal: Goal, isSuperseded: @escaping @Sendable () async -> Bool = { false },
        willAct: @Sendable (Plan) async -> Void = { _ in }
    ) async -> Result {
        var steps = 0
        for round in 1...Self.mostRounds {
            let look: Look
            do {
                look = try await plan(subject, toward: goal)
            } catch {
                return Result(verdict: .interrupted, complaints: ["\(error)"], observed: nil, steps: steps)
            }
            for observed in look.nodes { await settle(subject, in: observed) }
            let blockers = look.plan.blockers.map(\.sentence)
            if look.plan.isEmpty {
                await release(look.plan)
                let verdict: Result.Verdict =
                    if !blockers.isEmpty {
                        .failed
                    } else if !look.plan.waits.isEmpty {
                        .waiting
                    } else {
                        round == 1 ? .unchanged : .converged
                    }
                return Result(
                    verdict: verdict, complaints: blockers, observed: look.observed, steps: steps, plan: look.plan)
            }
            await willAct(look.plan)
            if var ended = await act(on: look, subject, goal, round, isSuperseded, &steps) {
                ended.plan = look.plan
                return ended
            }
        }
        let complaint = "after \(Self.mostRounds) rounds there is still something to do; see berth events"
        return Result(verdict: .interrupted, complaints: [complaint], observed: nil, steps: steps)
    }

    struct Look: Sendable {
        let plan: Plan
        /// What the subject's own node shows, with what its gateway says.
        let observed: ObservedNode
        /// What each node shows that was looked at.
        let nodes: [ObservedNode]

        init(plan: Plan, observed: ObservedNode, nodes: [ObservedNode]? = nil) {
            self.plan = plan
            self.observed = observed
            self.nodes = nodes ?? [observed]
        }
    }

    /// Carries out one plan. `nil` when it went well and it is time to look again.
    private func act(
        on look: Look, _ subject: Plan.Subject, _ goal: Goal, _ round: Int,
        _ isSuperseded: @escaping @Sendable () async -> Bool, _ steps: inout Int
    ) async -> Result? {
        let plan = look.plan.opening ?? look.plan
        let pass: PassID
        do throws(JournalError) {
            pass = try await begin(plan, goal)
        } catch {
            return Result(verdict: .interrupted, complaints: ["\(error)"], observed: look.observed, steps: steps)
        }
        let width = plan.node.flatMap { goal.desired.nodes[$0]?.buildWidth } ?? DesiredNode.standardBuildWidth
        let outcome = await executor.run(
            plan, of: pass, toward: goal.desired.revision.commit, buildWidth: width, isSuperseded: isSuperseded)
        steps += outcome.completed
        var complaints = outcome.failures.map { "\($0.error)" }
        if let failure = outcome.journalFailure { complaints.append("\(failure)") }
        await end(pass, outcome, outcome.isSuperseded ? complaints + [Executor.interruption] : complaints)
        if outcome.isSuperseded {
            return Result(verdict: .superseded, complaints: complaints, observed: look.observed, steps: steps)
        }
        guard !complaints.isEmpty else { return nil }
        let failures = Set(outcome.failures.map(\.error.failure))
        // What was stale is planned again at once; the number of rounds bounds it.
        if failures == [.stale], outcome.journalFailure == nil, round < Self.mostRounds { return nil }
        let isFinal = !failures.isDisjoint(with: [.refused, .unhealthy])
        return Result(
            verdict: isFinal ? .failed : .interrupted, complaints: complaints + look.plan.blockers.map(\.sentence),
            observed: look.observed, steps: steps)
    }

    // MARK: The journal

    private func begin(_ plan: Plan, _ goal: Goal) async throws(JournalError) -> PassID {
        let record = PassRecord(
            sandbox: plan.subject.sandbox, revision: goal.desired.revision.commit, cause: "\(plan.cause)",
            startedAt: surroundings.now(), plan: PlanText(of: plan).text, steps: plan.steps.count,
            piece: plan.subject.piece, origins: plan.origins(of: goal))
        let pass = try await journal.begin(record)
        try await journal.append(
            EventRecord(
                at: record.startedAt, sandbox: record.sandbox, kind: plan.kind == .repair ? "drift" : "pass.started",
                message: "\(plan.steps.count) step(s)", cause: record.cause, revision: record.revision,
                piece: record.piece))
        return pass
    }

    private func end(_ pass: PassID, _ outcome: Executor.Outcome, _ complaints: [String]) async {
        let result: PassOutcome = outcome.isSuperseded ? .superseded : complaints.isEmpty ? .applied : .failed
        do throws(JournalError) {
            try await journal.end(
                pass, result, at: surroundings.now(), message: complaints.joined(separator: "; "))
        } catch {
            surroundings.complain("history is not written", error)
        }
    }

    /// Brings the ledger level with what is there: closes the entries of what is gone, and enters what a lost journal
    /// or a stale look left out.
    private func settle(_ subject: Plan.Subject, in observed: ObservedNode) async {
        let present: [ResourceUID: LedgerEntry]
        do throws(JournalError) {
            let known: [LedgerEntry]
            switch subject {
            case .gateway, .bundle: return
            case .sandbox(let sandbox):
                present = observed.ledgerEntries(of: sandbox, at: surroundings.now())
                known = try await journal.openEntries(of: sandbox).filter { $0.node == observed.node }
            case .workpiece(let id):
                present = observed.ledgerEntries(of: id, at: surroundings.now())
                known = try await journal.openEntries().filter {
                    $0.node == observed.node && $0.sandbox == nil && $0.name == id.text
                }
            }
            for entry in known where present[entry.uid] == nil { try await journal.settle(entry.uid) }
            let entered = Set(known.map(\.uid))
            for (uid, entry) in present where !entered.contains(uid) { try await journal.enter(entry) }
        } catch {
            surroundings.complain("the ledger is not settled", error)
        }
    }

    private func release(_ plan: Plan) async {
        do throws(JournalError) {
            try await pools.release(plan.releases)
        } catch {
            surroundings.complain("what was held is not given back", error)
        }
    }
}
