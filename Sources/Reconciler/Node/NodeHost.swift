package import Model
internal import Planner
internal import ServiceLifecycle

/// A node's host: its engine, its workshop and its gateway driver together.
package struct NodeHost: Host {
    private let node: NodeName
    private let engine: any ContainerEngine
    private let gateways: any GatewayDriver
    private let workbench: any Workbench
    private let secrets: any SecretSource
    private let key: FingerprintKey
    private let proof: HealthProof

    package init(
        node: NodeName, engine: any ContainerEngine, gateways: any GatewayDriver, workbench: any Workbench,
        secrets: any SecretSource, key: FingerprintKey, clock: any Clock<Duration>
    ) {
        self.node = node
        self.engine = engine
        self.gateways = gateways
        self.workbench = workbench
        self.secrets = secrets
        self.key = key
        self.proof = HealthProof(engine: engine, clock: clock)
    }

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        let survey = try await engine.survey(inquiry.sandbox)
        var observed = ObservedNode(
            node: node, containers: survey.containers, networks: survey.networks, images: survey.images,
            busyPorts: survey.busyPorts, names: survey.names, namesRoot: survey.namesRoot)
        for gateway in inquiry.gateways where gateway.node == node {
            observed.gateways[gateway.name] = try await gateways.survey(gateway)
        }
        let named = Set(observed.gateways.keys)
        for (name, live) in try await gateways.gateways(except: named) { observed.gateways[name] = live }
        for reference in inquiry.secrets {
            let value = secrets.value(of: reference)
            observed.secrets[reference] = .some(value.map { Fingerprint(of: $0, under: key) })
        }
        observed.containers = await proof.judged(observed.containers, by: inquiry.checks)
        observed.workshop = await workbench.survey(inquiry.makings, patience: inquiry.patience)
        return observed
    }

    @discardableResult
    package func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        switch action {
        case .drain(let gateway, let address, let port, let grace):
            return .drain(try await drain(address, port, of: gateway, graceMillis: grace))
        case .setRoute(let gateway, let key, let target):
            return .flip(try await gateways.setRoute(key, to: target, on: gateway))
        case .removeRoute(let gateway, let key):
            return .flip(try await gateways.removeRoute(key, on: gateway))
        case .createNetwork(let draft): try await engine.createNetwork(draft, as: uid)
        case .removeNetwork(let id, _): try await engine.removeNetwork(id: id)
        case .pull(let image): try await engine.pull(image)
        case .load(let bundle): try await workbench.load(bundle)
        case .fetch(let piece): try await workbench.fetch(piece)
        case .checkout(let piece): try await workbench.checkout(piece, as: uid)
        case .build(let piece): try await workbench.build(piece, as: uid)
        case .discard(let piece): try await workbench.discard(piece)
        case .create(let draft): try await engine.create(draft, secrets: values(for: draft), as: uid)
        case .start(let handle): try await engine.start(handle)
        case .unpause(let handle): try await engine.unpause(handle)
        case .awaitHealthy(let handle, let address, let check):
            try await proof.await(handle, at: address, check)
        case .awaitReachable(_, let endpoint, let check): try await proof.reach(endpoint, check)
        case .connect(let handle, let network, let address, let alias):
            try await engine.connect(handle, network: network, address: address, alias: alias)
        case .updateLimits(let handle, let limits): try await engine.updateLimits(handle, limits)
        case .rename(let handle, let name): try await engine.rename(handle, to: name)
        case .stop(let handle): try await engine.stop(handle)
        case .remove(let handle): try await engine.remove(handle)
        case .configureGateway(let gateway): try await gateways.configure(gateway)
        case .dismantleGateway(let gateway): try await gateways.dismantle(gateway)
        case .admit(let gateway, let sandbox, let admission):
            try await gateways.admit(sandbox, admission, to: gateway)
        case .dismiss(let gateway, let sandbox): try await gateways.dismiss(sandbox, from: gateway)
        case .setRules(let gateway, let scope, let rules):
            try await gateways.setRules(rules, of: scope, on: gateway)
        case .setNames(let names): try await engine.setNames(names)
        case .removeNames(let sandbox): try await removeNames(of: sandbox)
        }
        return nil
    }

    package func changes() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostHints)) { hints in
            let watch = Task {  // SAFE: it ends with the stream, whose consumer is waited for
                await withDiscardingTaskGroup { group in
                    group.addTask { for await hint in engine.changes() { hints.yield(hint) } }
                    group.addTask { for await hint in gateways.changes() { hints.yield(hint) } }
                    group.addTask { for await hint in workbench.changes() { hints.yield(hint) } }
                }
                hints.finish()
            }
            hints.onTermination = { _ in watch.cancel() }
        }
    }

    /// Hints kept for a slow reader; what is lost beyond them the next look finds.
    private static let mostHints = 1000

    private func values(for draft: ContainerDraft) throws(HostError) -> [SecretReference: Secret<String>] {
        var values: [SecretReference: Secret<String>] = [:]
        for reference in draft.spec.secretReferences {
            guard let value = secrets.value(of: reference) else {
                throw HostError("create \(draft.name)", .refused, "secret: \(reference) cannot be read")
            }
            values[reference] = value
        }
        return values
    }

    /// A container whose file is gone starts no more: asked again, for the plan may be older than the container.
    private func removeNames(of sandbox: SandboxName) async throws(HostError) {
        let survey = try await engine.survey(sandbox)
        let file = SandboxNames.file(of: sandbox, below: survey.namesRoot)
        if let reader = survey.containers.first(where: { $0.mounts.contains { $0.source == file } }) {
            throw HostError("remove names inside \(sandbox)", .stale, "container \(reader.name) still reads them")
        }
        try await engine.removeNames(sandbox)
    }

    /// Looks this often whether sessions are still open.
    private static let drainPoll = Duration.milliseconds(100)

    private func drain(_ address: String, _ port: UInt16, of gateway: GatewayName, graceMillis: Int)
        async throws(HostError) -> Receipt.Drain
    {
        let polls = max(1, graceMillis / 100)
        var most = 0
        var left = 0
        for _ in 0..<polls {
            left = try await gateways.openSessions(to: address, port: port, on: gateway)
            most = max(most, left)
            guard left > 0, !Task.isCancelled, !Task.isShuttingDownGracefully else { break }
            await proof.pause(Self.drainPoll)
        }
        return Receipt.Drain(finished: most - left, dropped: left)
    }
}
