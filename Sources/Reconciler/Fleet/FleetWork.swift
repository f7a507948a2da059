internal import Logging
internal import Model
internal import Planner

extension Fleet {
    /// Takes up what was known before the last stop.
    func restore() async {
        do throws(JournalError) {
            for status in try await journal.statuses() { statuses[status.sandbox] = status }
        } catch {
            surroundings.complain("earlier statuses are not known", error)
        }
    }

    // MARK: The look at everything

    /// Loads the newest commit, looks at every node, and triggers a pass for whatever is not as it should be.
    /// Returns whether all could be seen.
    func look() async -> Bool {
        var trouble: [String] = []
        do throws(SourceError) {
            let newest = try await source.load()
            await take(newest)
        } catch {
            trouble.append("the manifests cannot be read (\(error)); what runs is kept as it is")
        }
        guard let desired else {
            await publish(trouble)
            return false
        }
        let survey = await survey(toward: desired)
        deletable = survey.deletable
        for observed in survey.inputs.observed.values {
            do throws(JournalError) { try await pools.adopt(observed) } catch {
                trouble.append("\(error)")
            }
        }
        await settle(survey)
        trouble += survey.plan.blindSpots
        if let held = survey.plan.heldDeletions { trouble.append(held.sentence) }
        trouble += desired.problems.filter { $0.severity == .error }.map { "\($0)" }
        await publish(trouble)
        return survey.plan.blindSpots.isEmpty
    }

    private func take(_ newest: DesiredState) async {
        let isNew = newest.revision != desired?.revision
        desired = newest
        guard isNew else { return }
        await append(
            EventRecord(
                at: surroundings.now(), kind: "revision.seen", message: newest.revision.subject,
                cause: "commit \(newest.revision.commit.short) by \(newest.revision.author)",
                revision: newest.revision.commit))
        for problem in newest.problems {
            await append(
                EventRecord(
                    at: surroundings.now(), kind: "manifest.problem", message: problem.message,
                    cause: problem.place.short, revision: newest.revision.commit))
        }
    }

    private func survey(toward desired: DesiredState) async -> Survey {
        var consented = 0
        do throws(JournalError) {
            consented = try await journal.consentedDeletions(at: desired.revision.commit)
        } catch {
            surroundings.complain("consent is not known", error)
        }
        let table = await pools.preview { $0 }
        return await Survey.take(
            of: desired, on: hosts, applied: statuses.compactMapValues(\.applied), consented: consented,
            policy: settings.policy, pools: table)
    }

