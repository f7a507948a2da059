package import Model
package import Reconciler

/// The state of one simulated engine and its gateways.
package struct World: Sendable {
    package let node: NodeName
    package var containers: [ObservedContainer] = []
    package var networks: [ObservedNetwork] = []
    package var gateways: [GatewayName: ObservedGateway] = [:]
    package var images: [String: String]
    package var secrets: [SecretReference: Fingerprint] = [:]
    /// Containers whose image name has this word never become healthy.
    package static let brokenWord = "broken"
    /// What repositories say of their references.
    package var code: [CodeReference: CodeReading] = [:]
    /// Commits whose build fails.
    package var brokenCommits: Set<CommitID> = []
    package var names: [SandboxName: SandboxNames] = [:]
    package static let namesRoot = "/var/lib/berth/names"
    package var workshop = ObservedWorkshop(root: "/var/lib/berth/sources/pieces")
    /// How often each workpiece was built.
    package private(set) var builds: [Workpiece.ID: Int] = [:]
    private var lastID = 0

    package init(node: NodeName, images: Set<String>) {
        self.node = node
        self.images = Dictionary(uniqueKeysWithValues: images.map { ($0, "sha256:\($0)") })
    }

    // MARK: Looking

    package func observed(_ inquiry: Inquiry) -> ObservedNode {
        var look = ObservedNode(node: node, containers: containers, networks: networks, images: images)
        for reference in inquiry.secrets { look.secrets[reference] = .some(secrets[reference]) }
        // Also those that nobody asks about: a node knows every gateway it has.
        for (name, live) in gateways { look.gateways[name] = live }
        for gateway in inquiry.gateways where gateway.node == node {
            look.gateways[gateway.name] = gateways[gateway.name] ?? ObservedGateway()
        }
        look.names = names
        look.namesRoot = Self.namesRoot
        look.workshop = workshop
        for making in inquiry.makings {
            look.workshop.readings[making.code] =
                CommitID(making.reference).map { .commit($0) } ?? code[making.code] ?? .asked
        }
        look.busyPorts = Set(containers.filter { $0.state == .running }.flatMap(\.published.values))
        for index in look.networks.indices {
            let name = look.networks[index].name
            look.networks[index].addresses = Set(containers.compactMap { $0.attachments[name]?.address })
        }
        return look
    }

    /// Routes of sandboxes that lead to a running container, with that container's id.
    package var serving: [RouteKey: ContainerID] {
        var serving: [RouteKey: ContainerID] = [:]
        for live in gateways.values where live.isRunning {
            for (key, target) in live.routes {
                guard case .endpoint(let endpoint, _) = target, key.sandbox != nil else { continue }
                let holder = containers.first { container in
                    container.state == .running && container.attachments.values.contains { $0.address == endpoint.host }
                }
                serving[key] = holder?.id
            }
        }
        return serving
    }

    /// What an action broke: a route that led to a running container and leads nowhere now, though it is still there.
    package func breaches(since before: [RouteKey: ContainerID], by action: Action) -> [String] {
        let now = serving
        var breaches: [String] = []
        for live in gateways.values {
            for (key, target) in live.routes {
                // Baselines have names here, containers addresses.
                guard case .endpoint(let endpoint, _) = target, key.sandbox != nil, endpoint.host.hasPrefix("10.")
                else { continue }
                if before[key] != nil, now[key] == nil { breaches.append("route \(key) lost its target") }
                let holder = containers.first { $0.attachments.values.contains { $0.address == endpoint.host } }
                if let mark = holder?.ownership.mark, mark.service != key.service {
                    breaches.append("route \(key) leads to \(mark.sandbox)/\(mark.service?.text ?? "?")")
                }
                if let holder, holder.image.contains(Self.brokenWord) {
                    breaches.append("route \(key) leads to an unproved one")
                }
            }
        }
        return breaches
    }

    // MARK: Acting

    package mutating func apply(_ action: Action, as uid: ResourceUID) throws(HostError) {
        switch action {
        case .createNetwork(let draft): try createNetwork(draft, uid)
        case .removeNetwork(let id, _):
            guard let network = networks.first(where: { $0.id == id }) else { return }
            guard !containers.contains(where: { $0.attachments[network.name] != nil }) else {
                throw HostError("\(action)", .refused, "has active endpoints")
            }
            networks.removeAll { $0.id == id }
        case .pull(let image): images[image.normalized] = "sha256:\(image.normalized)"
        case .load(let bundle):
            for image in bundle.images { images[image.reference.normalized] = image.id ?? "sha256:\(image.reference)" }
        case .fetch: break
        case .checkout(let piece): make(piece, uid)
        case .build(let piece):
            builds[piece.id, default: 0] += 1
            make(piece, uid)
            guard !brokenCommits.contains(piece.commit) else {
                workshop.pieces[piece.id]?.condition = .failed(.build, message: "simulated: exit status 2")
                throw HostError("\(action)", .refused, "simulated: exit status 2")
            }
            if let image = piece.image { images[image.normalized] = "sha256:\(image)" }
        case .discard(let id):
            guard !containers.contains(where: { $0.ownership.mark?.origin?.piece == id }) else {
                preconditionFailure("a workpiece in use was discarded: promise 2")
            }
            if let image = workshop.pieces[id]?.image { images[image.normalized] = nil }
            workshop.pieces[id] = nil
        case .create(let draft): try create(draft, uid)
        case .start(let handle): try update(handle, action) { $0.state = .running }
        case .unpause(let handle): try update(handle, action) { $0.state = .running }
        case .awaitHealthy(let handle, _, _):
            let index = try find(handle, action)
            guard containers[index].state == .running, !containers[index].image.contains(Self.brokenWord) else {
                throw HostError("\(action)", .unhealthy, "simulated: it does not serve")
            }
        case .awaitReachable: break
        case .connect(let handle, let network, let address, let alias):
            try update(handle, action) { $0.attachments[network] = .init(address: address, aliases: [alias]) }
        case .updateLimits(let handle, let limits): try update(handle, action) { $0.limits = limits }
        case .rename(let handle, let name):
            let index = try find(handle, action)
            guard containers[index].name == name || !containers.contains(where: { $0.name == name }) else {
                throw HostError("\(action)", .stale, "the name is taken")
            }
            containers[index].name = name
        case .drain: break
        case .stop(let handle): try update(handle, action) { $0.state = .exited }
        case .remove(let handle):
            guard let index = containers.firstIndex(where: { $0.matches(handle) }) else { return }
            guard containers[index].ownership.mark != nil else {
                preconditionFailure("a foreign container was removed: promise 3")
            }
            containers.remove(at: index)
        case .configureGateway(let gateway):
            gateways[gateway.name, default: ObservedGateway()].isRunning = true
            gateways[gateway.name, default: ObservedGateway()].isCurrent = true
        case .dismantleGateway(let gateway): gateways[gateway] = nil
        case .admit(let gateway, let sandbox, let admission): gateways[gateway]?.sandboxes[sandbox] = admission
        case .dismiss(let gateway, let sandbox): gateways[gateway]?.sandboxes.removeValue(forKey: sandbox)
        case .setRoute(let gateway, let key, let target):
            guard gateways[gateway]?.isRunning == true else {
                throw HostError("\(action)", .unreachable, "the gateway is down")
            }
            gateways[gateway]?.routes[key] = target
            gateways[gateway]?.moved.remove(key)
        case .removeRoute(let gateway, let key): gateways[gateway]?.routes[key] = nil
        case .setRules(let gateway, let scope, let rules):
            guard gateways[gateway]?.isRunning == true else {
                throw HostError("\(action)", .unreachable, "the gateway is down")
            }
            gateways[gateway]?.rules[scope] = rules.isEmpty ? nil : rules
        case .setNames(let names): self.names[names.sandbox] = names
        case .removeNames(let sandbox):
            guard !containers.contains(where: { $0.mounts.contains { $0.source == namesFile(of: sandbox) } }) else {
                throw HostError("\(action)", .stale, "a container still reads them")
            }
            self.names[sandbox] = nil
        }
    }

    private func namesFile(of sandbox: SandboxName) -> String {
        SandboxNames.file(of: sandbox, below: Self.namesRoot)
    }

    private mutating func make(_ piece: Workpiece, _ uid: ResourceUID) {
        let isDone: Bool
        switch piece.recipe {
        case .worktree(nil, _), .image: isDone = true
        case .worktree: isDone = builds[piece.id] != nil
        }
        workshop.pieces[piece.id] = ObservedWorkpiece(
            condition: isDone ? .ready : .unfinished, repository: piece.repository.name, commit: piece.commit,
            image: piece.image, uid: piece.image == nil ? workshop.pieces[piece.id]?.uid ?? uid : uid)
    }

    private mutating func createNetwork(_ draft: NetworkDraft, _ uid: ResourceUID) throws(HostError) {
        guard !networks.contains(where: { $0.name == draft.name }) else { return }
        guard !networks.contains(where: { $0.subnet?.overlaps(draft.subnet) ?? false }) else {
            throw HostError("create network \(draft.name)", .refused, "pool overlaps")
        }
        let mark = Ownership.Mark(sandbox: draft.sandbox, service: nil, uid: uid, digest: nil)
        networks.append(
            ObservedNetwork(id: nextID(), name: draft.name, ownership: .ours(mark), subnet: draft.subnet))
    }

    private mutating func create(_ draft: ContainerDraft, _ uid: ResourceUID) throws(HostError) {
        let operation = "create \(draft.name)"
        if let existing = containers.first(where: { $0.name == draft.name }) {
            if existing.ownership.mark?.digest == draft.digest, existing.state == .created { return }
            throw HostError(operation, .stale, "the name is taken")
        }
        guard let image = images[draft.spec.image.normalized] else {
            throw HostError(operation, .refused, "no such image")
        }
        guard networks.contains(where: { $0.name == draft.network }) else {
            throw HostError(operation, .stale, "no such network")
        }
        for mount in draft.spec.mounts {
            let isThere = workshop.pieces.contains { id, piece in
                piece.condition == .ready && mount.source.hasPrefix("\(workshop.root)/\(id)/")
            }
            guard isThere || names.keys.contains(where: { namesFile(of: $0) == mount.source }) else {
                throw HostError(operation, .stale, "no such folder: \(mount.source)")
            }
        }
        let mark = Ownership.Mark(
            sandbox: draft.sandbox, service: draft.service, uid: uid, digest: draft.digest, origin: draft.origin)
        var container = ObservedContainer(
            id: ContainerID(nextID()), name: draft.name, ownership: .ours(mark), state: .created,
            image: draft.spec.image.text, imageID: image, command: draft.spec.command, mounts: Set(draft.spec.mounts),
            limits: draft.spec.limits, restart: draft.spec.restart, published: draft.published,
            attachments: [draft.network: .init(address: draft.address, aliases: [draft.service.text])],
            labels: draft.spec.labels)
        for (name, value) in draft.spec.environment {
            switch value {
            case .plain(let text): container.environment[name] = .plain(text)
            case .secret(let reference): container.environment[name] = secrets[reference].map { .secret($0) }
            }
        }
        containers.append(container)
    }

    private mutating func nextID() -> String {
        lastID += 1
        return "id\(lastID)"
    }

    private func find(_ handle: ContainerHandle, _ action: Action) throws(HostError) -> Int {
        guard let index = containers.firstIndex(where: { $0.matches(handle) }) else {
            throw HostError("\(action)", .stale, "no such container")
        }
        return index
    }

    private mutating func update(
        _ handle: ContainerHandle, _ action: Action, _ body: (inout ObservedContainer) -> Void
    ) throws(HostError) {
        body(&containers[try find(handle, action)])
    }

    // MARK: What happens to a world

    /// The engine comes back: containers that restart by themselves run again.
    mutating func restartEngine() {
        for index in containers.indices where containers[index].state == .paused { containers[index].state = .running }
    }

    /// One thing somebody did by hand.
    package mutating func disturb(using random: inout SplitMix64) {
        let ours = containers.indices.filter { containers[$0].ownership.mark != nil }
        guard let index = ours.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: containers.remove(at: index)
        case 1: containers[index].state = .exited
        case 2 where containers[index].state == .running: containers[index].state = .paused
        case 3: containers[index].limits.memoryBytes += 1 << 20
        case 4: containers[index].attachments = [:]
        case 5:
            for gateway in gateways.keys { gateways[gateway]?.routes.removeAll() }
        default:
            for gateway in gateways.keys { gateways[gateway]?.isRunning = false }
        }
    }
}

extension ObservedContainer {
    fileprivate func matches(_ handle: ContainerHandle) -> Bool {
        switch handle {
        case .existing(let id, _): self.id == id
        case .planned(let name): self.name == name
        }
    }
}
