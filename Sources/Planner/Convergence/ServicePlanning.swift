internal import Model

extension Converging {
    /// Plans one service that has a container of its own, of which everything is there.
    mutating func converge(
        _ service: ServiceName, to spec: ContainerSpec, label: String, of piece: Workpiece?, at place: Place
    ) {
        guard let network, let shared = publish(spec, for: service), isReachable(service, spec) else { return }
        var spec = spec
        if let names = namesMount { spec.mounts.append(names) }
        let secrets = situation.observed.secrets
        let draft = { [sandbox = desired.name] (published: [UInt16: UInt16]) in
            ContainerDraft(
                name: EngineNames.container(sandbox, service), sandbox: sandbox, service: service,
                spec: spec, digest: Digest(of: spec, published: published, secrets: secrets), network: network.name,
                address: "", published: published,
                origin: piece.map { ContainerDraft.Origin(piece: $0.id, commit: $0.commit) })
        }
        let imageID = situation.observed.images[spec.image.normalized]
        var judged: [Judged] = []
        for container in mine[service, default: []] {
            guard let published = published(shared, spec, of: service, as: container) else { return }
            let drift = Drift(of: container, from: draft(published), imageID: imageID, secrets: secrets)
            judged.append(Judged(container: container, drift: drift))
        }

        if let keeper = Judged.best(of: judged) {
            guard let published = published(shared, spec, of: service, as: keeper.container) else { return }
            let proof = keep(keeper.container, keeper.drift, service, spec, network: network.name, at: place)
            let address = keeper.container.attachments[network.name]?.address ?? proof.address
            // What is known not to serve is not waited for: the next look sees it serve again.
            let flip =
                proof.isFailing
                ? []
                : prove(
                    .existing(keeper.container.id, name: keeper.container.name), address: address, published, service,
                    spec, label, after: proof.steps, isAlone: judged.count == 1, at: place)
            let wanted = draft(published)
            retireOthers(than: keeper.container, judged.map(\.container), service, digest: wanted.digest, after: flip)
            rename(keeper.container, to: wanted.name, of: service)
        } else {
            guard let published = published(shared, spec, of: service, as: nil) else { return }
            replace(judged, with: draft(published), label, of: piece, at: place)
        }
    }

    /// Brings a container that is what we want back to work.
    mutating func keep(
        _ container: ObservedContainer, _ drift: Drift, _ service: ServiceName, _ spec: ContainerSpec, network: String,
        at place: Place
    ) -> (steps: [Plan.Step.ID], address: String, isFailing: Bool) {
        let handle = ContainerHandle.existing(container.id, name: container.name)
        let isFailing = confess(container, of: service, at: place)
        var steps: [Plan.Step.ID] = []
        var verbs: [String] = []
        var address = ""
        if !drift.isConnected, let subnet = self.network?.subnet, let free = takeAddress(of: subnet) {
            address = free
            verbs.append("connect")
            steps.append(
                plan.append(
                    .connect(handle, network: network, address: free, alias: service.text), for: service,
                    because: .disconnected, after: [self.network?.step]))
        }
        switch container.state {
        case .running, .restarting, .removing: break
        case .paused:
            verbs.append("unpause")
            steps.append(plan.append(.unpause(handle), for: service, because: .notRunning(.paused), after: steps))
        case .created, .exited, .dead:
            verbs.append("start")
            steps.append(
                plan.append(.start(handle), for: service, because: .notRunning(container.state), after: steps))
        }
        if !drift.inPlace.isEmpty {
            verbs.append("update in place")
            plan.append(.updateLimits(handle, spec.limits), for: service, because: .drifted)
        }
        if !verbs.isEmpty {
            plan.services.append(
                ServiceChange(
                    service: service, kind: situation.wasApplied ? .repair : .change,
                    verb: verbs.joined(separator: ", "), fields: drift.inPlace, place: place))
        }
        return (steps, address, isFailing && steps.isEmpty)
    }

    /// Health, then the way from its gateway's node, then the route. Returns what a removal of the old must wait for.
    mutating func prove(
        _ handle: ContainerHandle, address: String, _ published: [UInt16: UInt16], _ service: ServiceName,
        _ spec: ContainerSpec, _ label: String,
        after steps: [Plan.Step.ID], isAlone: Bool, at place: Place
    ) -> [Plan.Step.ID] {
        guard let port = spec.routedPort, situation.gateway != nil else {
            // No route says that it was proved once; who is to replace another proves itself now.
            guard !steps.isEmpty || !isAlone else { return endRoute(of: service, after: []) }
            let healthy = plan.append(
                .awaitHealthy(handle, address: address, check: spec.health), for: service, because: .unproved,
                after: steps)
            return [healthy] + endRoute(of: service, after: [healthy])
        }
        guard let endpoint = endpoint(port, at: address, published: published) else { return [] }
        let target = RouteTarget.endpoint(endpoint, label: label)
        let key = RouteKey(sandbox: desired.name, service: service)
        guard liveRoutes[key] != target || !steps.isEmpty else { return [] }
        let healthy = plan.append(
            .awaitHealthy(handle, address: address, check: spec.health), for: service, because: .unproved, after: steps)
        let proved = reach(endpoint, port, of: service, spec, after: healthy)
        let flip = route(service, to: target, after: [proved], proof: service, at: place)
        return [flip ?? proved]
    }