    /// Says of each sandbox where it stands, and starts a pass where something is to be done.
    private func settle(_ survey: Survey) async {
        let byName = Dictionary(
            survey.plan.plans.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        for gateway in survey.inputs.desired.gateways.keys.sorted()
        where byName[.gateway(gateway)].map({ $0.kind != .none }) ?? false {
            trigger(.gateway(gateway))
        }
        for (name, sandbox) in survey.inputs.desired.sandboxes.sorted(by: { $0.key < $1.key }) {
            guard let observed = survey.inputs.observed[sandbox.node] else { continue }
            guard let plan = byName[.sandbox(name)], plan.kind != .none else {
                await standing(sandbox, in: observed, at: survey.plan.revision.commit)
                continue
            }
            // Before the look is published, so that whoever follows it knows that there is something to wait for.
            await begin(sandbox, at: survey.plan.revision.commit)
            trigger(.sandbox(name))
        }
        for name in survey.leaving.sorted() { await leave(name, survey) }
        for (name, problem) in survey.inputs.desired.frozen { await freeze(name, problem) }
        let known = survey.inputs.existing.union(survey.inputs.desired.sandboxes.keys)
            .union(survey.inputs.desired.frozen.keys)
        for name in statuses.keys where !known.contains(name) { await forget(name) }
    }

    // MARK: One subject

    /// Runs a pass. Returns whether it need not be tried again before something changes.
    func converge(_ subject: Plan.Subject) async -> Bool {
        guard let goal = goal(for: subject) else { return true }
        let wanted = goal.desired.sandbox(subject)
        let result = await pass.run(subject, toward: goal) {
            await self.isOutdated(subject, since: wanted)
        } willAct: {
            if let wanted { await self.begin(wanted, at: goal.desired.revision.commit) }
        }
        await conclude(subject, wanted, goal, result)
        return switch result.verdict {
        case .unchanged, .converged, .superseded: true
        case .interrupted, .failed: false
        }
    }

    private func goal(for subject: Plan.Subject) -> Pass.Goal? {
        guard let desired else { return nil }
        var goal = Pass.Goal(desired: desired, policy: settings.policy)
        switch subject {
        case .gateway(let name):
            return desired.gateways[name] == nil ? nil : goal
        case .sandbox(let name):
            guard desired.sandboxes[name] != nil || deletable.contains(name) else { return nil }
            goal.applied = statuses[name]?.applied
            goal.observations = observations[name] ?? []
            return goal
        }
    }

    /// Whether a newer commit wants something else of this subject, or we are stopping.
    private func isOutdated(_ subject: Plan.Subject, since wanted: DesiredSandbox?) -> Bool {
        guard !isStopping else { return true }
        guard case .sandbox = subject else { return false }
        return desired?.sandbox(subject) != wanted
    }

    private func begin(_ sandbox: DesiredSandbox, at commit: CommitID) async {
        var status =
            statuses[sandbox.name]
            ?? SandboxStatus(
                of: sandbox, in: nil, gateway: nil, last: nil, at: surroundings.now())
        status.phase = .progressing
        status.attempted = commit
        await put(status)
    }

    private func conclude(
        _ subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal, _ result: Pass.Result
    ) async {
        let commit = goal.desired.revision.commit
        switch result.verdict {
        case .unchanged, .converged:
            if result.verdict == .converged {
                await append(
                    EventRecord(
                        at: surroundings.now(), sandbox: subject.sandbox, kind: "pass.converged",
                        message: "\(result.steps) step(s) done; nothing is left to do",
                        cause: cause(of: subject, wanted, goal),
                        revision: commit))
            }
            guard let name = subject.sandbox else { return }
            observations[name] = nil
            if let wanted, let observed = result.observed {
                // A commit that came meanwhile and wants the same of it is reached as well.
                let isStillWanted = desired?.sandbox(subject) == wanted
                await standing(wanted, in: observed, at: isStillWanted ? desired?.revision.commit ?? commit : commit)
            } else if wanted == nil {
                deletable.remove(name)
                await forget(name)
            }
        case .superseded:
            break
        case .interrupted, .failed:
            await lament(subject, wanted, goal, result)
        }
    }

    private func lament(
        _ subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal, _ result: Pass.Result
    ) async {
        let message = result.complaints.joined(separator: "; ")
        surroundings.logger.warning(
            "Pass failed", metadata: ["subject": "\(subject)", "error": "\(message)"])
        await append(
            EventRecord(
                at: surroundings.now(), sandbox: subject.sandbox, kind: "pass.failed", message: message,
                cause: cause(of: subject, wanted, goal), revision: goal.desired.revision.commit))
        guard let name = subject.sandbox, let wanted else { return }
        var status = SandboxStatus(
            of: wanted, in: result.observed, gateway: wanted.gateway, last: statuses[name], at: surroundings.now())
        status.attempted = goal.desired.revision.commit
        status.phase = result.verdict == .failed ? .failed : .progressing
        status.message = message
        await put(status)
    }

    private func cause(of subject: Plan.Subject, _ wanted: DesiredSandbox?, _ goal: Pass.Goal) -> String {
        switch subject {
        case .gateway(let name): goal.desired.gateways[name]?.place.short ?? ""
        case .sandbox:
            wanted.map { "\(Cause.manifest($0.place, by: $0.changedBy))" }
                ?? "\(Cause.removed(since: goal.desired.revision))"
        }
    }

    // MARK: Where things stand

    /// A sandbox at which nothing is to be done: the commit is applied, and healthy if it answers.
    private func standing(_ sandbox: DesiredSandbox, in observed: ObservedNode, at commit: CommitID) async {
        var status = SandboxStatus(
            of: sandbox, in: observed, gateway: sandbox.gateway, last: statuses[sandbox.name],
            at: surroundings.now())
        status.attempted = commit
        status.applied = commit
        if status.phase != .degraded { status.healthy = commit }
        await put(status)
    }

    /// A sandbox in no manifest: on its way out, or waiting for somebody's consent to that.
    private func leave(_ name: SandboxName, _ survey: Survey) async {
        let revision = survey.plan.revision
        var status =
            statuses[name]
            ?? SandboxStatus(
                sandbox: name, title: name.text, phase: .pending, cause: "", updatedAt: surroundings.now())
        status.attempted = revision.commit
        status.cause = "\(Cause.removed(since: revision))"
        status.phase = deletable.contains(name) ? .deleting : .held
        status.message = survey.plan.heldDeletions?.sentence ?? ""
        status.updatedAt = surroundings.now()
        await put(status)
        if deletable.contains(name) { trigger(.sandbox(name)) }
    }

    private func freeze(_ name: SandboxName, _ problem: ManifestProblem) async {
        var status =
            statuses[name]
            ?? SandboxStatus(
                sandbox: name, title: name.text, phase: .failed, cause: problem.place.short,
                updatedAt: surroundings.now())
        status.phase = .failed
        status.message = "left as it is: \(problem)"
        status.updatedAt = surroundings.now()
        await put(status)
    }

    private func put(_ status: SandboxStatus) async {
        if var last = statuses[status.sandbox] {
            last.updatedAt = status.updatedAt
            guard last != status else { return }
        }
        statuses[status.sandbox] = status
        do throws(JournalError) { try await journal.put(status) } catch {
            surroundings.complain("a status is not written", error)
        }
    }

    private func forget(_ name: SandboxName) async {
        statuses[name] = nil
        do throws(JournalError) { try await journal.forget(name) } catch {
            surroundings.complain("a status is not removed", error)
        }
    }

    private func publish(_ trouble: [String]) async {
        for sentence in trouble where !notices.contains(sentence) {
            surroundings.logger.warning("Needs a look", metadata: ["notice": "\(sentence)"])
            await append(EventRecord(at: surroundings.now(), kind: "notice", message: sentence, cause: "look"))
        }
        notices = trouble
        let status = FleetStatus(
            branch: settings.branch, head: desired?.revision, notices: trouble, updatedAt: surroundings.now(),
            processID: settings.processID)
        do throws(JournalError) { try await journal.put(status) } catch {
            surroundings.complain("the fleet's status is not written", error)
        }
    }

    private func append(_ event: EventRecord) async {
        do throws(JournalError) { try await journal.append(event) } catch {
            surroundings.complain("history is not written", error)
        }
    }
}

extension Plan.Subject {
    fileprivate var sandbox: SandboxName? {
        if case .sandbox(let name) = self { name } else { nil }
    }
}

extension DesiredState {
    fileprivate func sandbox(_ subject: Plan.Subject) -> DesiredSandbox? {
        if case .sandbox(let name) = subject { sandboxes[name] } else { nil }
    }
}
