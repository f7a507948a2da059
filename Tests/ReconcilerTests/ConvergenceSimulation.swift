import Logging
import Model
import Planner
import Reconciler
import Synchronization
import TestSupport
import Testing

/// Runs the real planner and the real pass against a host that fails as its seed says.
///
/// A seed is a test case: the same seed is the same run, and fails the same way. For that the executor has width 1;
/// interleavings are explored where they are data, in the tests of `Frontier`.
@Suite struct ConvergenceSimulation {
    @Test("Safe while the host fails, done soon after it heals", arguments: 0..<300 as Range<UInt64>)
    func converges(seed: UInt64) async throws {
        let run = try await Simulation.run(seed: seed)
        let trace = Comment(rawValue: run.trace.joined(separator: "\n"))
        #expect(run.breaches.isEmpty, "\(run.breaches)\n\(trace)")
        #expect(run.last == [.unchanged, .unchanged, .unchanged], trace)
        // Asked of the world itself: a planner that overlooks a container also reports no change.
        #expect(
            run.world.containers.filter { $0.ownership.mark != nil }.map(\.image).sorted() == Simulation.images, trace)
        #expect(run.world.containers.allSatisfy { $0.state == .running || $0.ownership == .foreign }, trace)
        #expect(run.world.containers.contains { $0.ownership == .foreign }, "the foreign container is gone")
        #expect(run.world.networks.count == 1, trace)
        #expect(run.world.serving.count == 2, trace)
        #expect(run.openEntries == Set(run.world.uids), trace)
        #expect(run.holders == [Sample.name("qa")], trace)
        let gateway = try #require(run.world.gateways[Sample.gatewayName])
        #expect(gateway.rules.mapValues { $0.map(\.title) } == Simulation.rules, trace)
        #expect(run.world.names.mapValues(\.services) == [Sample.name("qa"): [Sample.name("user")]], trace)
    }

    @Test func sameSeedSameStory() async throws {
        let first = try await Simulation.run(seed: 42)
        let second = try await Simulation.run(seed: 42)
        #expect(first.trace == second.trace)
    }

    /// A simulation that never gets into trouble proves nothing.
    @Test func meetsEveryKindOfTrouble() async throws {
        var met: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            met.formUnion(try await Simulation.run(seed: seed).trace.map { String($0.prefix { $0 != " " }) })
        }
        #expect(met == ["done", "lostRequest", "lostReply", "twice", "died", "staleLook"])
    }

    @Test("A version that never gets healthy leaves what runs untouched, and the pass fails")
    func brokenVersion() async throws {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["a:1", "a:broken"], isFaulty: false)
        let bench = try await Bench(host)
        let good = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        #expect(await bench.run(toward: good).verdict == .converged)
        let serving = await host.world.serving
        let broken = Sample.desired(Sample.sandbox(["account": Sample.container("a:broken")]), at: "2")
        let result = await bench.run(toward: broken)
        #expect(result.verdict == .failed)
        #expect(result.complaints.contains { $0.contains("does not serve") })
        #expect(await host.world.serving == serving)
        // And the next commit mends it.
        #expect(await bench.run(toward: good).verdict == .converged)
        #expect(await host.world.containers.count == 1)
    }

    @Test("The same for a service that has no route, however often it is tried")
    func brokenVersionWithoutRoute() async throws {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["db:1", "db:broken"], isFaulty: false)
        let bench = try await Bench(host)
        let database = { (image: String) in
            var spec = ContainerSpec(image: Sample.image(image))
            spec.ports = [ContainerPort(name: "pg", number: 5432, transport: .tcp)]
            return Sample.sandbox(["db": DesiredService(use: .container(spec, branch: nil), place: Sample.place)])
        }
        #expect(await bench.run(toward: Sample.desired(database("db:1"))).verdict == .converged)
        let old = await host.world.containers.map(\.id)
        for _ in 0..<3 {
            let result = await bench.run(toward: Sample.desired(database("db:broken"), at: "2"))
            #expect(result.verdict == .failed)
            let running = await host.world.containers.filter { $0.state == .running }.map(\.id)
            #expect(Set(running).isSuperset(of: old))
        }
    }

    @Test("Nothing is made that the ledger could not enter")
    func fullDisk() async throws {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["a:1"], isFaulty: false)
        let bench = try await Bench(host)
        await bench.journal.fail(true)
        let desired = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        #expect(await bench.run(toward: desired).verdict == .interrupted)
        #expect(await host.world.containers.isEmpty)
        await bench.journal.fail(false)
        #expect(await bench.run(toward: desired).verdict == .converged)
    }

    @Test("A newer commit stops an older pass at a step boundary")
    func preempted() async throws {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["a:1"], isFaulty: false)
        let bench = try await Bench(host)
        let desired = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        let result = await bench.pass.run(.sandbox(Sample.name("qa")), toward: Pass.Goal(desired: desired)) {
            await host.world.networks.count == 1
        }
        #expect(result.verdict == .superseded)
        #expect(await host.world.containers.isEmpty)
    }
}

