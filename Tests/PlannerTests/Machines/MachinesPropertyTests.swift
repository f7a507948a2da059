import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// The promises over several machines, for random manifests that place and move sandboxes and their gateway.
@Suite("Plans over several machines, random") struct MachinesPropertyTests {
    static let nodes = [Street.gateway, Street.infra, Street.micro]

    static func randomDesired(_ random: inout SplitMix64, at digit: Character) -> DesiredState {
        var desired = Street.desired(
            at: digit, gatewayOn: random.oneIn(4) ? Street.micro : Street.gateway)
        for node in nodes where random.oneIn(2) { desired.nodes[node]?.roles = [.micro] }
        for name in ["qa", "pr-1", "demo"] where !random.oneIn(4) {
            var services: [String: DesiredService] = [:]
            for service in ["account", "payment", "db"] where !random.oneIn(4) {
                services[service] = randomService(&random)
            }
            var sandbox = Street.sandbox(services, named: name, on: nodes.randomElement(using: &random) ?? Street.micro)
            if random.oneIn(8) { sandbox.gateway = nil }
            if random.oneIn(6) { sandbox.state = .suspended }
            if random.oneIn(2) {
                desired.sandboxes[sandbox.name] = sandbox
            } else {
                desired.unplaced[sandbox.name] = UnplacedSandbox(sandbox: sandbox)
            }
        }
        return desired
    }

    private static func randomService(_ random: inout SplitMix64) -> DesiredService {
        guard !random.oneIn(4) else { return Sample.baseline("ocp") }
        var spec = Sample.spec(Street.images.sorted().randomElement(using: &random) ?? "a:1")
        if random.oneIn(4) { spec.limits.memoryBytes = 1 << 30 }
        if random.oneIn(6) { spec.ports = [] }
        return DesiredService(use: .container(spec, branch: "main"), place: Sample.place)
    }

    @Test(
        "No step breaks a route, what was reached stays, and at the end nothing is left",
        arguments: 0..<300 as Range<UInt64>)
    func keepsPromises(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var machines = Street.machines
        for digit in ["1", "2", "3", "4"] as [Character] {
            let desired = Self.randomDesired(&random, at: digit)
            // A gateway that moves is a new one: its plan comes first, and what is behind it follows.
            for _ in 0..<3 {
                let isMoving = machines.worlds.values.contains { world in
                    world.gateways[Sample.gatewayName] != nil
                        && desired.gateways[Sample.gatewayName]?.node != world.node
                }
                let fleet = machines.plan(desired, pools: &pools)
                let breaches = try machines.carryOut(fleet, pools: &pools)
                #expect(isMoving || breaches == [], "seed \(seed): \(breaches)\n\(fleet.told)")
            }
            let next = machines.plan(desired, pools: &pools)
            #expect(!next.hasChanges, "\(PlanText(of: next, heading: "seed \(seed)").text)")
            let placed = desired.sandboxes.merging(desired.unplaced.mapValues(\.sandbox)) { first, _ in first }
            for sandbox in placed.values where sandbox.state == .suspended {
                let awake = machines.worlds.values.flatMap(\.containers).filter {
                    $0.ownership.mark?.sandbox == sandbox.name && $0.state == .running
                        && sandbox.services[$0.ownership.mark?.service ?? Sample.name("none")]?.container != nil
                }
                #expect(awake.isEmpty, "seed \(seed): \(sandbox.name) is suspended and runs")
            }
            for sandbox in placed.values where sandbox.state == .active {
                let expected = sandbox.services.values.count { $0.container != nil }
                let found = machines.worlds.values.map { world in
                    world.containers.count { $0.ownership.mark?.sandbox == sandbox.name && $0.state == .running }
                }
                #expect(found.reduce(0, +) == expected, "seed \(seed): \(sandbox.name) has a container too many or few")
                #expect(found.count { $0 > 0 } <= 1, "seed \(seed): \(sandbox.name) is on two machines")
                guard sandbox.gateway != nil else { continue }
                for (service, wanted) in sandbox.services where wanted.container?.routedPort != nil {
                    let key = RouteKey(sandbox: sandbox.name, service: service)
                    #expect(machines.serving[key] != nil, "seed \(seed): \(key) leads nowhere")
                }
            }
        }
        for _ in 0..<2 {
            _ = try machines.carryOut(machines.plan(Street.desired(at: "9"), pools: &pools), pools: &pools)
        }
        #expect(machines.residue == [], "seed \(seed)")
    }

    @Test("A node that is away changes nothing of what the others are planned", arguments: 0..<100 as Range<UInt64>)
    func away(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var machines = Street.machines
        let first = Self.randomDesired(&random, at: "1")
        for _ in 0..<3 { _ = try machines.carryOut(machines.plan(first, pools: &pools), pools: &pools) }
        let node = Self.nodes.randomElement(using: &random) ?? Street.micro
        let before = machines.serving
        // What is settled stays settled, whoever is away.
        #expect(!machines.plan(first, pools: &pools, away: [node]).hasChanges)
        let second = Self.randomDesired(&random, at: "2")
        let fleet = machines.plan(second, pools: &pools, away: [node])
        for plan in fleet.plans {
            #expect(!plan.nodes.contains(node), "seed \(seed): a step on a node that is away")
        }
        // And once it is back everything is as if it had never been away.
        _ = try machines.carryOut(fleet, pools: &pools)
        for (key, holder) in before where holder.hasPrefix(node.text) {
            guard second.sandboxes[try #require(key.sandbox)] != nil else { continue }
            #expect(machines.worlds[node]?.containers.isEmpty == false, "seed \(seed): \(key)")
        }
        for _ in 0..<4 { _ = try machines.carryOut(machines.plan(second, pools: &pools), pools: &pools) }
        let last = machines.plan(second, pools: &pools)
        #expect(!last.hasChanges, "\(PlanText(of: last, heading: "seed \(seed)").text)")
    }
}

extension FleetPlan {
    fileprivate var told: String {
        plans.map { plan in
            "\(plan.subject)\n"
                + plan.steps.map { "  \($0.id.index) \($0.action) @\(plan.node(of: $0))" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