    /// A new container, started before the old one goes; after it only where both would want one node port.
    private mutating func replace(
        _ judged: [Judged], with draft: ContainerDraft, _ label: String, of piece: Workpiece?, at place: Place
    ) {
        let service = draft.service
        guard prerequisites(of: draft.spec, for: service), let network else { return }
        // What never started may be incomplete and serves nobody: it goes first and gives its name back.
        let unfinished = judged.map(\.container).filter { $0.state == .created }
        let old = judged.map(\.container).filter { $0.state != .created }
        for container in old { _ = confess(container, of: service, at: place) }
        for container in unfinished { takenNames.remove(container.name) }
        guard let address = takeAddress(of: network.subnet),
            let name = EngineNames.free(draft.name, among: takenNames)
        else {
            plan.blockers.append(
                Blocker(
                    need: .capacity, service: service,
                    sentence: "no address is free in \(network.subnet) for \(service); "
                        + "choose a larger subnetPool.perSandboxPrefix"))
            return
        }
        takenNames.insert(name)
        plan.pieces[service] = piece
        let cleared = unfinished.map {
            plan.append(.remove(.existing($0.id, name: $0.name)), for: service, because: .unfinished)
        }
        let wanted = draft.placed(as: name, at: address)
        let reason: Reason = old.isEmpty ? .missing : .changed
        let handle = ContainerHandle.planned(name: name)
        let isAbsent = situation.observed.images[draft.spec.image.normalized] == nil
        let pulled = isAbsent ? plan.append(.pull(draft.spec.image), for: service, because: .missing) : nil
        let created = plan.append(
            .create(wanted), for: service, because: reason, after: [network.step, namesReady, pulled] + cleared)

        let portHolders = old.filter {
            $0.state.occupiesPorts && !Set($0.published.values).isDisjoint(with: wanted.published.values)
        }
        let freed = portHolders.map {
            plan.append(.stop(.existing($0.id, name: $0.name)), for: service, because: .replaced, after: [created])
        }
        let started = plan.append(.start(handle), for: service, because: reason, after: [created] + freed)
        let proof = prove(
            handle, address: address, wanted.published, service, draft.spec, label, after: [started],
            isAlone: old.isEmpty, at: place)
        retire(old, of: service, because: .replaced, after: proof)

        if name != draft.name, old.contains(where: { $0.name == draft.name }) {
            let removed = plan.steps.last { $0.service == service && $0.action.isRemoval }?.id
            plan.append(.rename(handle, to: draft.name), for: service, because: .misnamed, after: [removed])
        }
        let ports = wanted.published.sorted { $0.key < $1.key }.map {
            FieldChange("ports.\($0.key)", from: nil, to: "\($0.value)")
        }
        let isNew = judged.isEmpty
        plan.services.append(
            ServiceChange(
                service: service, kind: isNew ? (situation.wasApplied ? .repair : .create) : .change,
                verb: Self.verb(old, stopFirst: !portHolders.isEmpty),
                fields: judged.first?.drift.structural
                    ?? (piece.map { [FieldChange("branch", from: nil, to: $0.title)] } ?? [])
                        + [FieldChange("image", from: nil, to: draft.spec.image.text)] + ports,
                place: place, isInterrupted: !portHolders.isEmpty))
    }

    private static func verb(_ old: [ObservedContainer], stopFirst: Bool) -> String {
        if old.isEmpty { return "create, start, prove" }
        if stopFirst { return "stop old first (fixed port), then start, then flip" }
        return "replace, then flip, then remove old"
    }

    private mutating func retireOthers(
        than keeper: ObservedContainer, _ all: [ObservedContainer], _ service: ServiceName, digest: Digest,
        after proof: [Plan.Step.ID]
    ) {
        let others = all.filter { $0.id != keeper.id }
        guard !others.isEmpty else { return }
        plan.services.append(
            ServiceChange(
                service: service, kind: .repair, verb: "remove \(others.count) that \(keeper.name) replaces",
                fields: [], place: nil))
        let isTwin = others.allSatisfy { $0.ownership.mark?.digest == digest }
        retire(others, of: service, because: isTwin ? .duplicate : .replaced, after: proof)
    }