/// A pass on one simulated host.
struct Bench {
    let pass: Pass
    let journal = MemoryJournal()

    init(_ host: SimulatedHost) async throws {
        let uids = Counter()
        pass = Pass(
            hosts: FixedHosts([Sample.node: host]), journal: journal, pools: try await Pools(journal: journal),
            surroundings: Surroundings(
                now: { Timestamp(milliseconds: 0) }, newUID: { ResourceUID("u\(uids.next())") },
                logger: Logger(label: "simulation", factory: { _ in SwiftLogNoOpLogHandler() })),
            width: 1)
    }

    func run(toward desired: DesiredState, _ subject: Plan.Subject = .sandbox(Sample.name("qa"))) async -> Pass.Result {
        await pass.run(subject, toward: Pass.Goal(desired: desired))
    }
}

private struct Simulation {
    static let rules: [RouteScope: [String]] = [.everybody: ["all/v1"], .sandbox(Sample.name("qa")): ["login/v2"]]
    static let images = ["a:2", "b:1"]

    var last: [Pass.Result.Verdict]
    var trace: [String]
    var breaches: [String]
    var world: World
    var openEntries: Set<ResourceUID>
    var holders: Set<SandboxName>

    static func run(seed: UInt64) async throws -> Simulation {
        let host = SimulatedHost(seed: seed, node: Sample.node, images: ["a:1", "a:2", "a:broken", "b:1"])
        await host.change { world in
            world.containers.append(
                ObservedContainer(id: ContainerID("foreign"), name: "sandbox-qa-payment", ownership: .foreign))
        }
        let bench = try await Bench(host)
        var random = SplitMix64(seed: ~seed)
        let account = Sample.container
        let versions = [
            Sample.desired(Sample.sandbox(["account": account("a:1", nil)]), at: "1"),
            Sample.desired(
                Sample.sandbox(["account": account("a:broken", nil), "payment": account("b:1", nil)]), at: "2"),
            Sample.desired(Sample.sandbox(["account": Sample.baseline("ocp")]), at: "3"),
            Sample.desired(
                Sample.sandbox(["account": account("a:1", nil)]),
                Sample.sandbox(["account": account("a:1", nil)], named: "old"), at: "4"),
        ]
        let final = ruled(
            Sample.desired(
                Sample.sandbox(["account": account("a:2", nil), "payment": account("b:1", nil)]), at: "9"))
        let subjects: [Plan.Subject] = [
            .gateway(Sample.gatewayName), .sandbox(Sample.name("qa")), .sandbox(Sample.name("old")),
        ]
        for _ in 0..<12 {
            var desired = random.oneIn(2) ? final : versions[Int.random(in: 0..<versions.count, using: &random)]
            if random.oneIn(2) { desired = ruled(desired) }
            for subject in subjects { _ = await bench.run(toward: desired, subject) }
        }
        await host.heal()
        for _ in 0..<3 { for subject in subjects { _ = await bench.run(toward: final, subject) } }
        var last: [Pass.Result.Verdict] = []
        for subject in subjects { last.append(await bench.run(toward: final, subject).verdict) }
        return Simulation(
            last: last, trace: await host.trace, breaches: await host.breaches, world: await host.world,
            openEntries: Set(await bench.journal.open.keys), holders: Set(await bench.journal.held.values))
    }
}

extension Simulation {
    static let match = RouteMatch(path: .prefix("/v2"))

    /// The same behind a gateway that has rules and looks after calls out of sandboxes.
    fileprivate static func ruled(_ plain: DesiredState) -> DesiredState {
        var desired = plain
        desired.gateways[Sample.gatewayName] = Sample.insideGateway
        for name in desired.sandboxes.keys {
            let own = desired.sandboxes[name]?.services.filter { $0.value.container != nil }.keys.map(\.self) ?? []
            let all: Set<ServiceName> = [Sample.name("account"), Sample.name("payment"), Sample.name("user")]
            desired.sandboxes[name]?.borrowed = all.subtracting(own)
        }
        desired.routes = [
            DesiredRoute(
                title: "route login", gateway: Sample.gatewayName, sandboxes: [Sample.name("qa")],
                rules: [Sample.rule("login/v2", match, [Sample.backend("account")], fallback: [.unhealthy])],
                place: Sample.place),
            DesiredRoute(
                title: "route all", gateway: Sample.gatewayName,
                rules: [Sample.rule("all/v1", RouteMatch(), [Sample.backend("account", .baseline)])],
                place: Sample.place),
        ]
        return desired
    }
}

extension World {
    fileprivate var uids: [ResourceUID] {
        containers.compactMap(\.ownership.mark?.uid) + networks.compactMap(\.ownership.mark?.uid)
    }
}

/// Numbers in order.
private final class Counter: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock {
            $0 += 1
            return $0
        }
    }
}
