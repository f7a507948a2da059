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
            busyPorts: survey.busyPorts)
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

    package func perform(_ action: Action, as uid: ResourceUID) async throws(HostError) {
        switch action {
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
        case .connect(let handle, let network, let address, let alias):
            try await engine.connect(handle, network: network, address: address, alias: alias)
        case .updateLimits(let handle, let limits): try await engine.updateLimits(handle, limits)
        case .rename(let handle, let name): try await engine.rename(handle, to: name)
        case .stop(let handle): try await engine.stop(handle)
        case .remove(let handle): try await engine.remove(handle)
        case .drain(let gateway, let address, let port, let grace):
            try await drain(address, port, of: gateway, graceMillis: grace)
        case .configureGateway(let gateway): try await gateways.configure(gateway)
        case .dismantleGateway(let gateway): try await gateways.dismantle(gateway)
        case .admit(let gateway, let sandbox, let port): try await gateways.admit(sandbox, port: port, to: gateway)
        case .dismiss(let gateway, let sandbox): try await gateways.dismiss(sandbox, from: gateway)
        case .setRoute(let gateway, let key, let target): try await gateways.setRoute(key, to: target, on: gateway)
        case .removeRoute(let gateway, let key): try await gateways.removeRoute(key, on: gateway)
        }
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

    /// Looks this often whether sessions are still open.
    private static let drainPoll = Duration.milliseconds(100)

    private func drain(_ address: String, _ port: UInt16, of gateway: GatewayName, graceMillis: Int)
        async throws(HostError)
    {
        let polls = max(1, graceMillis / 100)
        for _ in 0..<polls {
            if try await gateways.openSessions(to: address, port: port, on: gateway) == 0 { return }
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
            await proof.pause(Self.drainPoll)
        }
    }
}
