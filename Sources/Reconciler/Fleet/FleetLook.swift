internal import Logging
internal import Model
internal import Planner

extension Fleet {
    /// Takes up what was known before the last stop.
    func restore() async {
        do throws(JournalError) {
            for status in try await journal.statuses() {
                statuses[status.sandbox] = status
                reached[status.sandbox] = status.reached
            }
        } catch {
            surroundings.complain("earlier statuses are not known", error)
        }
    }

    /// Loads the newest commit, looks at every node, and triggers a pass for whatever is not as it should be.
    /// Returns whether all could be seen.
    func look() async -> Bool {
        let began = surroundings.now()
        let isAskedFor = isAsked
        isAsked = false
        departed = []
        freshlyWaiting = []
        var trouble: [String] = []
        do throws(SourceError) {
            let newest = try await source.load()
            let circumstances = await circumstances()
            declared = newest
            await take(newest.placing(Placement(of: newest, in: circumstances).chosen))
        } catch {
            trouble.append("the manifests cannot be read (\(error)); what runs is kept as it is")
        }
        guard let declared else {
            await publish(trouble, began)
            return false
        }
        let survey = await survey(toward: declared)
        await place(survey, &trouble)
        deletable = survey.deletable.subtracting(departed)
        for observed in survey.inputs.observed.values {
            do throws(JournalError) { try await pools.adopt(observed.without(departed)) } catch {
                trouble.append("\(error)")
            }
        }
        // Ports and subnets are given out in order of name, before passes side by side draw in the order they run: who
        // lost all but its secrets gives everybody the same again.
        if survey.plan.hasChanges {
            let inputs = survey.inputs
            do throws(JournalError) {
                try await pools.plan { table in _ = FleetPlan(inputs, drawingFrom: &table) }
            } catch {
                trouble.append("\(error)")
            }
        }
        await settle(survey, isAskedFor)
        trouble += survey.plan.blindSpots
        if let held = survey.plan.heldDeletions { trouble.append(held.sentence) }
        trouble += declared.problems.filter { $0.severity == .error }.map { "\($0)" }
        trouble += Set(survey.inputs.observed.values.flatMap(\.troubledBaselines)).sorted()
        await publish(trouble, began)
        // A node that is away says so itself when it is back; to look again sooner or later than at the next interval
        // helps nobody.
        return survey.plan.blindSpots.isEmpty || !survey.inputs.observed.isEmpty
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
            of: desired, on: observers, placing: await circumstances(), applied: reached, consented: consented,
            policy: settings.policy, pools: table)
    }

    private var observers: [NodeName: any Observer] {
        Dictionary(uniqueKeysWithValues: hosts.served.compactMap { node in hosts[node].map { (node, $0) } })
    }

    /// Where sandboxes are whose nodes we choose, and which nodes people keep them from.
    private func circumstances() async -> Placement.Circumstances {
        var cordons: [Cordon] = []
        do throws(JournalError) { cordons = try await journal.cordons() } catch {
            surroundings.complain("cordons are not known", error)
        }
        var circumstances = Placement.Circumstances(await pools.places, cordons)
        circumstances.known = known
        return circumstances
    }

    /// Enters which nodes were chosen, before anything is made there, and tells why.
    private func place(_ survey: Survey, _ trouble: inout [String]) async {
        let placement = survey.inputs.placement
        do throws(JournalError) {
            try await pools.enter(placement.chosen)
        } catch {
            trouble.append("\(error)")
            return
        }
        known.formUnion(survey.inputs.observed.keys)
        traces = survey.traces
        cordoned = survey.inputs.cordoned
        for (name, reason) in placement.reasons.sorted(by: { $0.key < $1.key }) {
            let place = survey.inputs.desired.sandboxes[name]?.place.short ?? ""
            guard desired?.sandboxes[name]?.node != placement.chosen[name] else { continue }
            await append(
                EventRecord(
                    at: surroundings.now(), sandbox: name, kind: "sandbox.placed", message: reason, cause: place))
        }
        desired = survey.inputs.desired
    }

    /// Says of each sandbox where it stands, and starts a pass where something is to be done.
    private func settle(_ survey: Survey, _ isAskedFor: Bool) async {
        let desired = survey.inputs.desired
        let back = Set(away.keys).subtracting(survey.inputs.away.keys)
        away = survey.inputs.away.keys.reduce(into: [:]) { $0[$1] = away[$1] ?? clock.now }
        settleGateways(survey, isAskedFor)
        settlePieces(survey, isAskedFor)
        await settleLedger(survey)
        let plans = Dictionary(
            survey.plan.plans.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, sandbox) in desired.sandboxes.sorted(by: { $0.key < $1.key }) {
            if let spot = survey.inputs.blindSpot(of: sandbox) {
                await lose(sandbox, spot)
                continue
            }
            guard let observed = survey.inputs.view(of: sandbox) else { continue }
            let waits = plans[.sandbox(name)]?.waits ?? []
            // Its own pass saw more of it than this look, and has told.
            if freshlyWaiting.contains(name) { continue }
            await expect(waits, for: sandbox)
            guard let plan = plans[.sandbox(name)], plan.kind != .none || !plan.blockers.isEmpty else {
                await standing(sandbox, in: observed, at: desired.revision.commit, plans[.sandbox(name)]?.kept ?? [])
                continue
            }
            if plan.isEmpty, plan.blockers.isEmpty, !waits.isEmpty {
                await pend(sandbox, waits, in: observed, at: desired.revision.commit)
                continue
            }
            if plan.isEmpty, plan.blockers.isEmpty {
                // Something is to be given back, which the pass does.
                await standing(sandbox, in: observed, at: desired.revision.commit, plan.kept)
                hint(.sandbox(name))
                continue
            }
            let isNews =
                isAskedFor || back.contains(sandbox.node)
                || sandbox.gateway.flatMap { desired.gateways[$0]?.node }.map(back.contains) ?? false
                || isNew(.sandbox(name), in: desired)
            // Before the look is published, so that whoever follows it knows that there is something to wait for.
            if plan.isEmpty {
                await block(sandbox, plan, in: observed, at: desired.revision.commit)
            } else if isNews || complaints[.sandbox(name)] == nil {
                await begin(sandbox, at: desired.revision.commit)
            } else {
                await remain(name, at: desired.revision.commit)
            }
            start(.sandbox(name), isNews)
        }
        for name in survey.leaving.sorted() { await leave(name, survey, isAskedFor) }
        for (name, problem) in desired.frozen { await freeze(name, problem) }
        for (name, wanted) in desired.unplaced.sorted(by: { $0.key < $1.key }) {
            let placement = survey.inputs.placement
            let sentence = placement.refusals[name] ?? placement.unknown[name] ?? "no node was chosen for it yet"
            await fail(
                wanted.sandbox, sentence, as: placement.refusals[name] == nil ? .pending : .failed, in: nil,
                at: desired.revision.commit)
        }
        // What a node that is away has of a sandbox is not known; its status is kept until the node is back.
        guard survey.inputs.away.isEmpty else { return }
        let existing = survey.inputs.existing
        for name in statuses.keys where !existing.contains(name) && !desired.isDeclared(name) { await forget(name) }
    }

    /// Bundles to be loaded, and workpieces nobody refers to. Those that somebody waits for are ordered by sandbox.
    private func settlePieces(_ survey: Survey, _ isAskedFor: Bool) {
        let desired = survey.inputs.desired
        for name in waiting.keys where desired.sandboxes[name] == nil { stopWaiting(name) }
        discardable = []
        for plan in survey.plan.plans where !plan.isEmpty {
            switch plan.subject {
            case .bundle: start(plan.subject, isAskedFor || isNew(plan.subject, in: desired))
            case .workpiece(let id) where plan.kind == .remove && orders[id] == nil:
                discardable.insert(id)
                start(plan.subject, isAskedFor)
            case .gateway, .sandbox, .workpiece: break
            }
        }
        for subject in complaints.keys {
            if case .bundle(let name) = subject,
                !survey.plan.plans.contains(where: { $0.subject == .bundle(name) && !$0.isEmpty })
            {
                complaints[subject] = nil
            }
        }
        if isAskedFor { for id in orders.keys { start(.workpiece(id), true) } }
    }

    /// Closes the entries of workpieces that were given up before there was anything of them: no pass will see them.
    private func settleLedger(_ survey: Survey) async {
        guard isLedgerStale else { return }
        isLedgerStale = false
        do throws(JournalError) {
            for entry in try await journal.openEntries() where entry.sandbox == nil {
                guard let id = Workpiece.ID(entry.name), let observed = survey.inputs.observed[entry.node] else {
                    continue
                }
                if observed.workshop.pieces[id] == nil, orders[id] == nil { try await journal.settle(entry.uid) }
            }
        } catch {
            isLedgerStale = true
            surroundings.complain("the ledger is not settled", error)
        }
    }

    private func settleGateways(_ survey: Survey, _ isAskedFor: Bool) {
        var unready: Set<GatewayName> = []
        for plan in survey.plan.plans where !plan.isEmpty {
            if case .gateway(let name) = plan.subject { unready.insert(name) }
        }
        let unseen = self.unready.filter { name in
            survey.inputs.desired.gateways[name].map { survey.inputs.away[$0.node] != nil } ?? false
        }
        self.unready = unready.union(unseen)
        for subject in complaints.keys {
            if case .gateway(let name) = subject, !self.unready.contains(name) { complaints[subject] = nil }
        }
        for name in unready.sorted() {
            start(.gateway(name), isAskedFor || isNew(.gateway(name), in: survey.inputs.desired))
        }
    }

    /// Whether the last pass was toward something else: then its failure says nothing.
    func isNew(_ subject: Plan.Subject, in desired: DesiredState) -> Bool {
        tried[subject] != Wish(of: subject, in: desired)
    }

    func start(_ subject: Plan.Subject, _ isNews: Bool) {
        if isNews { trigger(subject) } else { hint(subject) }
    }

    // MARK: What a person should read

    /// Tells what a look found that began at `began`.
    private func publish(_ trouble: [String], _ began: Timestamp) async {
        self.trouble = trouble
        fleetStatus = FleetStatus(
            branch: settings.branch, head: desired?.revision, notices: [], updatedAt: began,
            processID: settings.processID)
        await republish()
    }

    /// Tells the same again, with what has become of the gateways since.
    func republish() async {
        let failed = complaints.compactMap { subject, complaint -> String? in
            switch subject {
            case .gateway, .bundle: return "\(subject): \(complaint.message)"
            case .workpiece(let id): return orders[id] == nil ? "\(subject): \(complaint.message)" : nil
            case .sandbox: return nil
            }
        }
        let configured = unready.filter { complaints[.gateway($0)] == nil }.sorted().map {
            "gateway \($0) is being configured"
        }
        let told = notices
        notices = trouble + failed.sorted() + configured
        for sentence in trouble + failed.sorted() where !told.contains(sentence) {
            surroundings.logger.warning("Needs a look", metadata: ["notice": "\(sentence)"])
            await append(EventRecord(at: surroundings.now(), kind: "notice", message: sentence, cause: "look"))
        }
        guard var status = fleetStatus else { return }
        status.notices = notices
        do throws(JournalError) { try await journal.put(status) } catch {
            surroundings.complain("the fleet's status is not written", error)
        }
    }

    func append(_ event: EventRecord) async {
        do throws(JournalError) { try await journal.append(event) } catch {
            surroundings.complain("history is not written", error)
        }
    }
}

extension ObservedNode {
    /// Shared deployments that do not serve, a sentence each.
    fileprivate var troubledBaselines: [String] {
        gateways.flatMap { gateway, live in
            live.baselines.compactMap { service, baseline in
                baseline.complaint.map { "baseline of \(service) does not serve: \($0) (asked through \(gateway))" }
            }
        }
    }

    /// The same without what was of sandboxes that are gone: nothing is held for them any more.
    fileprivate func without(_ sandboxes: Set<SandboxName>) -> ObservedNode {
        guard !sandboxes.isEmpty else { return self }
        var node = self
        node.containers.removeAll { $0.ownership.mark.map { sandboxes.contains($0.sandbox) } ?? false }
        node.networks.removeAll { $0.ownership.mark.map { sandboxes.contains($0.sandbox) } ?? false }
        for gateway in node.gateways.keys {
            for sandbox in sandboxes { node.gateways[gateway]?.sandboxes.removeValue(forKey: sandbox) }
        }
        return node
    }
}
