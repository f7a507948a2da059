internal import ConfigMap
internal import Docker
internal import Foundation
internal import Git
internal import HAProxy
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

/// Everything a process needs to act for an installation: the lock, the lease, the journal and the node's host.
struct Installation {
    let directory: DataDirectory
    let identity: Identity
    let journal: SQLiteJournal
    let engine: DockerEngine
    let gateways: GatewayDrivers
    let workshop: Workshop
    let policy: PlanPolicy
    let surroundings: Surroundings
    private let lock: DataLock

    /// Gives `body` the installation, and shuts its engine down however that ends. `nil` while another process acts for
    /// this data directory.
    static func opened<Answer>(
        _ data: DataOptions, _ node: NodeOptions, _ making: WorkshopOptions, logger: Logger,
        _ body: (Installation) async throws -> Answer
    ) async throws -> Answer? {
        let directory = data.directory
        try directory.prepare()
        guard let lock = try directory.lock() else { return nil }
        let identity = try directory.identity()
        let journal = try SQLiteJournal(path: directory.journal)
        return try await node.withEngine(identity, in: directory) { engine in
            try await body(
                Installation(
                    directory: directory, identity: identity, journal: journal, engine: engine,
                    gateways: .local(in: directory, node),
                    workshop: try making.workshop(
                        in: directory, on: engine, hostKeys: .kept(in: directory.hostKeys), logger: logger),
                    policy: making.policy,
                    surroundings: Surroundings(
                        now: { .now }, newUID: { ResourceUID(randomHex(bytes: 8)) }, logger: logger), lock: lock))
        }
    }

    /// Holds the engine's lease while `body` acts, and gives it back however that ends.
    func leased<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        try await engine.acquireLease(
            LeaseHolder(
                installation: identity.installation, machine: ProcessInfo.processInfo.hostName,
                dataDirectory: directory.path))
        do {
            let answer = try await body()
            await release()
            return answer
        } catch {
            await release()
            throw error
        }
    }

    /// Enters under `node` what the journal holds under an earlier name of this machine: a data directory is of one
    /// machine, whatever the manifests call it. Ports and subnets are taken up again from what is seen to hold them.
    func rename(to node: NodeName) async throws {
        for entry in try await journal.openEntries() where entry.node != node {
            try await journal.settle(entry.uid)
            try await journal.enter(
                LedgerEntry(
                    uid: entry.uid, kind: entry.kind, name: entry.name, node: node, sandbox: entry.sandbox,
                    enteredAt: entry.enteredAt))
        }
        try await journal.release(
            try await journal.allocations().filter { allocation in
                switch allocation.resource {
                case .subnet(let holder, _), .published(let holder, _, _, _): holder != node
                case .listener: false
                }
            })
    }

    private func release() async {
        do { try await engine.releaseLease() } catch {
            surroundings.logger.warning("The lease is kept", metadata: ["error": "\(error)"])
        }
    }

    func host(for node: NodeName) -> NodeHost {
        NodeHost(
            node: node, engine: engine, gateways: gateways, workbench: workshop,
            secrets: LocalSecrets(environment: ProcessInfo.processInfo.environment), key: identity.key,
            clock: ContinuousClock())
    }

    func fleet(_ source: any DesiredSource, node: NodeName, branch: String, interval: Duration) async throws
        -> Fleet<ContinuousClock>
    {
        try await journal.abandonUnfinishedPasses(at: .now)
        try await rename(to: node)
        return Fleet(
            source: source, hosts: [node: host(for: node)], journal: journal, pools: try await Pools(journal: journal),
            surroundings: surroundings, clock: ContinuousClock(),
            settings: .init(
                interval: interval, policy: policy, branch: branch, processID: ProcessInfo.processInfo.processIdentifier
            ))
    }
}

extension GatewayDrivers {
    /// Those of this machine.
    static func local(in directory: DataDirectory, _ node: NodeOptions) -> GatewayDrivers {
        GatewayDrivers(
            haproxy: HAProxyDriver(directory: directory.gateways, executable: node.haproxy),
            configFile: ConfigMapDriver(directory: directory.configFiles))
    }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension Logger {
    /// To standard error, so that answers on standard output stay clean.
    static func standard(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "berth") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
