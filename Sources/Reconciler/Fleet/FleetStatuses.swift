internal import Model
internal import Planner

/// Where each sandbox stands, as it is told.
extension Fleet {
    /// A sandbox that something is to be done about.
    func begin(_ sandbox: DesiredSandbox, at commit: CommitID) async {
        var status =
            statuses[sandbox.name]
            ?? SandboxStatus(
                of: sandbox, in: nil, gateway: nil, last: nil, at: surroundings.now())
        status.phase = .progressing
        // What it waited for is there.
        if waiting[sandbox.name] == nil { status.message = "" }
        status.attempted = commit
        await put(status)
    }

    /// A sandbox whose last pass failed and that waits to be tried again: nothing but the commit is new.
    func remain(_ name: SandboxName, at commit: CommitID) async {
        guard var status = statuses[name] else { return }
        status.attempted = commit
        await put(status)
    }

    /// A sandbox that cannot be seen now: it is told as it was, until its node has been away for long.
    func lose(_ sandbox: DesiredSandbox, _ sentence: String) async {
        let gateway = sandbox.gateway.flatMap { desired?.gateways[$0]?.node }
        let since = [sandbox.node, gateway ?? sandbox.node].compactMap { away[$0] }.min()
        let isLong = since.map { $0.duration(to: clock.now) >= settings.unknownAfter } ?? false
        guard let status = statuses[sandbox.name] else {
            return await fail(
                sandbox, sentence, as: isLong ? .unknown : .pending, in: nil, at: desired?.revision.commit)
        }
        guard isLong || status.phase == .pending else { return }
        await retell(sandbox.name, isLong ? .unknown : .pending, sentence)
    }

    /// A sandbox at which something is to be done and nothing can be.
    func block(_ sandbox: DesiredSandbox, _ plan: Plan, in observed: ObservedNode, at commit: CommitID) async {
        await fail(
            sandbox, plan.blockers.map(\.sentence).joined(separator: "; "), as: .failed, in: observed, at: commit)
    }

    func fail(
        _ sandbox: DesiredSandbox, _ message: String, as phase: SandboxStatus.Phase, in observed: ObservedNode?,
        at commit: CommitID?
    ) async {
        var status = SandboxStatus(
            of: sandbox, in: observed, gateway: sandbox.gateway, last: statuses[sandbox.name], at: surroundings.now())
        status.attempted = commit
        status.phase = phase
        status.message = message
        await put(status)
    }

    /// A sandbox at which nothing is to be done: its version is applied, and healthy if it answers.
    /// `kept` says which of its services stay at something older than asked for, and why.
    func standing(
        _ sandbox: DesiredSandbox, in observed: ObservedNode, at commit: CommitID, _ kept: [String] = []
    ) async {
        complaints[.sandbox(sandbox.name)] = nil
        reached[sandbox.name] = commit
        var status = SandboxStatus(
            of: sandbox, in: observed, gateway: sandbox.gateway, last: statuses[sandbox.name],
            at: surroundings.now())
        let sentences = (status.message.isEmpty ? [] : [status.message]) + kept
        status.message = sentences.joined(separator: "; ")
        let version = sandbox.lastGood ?? commit
        status.attempted = commit
        status.applied = version
        if status.phase == .ready { status.healthy = version }
        await put(status)
    }

    /// A sandbox in no manifest: on its way out, or waiting for somebody's consent to that.
    func leave(_ name: SandboxName, _ survey: Survey, _ isAskedFor: Bool) async {
        guard !departed.contains(name) else { return }
        let subject = Plan.Subject.sandbox(name)
        let revision = survey.plan.revision
        let isNews = isAskedFor || isNew(subject, in: survey.inputs.desired)
        let complaint = isNews ? nil : complaints[subject]
        var status =
            statuses[name]
            ?? SandboxStatus(
                sandbox: name, title: name.text, phase: .pending, cause: "", updatedAt: surroundings.now())
        status.attempted = revision.commit
        status.cause = "\(Cause.removed(since: revision))"
        status.phase = !deletable.contains(name) ? .held : complaint?.isFinal == true ? .failed : .deleting
        status.message = survey.plan.heldDeletions?.sentence ?? complaint?.message ?? ""
        status.updatedAt = surroundings.now()
        await put(status)
        if deletable.contains(name) { start(subject, isNews) }
    }

    /// Another word for where a sandbox stands; what it has is as it was.
    func retell(_ name: SandboxName, _ phase: SandboxStatus.Phase, _ message: String) async {
        guard var status = statuses[name] else { return }
        status.phase = phase
        status.message = message
        status.updatedAt = surroundings.now()
        await put(status)
    }

    func freeze(_ name: SandboxName, _ problem: ManifestProblem) async {
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

    func forget(_ name: SandboxName) async {
        statuses[name] = nil
        drop(.sandbox(name))
        do throws(JournalError) { try await journal.forget(name) } catch {
            surroundings.complain("a status is not removed", error)
        }
    }
}
