import Model
import Planner
import Reconciler
import ServiceLifecycle
import TestSupport
import Testing

/// A fleet with everything it needs, in virtual time, and the questions tests ask about it.
struct Harbour: Sendable {
    static let interval = Duration.seconds(30)

    let source: ScriptedDesired
    let world: SimulatedHost
    let host: WatchedHost
    let journal: MemoryJournal
    let clock = VirtualClock()
    let fleet: Fleet<VirtualClock>

    /// With `taking` it is the same world and the same journal, later.
    init(_ desired: DesiredState, taking earlier: Harbour? = nil) async throws {
        source = ScriptedDesired(desired)
        let images: Set = ["a:1", "a:2", "a:broken", "b:1"]
        world = earlier?.world ?? SimulatedHost(seed: 1, node: Sample.node, images: images, isFaulty: false)
        journal = earlier?.journal ?? MemoryJournal()
        if earlier == nil {
            // A sandbox that comes before its gateway is tried again; here the gateway is up, for time stands still.
            await world.change { $0.gateways[Sample.gatewayName] = ObservedGateway(isRunning: true, isCurrent: true) }
        }
        host = WatchedHost(world)
        fleet = Fleet(
            source: source, hosts: FixedHosts([Sample.node: host]), journal: journal,
            pools: try await Pools(journal: journal),
            surroundings: .silent(), clock: clock,
            settings: .init(
                interval: Self.interval, firstRetry: .seconds(1), longestRetry: .seconds(8), branch: "main",
                processID: 7))
    }

    /// Runs the fleet while `body` runs, then stops it. The end of `body` is the end of the fleet.
    func whileRunning(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fleet.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    // MARK: What it says

    func status(_ sandbox: String) async throws -> SandboxStatus? {
        try await journal.statuses().first { $0.sandbox.text == sandbox }
    }

    var notices: [String] {
        get async throws { try await journal.fleetStatus()?.notices ?? [] }
    }

    func events(_ kind: String) async throws -> [EventRecord] {
        try await journal.events(after: 0, sandbox: nil, limit: .max).map(\.event).filter { $0.kind == kind }
    }

    /// The sandboxes that have containers, and their images.
    var running: [String: [String]] {
        get async {
            let ours = await world.world.containers.filter { $0.ownership.mark != nil && $0.state == .running }
            return Dictionary(grouping: ours) { $0.ownership.mark?.sandbox.text ?? "" }.mapValues { $0.map(\.image) }
        }
    }

    // MARK: Waiting

    /// Waits until a sandbox is ready at a commit.
    func reaches(
        _ sandbox: String, _ digit: Character, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(sandbox) is ready at \(digit)", sourceLocation: sourceLocation) {
            let status = try await status(sandbox)
            return status?.phase == .ready && status?.healthy == Sample.commit(digit)
        }
    }

    /// Waits until a look at everything that a person asks for now has ended.
    func looks(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await look(sourceLocation) { await fleet.lookAgain() }
    }

    /// The same of a look that nobody asks for.
    func sweeps(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await look(sourceLocation) { source.speak() }
    }

    private func look(_ sourceLocation: SourceLocation, _ ask: () async -> Void) async throws {
        // It may have been in the middle of an earlier look; the second one began later.
        for _ in 0..<2 {
            let mark = try await stamp
            await ask()
            try await eventually("it looks again", sourceLocation: sourceLocation) { try await stamp != mark }
        }
    }

    private var stamp: Timestamp? {
        get async throws { try await journal.fleetStatus()?.updatedAt }
    }

    static func many(_ count: Int, image: String = "a:1", at digit: Character) -> DesiredState {
        var desired = Sample.desired(at: digit)
        for number in 0..<count {
            let sandbox = Sample.sandbox(["account": Sample.container(image, branch: nil)], named: "s\(number)")
            desired.sandboxes[sandbox.name] = sandbox
        }
        return desired
    }

    static func two(_ image: String, _ other: String, at digit: Character) -> DesiredState {
        Sample.desired(
            Sample.sandbox(["account": Sample.container(image, branch: nil)], named: "one"),
            Sample.sandbox(["account": Sample.container(other, branch: nil)], named: "two"), at: digit)
    }
}
