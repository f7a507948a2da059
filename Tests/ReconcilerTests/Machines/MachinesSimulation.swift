import Logging
import Model
import Planner
import Reconciler
import Synchronization
import TestSupport
import Testing

/// The real planner and the real pass against three machines that fail and are cut off as their seed says.
@Suite("Passes over several machines") struct MachinesSimulation {
    static let gateway: NodeName = Sample.name("gateway-186")
    static let infra: NodeName = Sample.name("infra-93")
    static let micro: NodeName = Sample.name("micro-92")
    static let nodes = [gateway, infra, micro]
    static let subjects: [Plan.Subject] = [
        .gateway(Sample.gatewayName), .sandbox(Sample.name("qa")), .sandbox(Sample.name("old")),
    ]

    static func desired(at digit: Character, _ sandboxes: DesiredSandbox...) -> DesiredState {
        var desired = Sample.desired(at: digit)
        desired.nodes = Machines(nodes.map(\.text), images: []).declared
        desired.gateways[Sample.gatewayName] = DesiredGateway(
            name: Sample.gatewayName, node: gateway, sandboxPorts: 18080...18099, webPort: 18000,
            baseDomain: "berth.localhost", place: Sample.place)
        for sandbox in sandboxes { desired.sandboxes[sandbox.name] = sandbox }
        return desired
    }

    static func sandbox(_ services: [String: DesiredService], named name: String = "qa", on node: NodeName)
        -> DesiredSandbox
    {
        var sandbox = Sample.sandbox(services, named: name)
        sandbox.node = node
        return sandbox
    }

    private static func account(_ image: String) -> DesiredService { Sample.container(image, branch: nil) }

    private static let versions = [
        desired(at: "1", sandbox(["account": account("a:1")], on: micro)),
        desired(at: "2", sandbox(["account": account("a:broken"), "payment": account("b:1")], on: micro)),
        desired(at: "3", sandbox(["account": Sample.baseline("ocp")], on: micro)),
        desired(at: "4", sandbox(["account": account("a:1"), "payment": account("b:1")], on: infra)),
        desired(
            at: "5", sandbox(["account": account("a:1")], on: gateway),
            sandbox(["account": account("a:1")], named: "old", on: infra)),
    ]
    private static let final = desired(
        at: "9", sandbox(["account": account("a:2"), "payment": account("b:1")], on: micro))

    struct Run {
        var verdicts: [Pass.Result.Verdict]
        var trace: [String]
        var breaches: [String]
        var machines: Machines
        var openEntries: Set<ResourceUID>
        var held: [Allocation]
    }

    static func run(seed: UInt64) async throws -> Run {
        let fleet = SimulatedMachines(
            seed: seed, Machines(nodes.map(\.text), images: ["a:1", "a:2", "a:broken", "b:1"]))
        let journal = MemoryJournal()
        let numbers = Numbers()
        let pass = Pass(
            hosts: fleet.hosts(nodes), journal: journal, pools: try await Pools(journal: journal),
            surroundings: Surroundings(
                now: { Timestamp(milliseconds: 0) }, newUID: { ResourceUID("u\(numbers.next())") },
                logger: Logger(label: "simulation", factory: { _ in SwiftLogNoOpLogHandler() })), width: 1)
        var random = SplitMix64(seed: ~seed)
        for _ in 0..<12 {
            for node in nodes where random.oneIn(4) {
                await fleet.set(SimulatedMachines.Way.allCases.randomElement(using: &random) ?? .open, to: node)
            }
            if random.oneIn(4) { await fleet.disturb(nodes.randomElement(using: &random) ?? micro) }
            let wanted = random.oneIn(2) ? final : versions.randomElement(using: &random) ?? final
            for subject in subjects { _ = await pass.run(subject, toward: await goal(wanted, fleet)) }
        }
        await fleet.heal()
        for _ in 0..<4 {
            for subject in subjects { _ = await pass.run(subject, toward: await goal(final, fleet)) }
        }
        var verdicts: [Pass.Result.Verdict] = []
        for subject in subjects { verdicts.append(await pass.run(subject, toward: await goal(final, fleet)).verdict) }
        return Run(
            verdicts: verdicts, trace: await fleet.trace, breaches: await fleet.breaches,
            machines: await fleet.machines, openEntries: Set(await journal.open.keys),
            held: try await journal.allocations())
    }

    /// As the look at everything would have it: where anything of the sandbox is.
    private static func goal(_ desired: DesiredState, _ fleet: SimulatedMachines) async -> Pass.Goal {
        Pass.Goal(desired: desired, traces: Set(nodes))
    }

    @Test("Safe while machines fail and are cut off, done soon after they heal", arguments: 0..<300 as Range<UInt64>)
    func converges(seed: UInt64) async throws {
        let run = try await Self.run(seed: seed)
        let trace = Comment(rawValue: "seed \(seed)\n" + run.trace.joined(separator: "\n"))
        #expect(run.breaches == [], trace)
        #expect(run.verdicts == [.unchanged, .unchanged, .unchanged], trace)
        let ours = run.machines.worlds.values.flatMap(\.containers).filter { $0.ownership.mark != nil }
        #expect(ours.map(\.image).sorted() == ["a:2", "b:1"], trace)
        #expect(ours.allSatisfy { $0.state == .running }, trace)
        #expect(run.machines.worlds[Self.micro]?.containers.count == 2, trace)
        #expect(run.machines.serving.count == 2, trace)
        let uids = run.machines.worlds.values.flatMap { world in
            world.containers.compactMap(\.ownership.mark?.uid) + world.networks.compactMap(\.ownership.mark?.uid)
        }
        #expect(run.openEntries == Set(uids), trace)
        // A subnet, two ports of the machine and one of the gateway; nothing of the machines it was on before.
        #expect(run.held.count == 4, "\(run.held) \(trace)")
        #expect(!run.held.contains { "\($0)".contains("infra-93") || "\($0)".contains("on gateway-186") }, trace)
    }

    @Test func sameSeedSameStory() async throws {
        let first = try await Self.run(seed: 42)
        let second = try await Self.run(seed: 42)
        #expect(first.trace == second.trace)
    }

    /// A simulation that never gets into trouble proves nothing.
    @Test func meetsEveryKindOfTrouble() async throws {
        var met: Set<String> = []
        for seed in 0..<40 as Range<UInt64> {
            met.formUnion(try await Self.run(seed: seed).trace.map { String($0.prefix { $0 != " " }) })
        }
        #expect(met == ["done", "lostRequest", "lostReply", "twice", "staleLook", "cut", "oneWay", "open"])
    }
}

/// Numbers in order.
private final class Numbers: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock {
            $0 += 1
            return $0
        }
    }
}
