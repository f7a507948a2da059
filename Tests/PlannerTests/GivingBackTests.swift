import Model
import Planner
import TestSupport
import Testing

@Suite("Ports, gateways and nodes that change")
struct GivingBackTests {
    static func behind(_ port: PortRequest, named name: String) -> DesiredSandbox {
        var sandbox = Sample.sandbox(["account": Sample.baseline("ocp")], named: name)
        sandbox.listener = port
        return sandbox
    }

    @Test("A port that a sandbox leaves is free for the next, and two can swap theirs")
    func portsMoveOn() throws {
        var pools = AllocationTable(held: [])
        let first = Sample.desired(Self.behind(.fixed(18080), named: "a"), Self.behind(.fixed(18081), named: "b"))
        var world = try World.at(first, images: [], pools: &pools)
        let moved = Sample.desired(Self.behind(.fixed(18082), named: "a"), Self.behind(.fixed(18081), named: "b"))
        try converge(&world, moved, &pools)
        let swapped = Sample.desired(Self.behind(.fixed(18082), named: "a"), Self.behind(.fixed(18080), named: "b"))
        try converge(&world, swapped, &pools)
        #expect(!world.plan(swapped, pools: &pools).hasChanges)
        #expect(world.gateways[Sample.gatewayName]?.sandboxes[Sample.name("b")]?.port == 18080)
    }

    @Test("Asking for a port that is another's does not cost the one there is")
    func keepsItsPort() throws {
        var pools = AllocationTable(held: [])
        let first = Sample.desired(Self.behind(.automatic, named: "a"), Self.behind(.automatic, named: "b"))
        var world = try World.at(first, images: [], pools: &pools)
        let greedy = Sample.desired(Self.behind(.automatic, named: "a"), Self.behind(.fixed(18080), named: "b"))
        let plan = world.plan(greedy, pools: &pools)
        #expect(plan.plans.flatMap(\.blockers).contains { $0.need == .capacity })
        try world.carryOut(plan, pools: &pools)
        #expect(world.gateways[Sample.gatewayName]?.sandboxes[Sample.name("b")]?.port == 18081)
    }

    @Test("A gateway that no manifest names any more is dismantled, and a sandbox that moved leaves it")
    func gatewaysEnd() throws {
        var pools = AllocationTable(held: [])
        let service = Sample.container("a:1")
        var world = try World.at(
            Sample.desired(Sample.sandbox(["account": service])), images: ["a:1"], pools: &pools)
        var renamed = Sample.desired(at: "2")
        var edge = Sample.gateway
        edge = DesiredGateway(
            name: Sample.name("edge"), node: Sample.node, sandboxPorts: edge.sandboxPorts, webPort: edge.webPort,
            place: edge.place)
        var moved = Sample.sandbox(["account": service])
        moved.gateway = edge.name
        renamed.gateways = [edge.name: edge]
        renamed.sandboxes = [moved.name: moved]
        // The old one is not asked about by name: the node reports every gateway it has.
        let look = world.plan(renamed, pools: &pools)
        #expect(look.plans.contains { $0.subject == .gateway(Sample.gatewayName) && $0.kind == .remove })
        try converge(&world, renamed, &pools)
        #expect(Set(world.gateways.keys) == [edge.name])
        #expect(!world.plan(renamed, pools: &pools).hasChanges)
    }

    @Test("A gateway is not dismantled while a manifest is broken, for that may be its own")
    func brokenKeepsGateways() throws {
        var pools = AllocationTable(held: [])
        let world = try World.at(
            Sample.desired(Sample.sandbox(["account": Sample.baseline("ocp")])), images: [], pools: &pools)
        var broken = Sample.desired(at: "2")
        broken.gateways = [:]
        broken.problems = [ManifestProblem(at: Sample.place, code: "unknown-key", "unknown key")]
        #expect(!world.plan(broken, pools: &pools).plans.contains { $0.subject == .gateway(Sample.gatewayName) })
    }

    @Test("A gateway or sandbox on a node that nobody serves is a blind spot, not a plan")
    func blindSpots() throws {
        var pools = AllocationTable(held: [])
        let world = World(node: Sample.node, images: ["a:1"])
        var desired = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        desired.gateways[Sample.gatewayName]?.node = Sample.name("elsewhere")
        let plan = world.plan(desired, pools: &pools)
        #expect(plan.plans.isEmpty)
        #expect(plan.blindSpots.count == 2)
        #expect(plan.blindSpots.allSatisfy { $0.contains("nobody serves") })
    }

    @Test("While a gateway is down nothing is planned for good but to bring it up")
    func opensWithTheGateway() throws {
        var pools = AllocationTable(held: [])
        let desired = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        var world = try World.at(desired, images: ["a:1"], pools: &pools)
        let routes = world.gateways[Sample.gatewayName]?.routes
        world.gateways[Sample.gatewayName]?.isRunning = false
        world.gateways[Sample.gatewayName]?.routes = [:]
        let plan = world.plan(desired, pools: &pools).plans.first { $0.subject == .sandbox(Sample.name("qa")) }
        #expect(plan?.opening?.steps.map { "\($0.action)" } == ["configure gateway main"])
        // It comes back with the routes it had, and then there is nothing to do.
        world.gateways[Sample.gatewayName]?.isRunning = true
        world.gateways[Sample.gatewayName]?.routes = routes ?? [:]
        #expect(!world.plan(desired, pools: &pools).hasChanges)
    }

    @Test("A sandbox is not deleted behind the back of a gateway that is down")
    func removalWaitsForTheGateway() throws {
        var pools = AllocationTable(held: [])
        var world = try World.at(
            Sample.desired(Sample.sandbox(["account": Sample.container("a:1")])), images: ["a:1"], pools: &pools)
        world.gateways[Sample.gatewayName]?.isRunning = false
        let plan = world.plan(Sample.desired(at: "2"), pools: &pools).plans.first { $0.kind == .remove }
        #expect(plan?.opening?.steps.count == 1)
    }

    private func converge(_ world: inout World, _ desired: DesiredState, _ pools: inout AllocationTable) throws {
        for _ in 0..<3 { try world.carryOut(world.plan(desired, pools: &pools), pools: &pools) }
    }
}
