internal import Model

/// How a service comes to what its containers run: an image that is there, or a commit that has to be made runnable
/// first. Until that is there, what runs is left as it is and kept alive.
extension Converging {
    mutating func provide(
        _ service: ServiceName, _ spec: ContainerSpec, branch: String?, making: Making?, at place: Place
    ) {
        guard let making else {
            let label = "\(service)@\(branch.flatMap(Slug.make) ?? "main")"
            return converge(service, to: spec, label: label, of: nil, at: place)
        }
        guard let commit = commit(of: making, for: service) else {
            return hold(service, spec, at: place)
        }
        let piece = making.workpiece(at: commit)
        note(piece, of: service)
        guard isReady(piece) else {
            order(piece, spec, for: service, at: place)
            return hold(service, spec, at: place)
        }
        let fitted = making.fitted(spec, with: piece, in: situation.observed.workshop)
        converge(service, to: fitted, label: Self.label(service, commit), of: piece, at: place)
    }

    private static func label(_ service: ServiceName, _ commit: CommitID) -> String { "\(service)@\(commit.short)" }

    // MARK: Which commit

    /// What the service should run. A branch that is gone and a repository that is silent leave it at what it runs.
    private mutating func commit(of making: Making, for service: ServiceName) -> CommitID? {
        let repository = making.repository.name
        let runs = serving(service)?.ownership.mark?.origin?.commit
        let what: String
        switch situation.observed.workshop.readings[making.code] {
        case .commit(let commit)?: return commit
        case .gone? where runs == nil: what = "there is no \(making.reference) in repository \(repository)"
        case .gone?: what = "\(making.reference) is gone from repository \(repository)"
        case .unreachable(let why)?: what = "repository \(repository) cannot be reached: \(why)"
        case .asked?, nil:
            if runs == nil { wait(for: .answer(making.code), of: service) }
            return runs
        }
        if let runs {
            plan.kept.append("\(what); \(service) stays at \(runs.short)")
            return runs
        }
        plan.blockers.append(
            Blocker(
                need: .code, service: service,
                sentence: "\(service): \(what)" + (what.hasPrefix("there is no ") ? "; push it, or name another" : "")))
        return nil
    }

    /// The container that requests go to, or the nearest to one.
    private func serving(_ service: ServiceName) -> ObservedContainer? {
        let all = mine[service, default: []]
        let key = RouteKey(sandbox: desired.name, service: service)
        if let endpoint = liveRoutes[key]?.endpoint,
            let routed = all.first(where: { leads(endpoint, to: $0) })
        {
            return routed
        }
        return all.filter(\.state.isKeepable).min { ($0.state.rank, $0.id) < ($1.state.rank, $1.id) }
    }

    private mutating func note(_ piece: Workpiece, of service: ServiceName) {
        guard let runs = serving(service)?.ownership.mark?.origin, runs.commit != piece.commit else { return }
        let isPinned = CommitID(piece.reference) != nil
        moves.append(
            "\(piece.repository.name) \(isPinned ? "" : "\(piece.reference) ")is at \(piece.commit.short) now")
    }

    // MARK: What is made of it

    private func isReady(_ piece: Workpiece) -> Bool {
        if let image = piece.image { return situation.observed.images[image.normalized] != nil }
        return situation.observed.workshop.pieces[piece.id]?.condition == .ready
    }

    /// Asks for a workpiece, unless it is known that it cannot be made or would be of no use.
    private mutating func order(
        _ piece: Workpiece, _ spec: ContainerSpec, for service: ServiceName, at place: Place
    ) {
        if case .failed(let stage, let message)? = situation.observed.workshop.pieces[piece.id]?.condition {
            plan.blockers.append(
                Blocker(
                    need: .build, service: service,
                    sentence: "\(stage.rawValue) of \(service) (\(piece.title)) failed: \(message); "
                        + "push a commit that mends it, or berth retry \(desired.name)/\(service)"))
            return
        }
        switch piece.recipe {
        case .worktree:
            guard prerequisites(of: spec, for: service) else { return }
        case .image:
            let bases = situation.observed.workshop.bases[piece.id, default: []].sorted()
            let areHad = bases.map { base in
                canHave(base, for: service, as: "image \(base), which \(service) (\(piece.title)) is built on,")
            }
            guard !areHad.contains(false) else { return }
        }
        wait(for: .piece(piece), of: service)
        let before = serving(service)?.ownership.mark?.origin?.commit.short
        let stages = piece.recipe.stages.map(\.rawValue).joined(separator: ", ")
        plan.services.append(
            ServiceChange(
                service: service, kind: mine[service, default: []].isEmpty ? .create : .change,
                verb: "\(stages), then \(before == nil ? "create, start, prove" : "replace, flip, remove old")",
                fields: [FieldChange(before == nil ? "branch" : "commit", from: before, to: piece.title)],
                place: place))
        announce(piece, spec, for: service, at: place)
    }

    /// Tells the flip that follows once it is made.
    private mutating func announce(
        _ piece: Workpiece, _ spec: ContainerSpec, for service: ServiceName, at place: Place
    ) {
        guard situation.gateway != nil, let port = spec.routedPort, let subnet = network?.subnet,
            let address = subnet.address(avoiding: takenAddresses)
        else { return }
        let key = RouteKey(sandbox: desired.name, service: service)
        // The port of a machine is drawn only when it is needed; the address here is told, never set.
        let endpoint = Endpoint(scheme: port.transport.scheme ?? .http, host: address, port: port.number)
        let target = RouteTarget.endpoint(endpoint, label: Self.label(service, piece.commit))
        plan.routes.append(RouteChange(key: key, from: present(key), to: target, after: service, place: place))
    }

    // MARK: Meanwhile

    /// Keeps what runs running, as it is: brought back to life and routed, never changed.
    private mutating func hold(_ service: ServiceName, _ spec: ContainerSpec, at place: Place) {
        guard let network, let container = serving(service), container.state.isKeepable else {
            // What it holds of the pools it will want again.
            _ = publish(spec, for: service)
            return
        }
        _ = publish(spec, for: service)
        let commit = container.ownership.mark?.origin?.commit
        let address = container.attachments[network.name]?.address
        let (steps, given, isFailing) = keep(
            container, Drift(isConnected: container.attachments[network.name] != nil), service, spec,
            network: network.name, at: place)
        // Its route leads where it led, even where the manifests name another port now: that is for its successor.
        let key = RouteKey(sandbox: desired.name, service: service)
        if isFailing { return }
        if case .endpoint(let endpoint, _)? = liveRoutes[key], leads(endpoint, to: container) { return }
        _ = prove(
            .existing(container.id, name: container.name), address: address ?? given, container.published, service,
            spec, commit.map { Self.label(service, $0) } ?? "\(service)@main", after: steps, isAlone: true, at: place)
    }
}
