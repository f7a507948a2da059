import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// A fleet over three machines in virtual time: a gateway, and two for sandboxes.
struct Fairway: Sendable {
    static let unknownAfter = Duration.seconds(300)

    let source: ScriptedDesired
    let machines: SimulatedMachines
    let hosts: [NodeName: WatchedHost]
    let journal = MemoryJournal()
    let clock = VirtualClock()
    let fleet: Fleet<VirtualClock>

    init(_ desired: DesiredState) async throws {
        source = ScriptedDesired(desired)
        machines = SimulatedMachines(
            seed: 1, Machines(MachinesSimulation.nodes.map(\.text), images: ["a:1", "a:2", "b:1"]))
        await machines.heal()
        await machines.change {
            $0.worlds[MachinesSimulation.gateway]?.gateways[Sample.gatewayName] =
                ObservedGateway(isRunning: true, isCurrent: true)
        }
        let plain = machines.hosts(MachinesSimulation.nodes)
        var watched: [NodeName: WatchedHost] = [:]
        for node in MachinesSimulation.nodes { watched[node] = plain[node].map { WatchedHost($0) } }
        hosts = watched
        fleet = Fleet(
            source: source, hosts: FixedHosts(watched), journal: journal, pools: try await Pools(journal: journal),
            surroundings: .silent(), clock: clock,
            settings: .init(
                interval: Harbour.interval, firstRetry: .seconds(1), longestRetry: .seconds(8),
                unknownAfter: Self.unknownAfter, branch: "main", processID: 7))
    }

    func whileRunning(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fleet.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    func status(_ sandbox: String) async throws -> SandboxStatus? {
        try await journal.statuses().first { $0.sandbox.text == sandbox }
    }

    func phase(
        _ sandbox: String, is phase: SandboxStatus.Phase, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(sandbox) is \(phase.rawValue)", sourceLocation: sourceLocation) {
            try await status(sandbox)?.phase == phase
        }
    }

    /// The node that the containers of a sandbox run on; several where it is on several.
    func nodes(of sandbox: String) async -> [NodeName] {
        await machines.machines.worlds.values.filter { world in
            world.containers.contains { $0.ownership.mark?.sandbox.text == sandbox }
        }.map(\.node).sorted()
    }

    func looks(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for _ in 0..<2 {
            let mark = try await journal.fleetStatus()?.updatedAt
            await fleet.lookAgain()
            try await eventually("it looks again", sourceLocation: sourceLocation) {
                try await journal.fleetStatus()?.updatedAt != mark
            }
        }
    }
}
