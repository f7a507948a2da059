internal import ConfigMap
internal import Docker
internal import Foundation
internal import Git
internal import HAProxy
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import RemoteHost
internal import SQLiteJournal
internal import Workshop

/// Everything a process needs to act for an installation: the lock, the lease, the journal and the nodes.
struct Installation {
    let directory: DataDirectory
    let identity: Identity
    let journal: SQLiteJournal
    let policy: PlanPolicy
    let surroundings: Surroundings
    /// This machine; `nil` where it is no node.
    let local: LocalNode?
    /// The agents of other machines; `nil` where none is let in.
    let roster: Roster?
    private let lock: DataLock

    /// Gives `body` the installation, and shuts its engine down however that ends. `nil` while another process acts for
    /// this data directory.
    static func opened<Answer>(
        _ data: DataOptions, _ node: NodeOptions, _ making: WorkshopOptions, _ agents: AgentsOptions, logger: Logger,
        _ body: (Installation) async throws -> Answer
    ) async throws -> Answer? {
        let directory = data.directory
        try directory.prepare()
        guard let lock = try directory.lock() else { return nil }
        let identity = try directory.identity()
        let journal = try SQLiteJournal(path: directory.journal)
        let surroundings = Surroundings(now: { .now }, newUID: { ResourceUID(randomHex(bytes: 8)) }, logger: logger)
        let roster = try agents.address.map {
            try Roster(at: $0, in: directory, of: identity, journal: journal, surroundings: surroundings)
        }
        func installation(_ local: LocalNode?) -> Installation {
            Installation(
                directory: directory, identity: identity, journal: journal, policy: making.policy,
                surroundings: surroundings, local: local, roster: roster, lock: lock)
        }
        guard !agents.noLocal else { return try await body(installation(nil)) }
        return try await node.withEngine(identity, in: directory) { engine in
            let workshop = try making.workshop(
                in: directory, on: engine, hostKeys: .kept(in: directory.hostKeys), logger: logger)
            return try await body(
                installation(
                    LocalNode(
                        engine: engine, gateways: .local(in: directory, haproxy: node.haproxy), workshop: workshop,
                        key: identity.key)))
        }
    }

    /// Holds the lease of this machine's engine while `body` acts, and gives it back however that ends.
    func leased<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        guard let local else { return try await body() }
        return try await local.engine.leased(
            by: identity, for: directory, logger: surroundings.logger, body)
    }

    /// The node that this machine is in these manifests; `nil` where it is none.
    func localName(in desired: DesiredState, _ node: NodeOptions) throws -> NodeName? {
        local == nil ? nil : try node.name(in: desired)
    }

    /// This machine under `name`, where it is a node, and those of the agents.
    func hosts(_ name: NodeName?) -> any Hosts {
        var own: [NodeName: any Reconciler.Host] = [:]
        if let name, let local { own[name] = local.host(for: name) }
        guard let roster else { return FixedHosts(own) }
        return Combined(local: FixedHosts(own), agents: roster.hosts)
    }

    /// Enters under `node` what the journal holds under an earlier name of this machine: a data directory is of one
    /// machine, whatever the manifests call it. Ports and subnets are taken up again from what is seen to hold them.
    /// The name of a machine that has an agent is not taken for an earlier one.
    func rename(to node: NodeName) async throws {
        let others = Set(try await journal.nodeStatuses().filter { $0.connection != .local }.map(\.node))
        for entry in try await journal.openEntries() where entry.node != node && !others.contains(entry.node) {
            try await journal.settle(entry.uid)
            try await journal.enter(
                LedgerEntry(
                    uid: entry.uid, kind: entry.kind, name: entry.name, node: node, sandbox: entry.sandbox,
                    enteredAt: entry.enteredAt))
        }
        try await journal.release(
            try await journal.allocations().filter { allocation in
                switch allocation.resource {
                case .subnet(let holder, _), .published(let holder, _, _, _), .place(let holder, _):
                    holder != node && !others.contains(holder)
                case .listener: false
                }
            })
    }

    /// Serves agents while `body` acts, from when those of `nodes` are here, or after `patience`.
    func withAgents<Answer: Sendable>(
        of nodes: Set<NodeName>, beside name: NodeName?, for patience: Duration, _ body: () async throws -> Answer
    ) async throws -> Answer {
        guard let roster else { return try await body() }
        roster.expect(nodes, local: name)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await roster.run() }
            defer { group.cancelAll() }
            let missing = try await roster.await(nodes.subtracting([name].compactMap(\.self)), for: patience)
            if !missing.isEmpty {
                let names = missing.sorted().map(\.text).joined(separator: ", ")
                Terminal.complain("No agent of \(names) has come within \(patience.components.seconds) s.")
            }
            return try await body()
        }
    }

    /// `name` is this machine's, where it is a node.
    func fleet(
        _ source: any DesiredSource, name: NodeName?, branch: String, interval: Duration,
        unknownAfter: Duration = .seconds(300)
    ) async throws -> Fleet<ContinuousClock> {
        try await journal.abandonUnfinishedPasses(at: .now)
        if let name { try await rename(to: name) }
        return Fleet(
            source: roster.map { ExpectingSource(source: source, roster: $0, local: name) } ?? source,
            hosts: hosts(name), journal: journal, pools: try await Pools(journal: journal), surroundings: surroundings,
            clock: ContinuousClock(),
            settings: .init(
                interval: interval, policy: policy, unknownAfter: unknownAfter, branch: branch,
                processID: ProcessInfo.processInfo.processIdentifier))
    }
}

extension GatewayDrivers {
    /// Those of this machine.
    static func local(in directory: DataDirectory, haproxy: String) -> GatewayDrivers {
        GatewayDrivers(
            haproxy: HAProxyDriver(directory: directory.gateways, executable: haproxy),
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

extension Hosts {
    /// To be looked at.
    var observers: [NodeName: any Observer] {
        Dictionary(uniqueKeysWithValues: served.compactMap { node in self[node].map { (node, $0) } })
    }
}
