internal import Logging
internal import Model
internal import Planner

/// One pass of one subject, and what becomes of it.
extension Fleet {
    /// Runs a pass. Returns whether it need not be tried again before something changes.
    func converge(_ subject: Plan.Subject) async -> Bool {
        guard let goal = goal(for: subject) else { return true }
        let wanted = goal.desired.sandbox(subject)
        tried[subject] = Wish(of: subject, in: goal.desired)
        acting.remove(subject)
        let result = await pass.run(subject, toward: goal) {
            await self.isOutdated(subject, since: wanted)
        } willAct: {
            await self.act(on: subject, wanted, by: $0, at: goal.desired.revision.commit)
        }
        if let wanted, let plan = result.plan { await expect(plan.waits, for: wanted, isFresh: !plan.waits.isEmpty) }
        switch result.verdict {
        case .waiting:
            complaints[subject] = nil
            if let wanted, let waits = result.plan?.waits {
                await pend(wanted, waits, in: result.observed, at: goal.desired.revision.commit)
            }
            return true
        case .unchanged, .converged:
            await arrive(subject, wanted, goal, result)
            return true
        case .superseded:
            if isStopping { await relapse(subject, goal) } else { trigger(subject) }
            return true
        case .interrupted, .failed:
            if !isStopping, isOutdated(subject, since: wanted) {
                // What it left half done is the next pass's, whatever a look saw meanwhile.
                trigger(subject)
                return true
            }
            await lament(subject, wanted, goal, result)
            return false
        }
    }

    private func goal(for subject: Plan.Subject) -> Pass.Goal? {
        guard let desired else { return nil }
        var goal = Pass.Goal(desired: desired, policy: settings.policy)
        goal.traces = traces[subject] ?? []
        goal.cordoned = cordoned
        switch subject {
        case .gateway(let name):
            return desired.gateways[name] != nil || unready.contains(name) ? goal : nil
        case .bundle(let name):
            return desired.bundles[name] != nil ? goal : nil
        case .workpiece(let id):
            isLedgerStale = true
            goal.order = orders[id]
            return goal.order != nil || discardable.contains(id) ? goal : nil
        case .sandbox(let name):
            guard desired.sandboxes[name] != nil || deletable.contains(name) else { return nil }
            goal.applied = reached[name]
            goal.observations = observations[name] ?? []
            return goal
        }
    }

    /// Whether a newer commit wants something else of this subject, or we are stopping.
    private func isOutdated(_ subject: Plan.Subject, since wanted: DesiredSandbox?) -> Bool {
        guard !isStopping else { return true }
        switch subject {
        case .gateway, .bundle: return false
        case .workpiece(let id): return orders[id] == nil && !discardable.contains(id)
        case .sandbox: return desired?.sandbox(subject) != wanted
        }
    }

    private func act(
        on subject: Plan.Subject, _ wanted: DesiredSandbox?, by plan: Plan, at commit: CommitID
    ) async {
        acting.insert(subject)
        if let wanted {
            await expect(plan.waits, for: wanted, isFresh: !plan.waits.isEmpty)
            await begin(wanted, at: commit)
        } else if let name = subject.sandbox {
            await retell(name, .deleting, "")
        }
    }

    // MARK: How a pass ends

    private func arrive(
        _ subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal, _ result: Pass.Result
    ) async {
        complaints[subject] = nil
        let commit = goal.desired.revision.commit
        if result.verdict == .converged {
            await append(
                EventRecord(
                    at: surroundings.now(), sandbox: subject.sandbox, kind: "pass.converged",
                    message: "\(result.steps) step(s) done; nothing is left to do",
                    cause: cause(of: subject, wanted, goal),
                    revision: commit, piece: subject.piece))
        }
        switch subject {
        case .gateway(let name):
            unready.remove(name)
            await republish()
        case .bundle:
            await republish()
            wake(those: { if case .bundle = $0.object { true } else { false } })
        case .workpiece(let id):
            discardable.remove(id)
            wake(those: { $0.piece == id })
        case .sandbox(let name):
            observations[name] = nil
            if let wanted, let observed = result.observed {
                // A commit that came meanwhile and wants the same of it is reached as well.
                let isStillWanted = desired?.sandbox(subject) == wanted
                await standing(
                    wanted, in: observed, at: isStillWanted ? desired?.revision.commit ?? commit : commit,
                    result.plan?.kept ?? [])
            } else if wanted == nil {
                await depart(name)
            }
        }
    }

    private func depart(_ name: SandboxName) async {
        departed.insert(name)
        deletable.remove(name)
        reached[name] = nil
        // Declared again meanwhile, it is told of already.
        if desired?.sandboxes[name] == nil { await forget(name) }
        // A port or an address that it gave back may be what another waits for.
        for (subject, complaint) in complaints where complaint.isFinal { trigger(subject) }
    }

    private func lament(
        _ subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal, _ result: Pass.Result
    ) async {
        let complaint = Complaint(
            wish: Wish(of: subject, in: goal.desired), message: result.complaints.joined(separator: "; "),
            isFinal: result.verdict == .failed)
        let isTold = complaints[subject] == complaint && !acting.contains(subject)
        complaints[subject] = complaint
        if !isTold {
            surroundings.logger.warning(
                "Pass failed", metadata: ["subject": "\(subject)", "error": "\(complaint.message)"])
            await append(
                EventRecord(
                    at: surroundings.now(), sandbox: subject.sandbox, kind: "pass.failed", message: complaint.message,
                    cause: cause(of: subject, wanted, goal), revision: goal.desired.revision.commit,
                    piece: subject.piece))
        }
        switch (subject, wanted) {
        case (.gateway, _):
            await republish()
        case (.bundle, _):
            await republish()
            wake(those: { if case .bundle = $0.object { true } else { false } })
        case (.workpiece(let id), _):
            await republish()
            wake(those: { $0.piece == id })
        case (.sandbox, let wanted?):
            await fail(
                wanted, complaint.message, as: complaint.isFinal ? .failed : .progressing, in: result.observed,
                at: goal.desired.revision.commit)
        case (.sandbox(let name), nil):
            await retell(name, complaint.isFinal ? .failed : .deleting, complaint.message)
        }
    }

    /// Stopped while it was tried again: it is still what it was before.
    private func relapse(_ subject: Plan.Subject, _ goal: Pass.Goal) async {
        guard let complaint = complaints[subject], complaint.isFinal,
            complaint.wish == Wish(of: subject, in: goal.desired), let name = subject.sandbox
        else { return }
        await retell(name, .failed, complaint.message)
    }

    private func cause(of subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal) -> String {
        switch subject {
        case .gateway(let name):
            goal.desired.gateways[name]?.place.short ?? "\(Cause.removed(since: goal.desired.revision))"
        case .bundle(let name):
            goal.desired.bundles[name]?.place.short ?? "\(Cause.removed(since: goal.desired.revision))"
        case .workpiece:
            "\(goal.order.map { Cause.wanted(by: $0.sandboxes) } ?? .unused)"
        case .sandbox:
            wanted.map { "\(Cause.manifest($0.place, by: $0.changedBy))" }
                ?? "\(Cause.removed(since: goal.desired.revision))"
        }
    }
}