    /// Gives the keeper its proper name back once nobody has it.
    private mutating func rename(_ keeper: ObservedContainer, to base: String, of service: ServiceName) {
        guard keeper.name != base else { return }
        let holder = situation.observed.containers.first { $0.name == base }
        let leaving = plan.steps.last {
            if case .remove(let handle) = $0.action { handle.name == base } else { false }
        }
        guard holder == nil || leaving != nil else { return }
        plan.append(
            .rename(.existing(keeper.id, name: keeper.name), to: base), for: service, because: .misnamed,
            after: [leaving?.id])
    }

    // MARK: What a container needs

    /// The node ports of a spec. `nil`, with a blocker, when one is not to be had.
    mutating func publish(_ spec: ContainerSpec, for service: ServiceName) -> [UInt16: UInt16]? {
        var published: [UInt16: UInt16] = [:]
        let own = Set(mine[service, default: []].flatMap(\.published.values))
        for port in spec.ports {
            guard let request = port.published, port.number != portOfItsOwn(spec) else { continue }
            let number = pools.published(
                for: desired.name, service, container: port.number, asking: request, on: situation.node,
                avoiding: situation.observed.busyPorts.subtracting(own))
            guard let number else {
                let range = situation.node.portPool
                plan.blockers.append(
                    Blocker(
                        need: .capacity, service: service,
                        sentence: "no node port for \(service):\(port.number) on \(situation.node.name) "
                            + "(pool \(range.lowerBound)-\(range.upperBound)); widen portPools or name another port"))
                return nil
            }
            published[port.number] = number
            wanted.insert(.published(situation.node.name, number, service, container: port.number))
        }
        return published
    }

    /// Whether image and secrets are there; what is not becomes a blocker that names the remedy.
    mutating func prerequisites(of spec: ContainerSpec, for service: ServiceName) -> Bool {
        var isComplete = canHave(spec.image, for: service, as: "image \(spec.image) of \(service)")
        for reference in spec.secretReferences.sorted() where situation.observed.secrets[reference] == .some(nil) {
            isComplete = false
            plan.blockers.append(
                Blocker(
                    need: .secret, service: service,
                    sentence: "secret of \(service): \(reference) cannot be read on node \(situation.node.name); "
                        + "create it, readable by Berth alone"))
        }
        return isComplete
    }

    /// Whether an image is on the node, or can be pulled. What is in a bundle is waited for; anything else that an
    /// offline node lacks is a problem that names the remedy.
    mutating func canHave(_ image: ImageReference, for service: ServiceName, as what: String) -> Bool {
        guard situation.observed.images[image.normalized] == nil else { return true }
        let isBrought = { (bundle: DesiredBundle) in
            bundle.images.contains { $0.reference.normalized == image.normalized }
        }
        if let bundle = situation.bundles.first(where: isBrought) {
            wait(for: .bundle(bundle.name), of: service)
            return false
        }
        guard situation.node.isOffline else { return true }
        plan.blockers.append(
            Blocker(
                need: .image, service: service,
                sentence: "\(what) is not on node \(situation.node.name), which is offline; load it there: "
                    + "docker load -i ARCHIVE, or declare an ImageBundle"))
        return false
    }

    mutating func wait(for object: Wait.Object, of service: ServiceName) {
        let wait = Wait(object, for: service)
        if !plan.waits.contains(wait) { plan.waits.append(wait) }
    }

    private mutating func takeAddress(of subnet: Subnet) -> String? {
        guard let address = subnet.address(avoiding: takenAddresses) else { return nil }
        takenAddresses.insert(address)
        return address
    }
}

/// A container beside how far it is from what we want.
private struct Judged {
    let container: ObservedContainer
    let drift: Drift

    /// The one to keep, of those that are what we want: one that runs before one that does not.
    static func best(of judged: [Judged]) -> Judged? {
        judged.filter { !$0.drift.needsReplacement && $0.container.state.isKeepable }
            .min { ($0.container.state.rank, $0.container.id) < ($1.container.state.rank, $1.container.id) }
    }
}

extension ContainerDraft {
    fileprivate func placed(as name: String, at address: String) -> ContainerDraft {
        ContainerDraft(
            name: name, sandbox: sandbox, service: service, spec: spec, digest: digest, network: network,
            address: address, published: published, origin: origin)
    }
}

extension ObservedContainer.State {
    /// Whether a container in this state can serve again without being made anew.
    var isKeepable: Bool {
        switch self {
        case .running, .restarting, .paused, .exited: true
        case .created, .removing, .dead: false
        }
    }

    var occupiesPorts: Bool {
        switch self {
        case .running, .restarting, .paused: true
        case .created, .exited, .removing, .dead: false
        }
    }

    var rank: Int {
        switch self {
        case .running: 0
        case .restarting: 1
        case .paused: 2
        case .exited: 3
        case .created: 4
        case .removing: 5
        case .dead: 6
        }
    }
}

extension Action {
    var isRemoval: Bool {
        if case .remove = self { true } else { false }
    }
}
