import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// The trap of `requirements.md` §1.6.1: a bridge network never spans machines.
@Suite("Plans over several machines") struct MachinesTests {
    let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))

    private func reached(_ desired: DesiredState, _ pools: inout AllocationTable) throws -> Machines {
        var machines = Street.machines
        let breaches = try machines.carryOut(machines.plan(desired, pools: &pools), pools: &pools)
        #expect(breaches.isEmpty)
        return machines
    }

    private func endpoint(_ machines: Machines, at node: NodeName = Street.gateway) -> Endpoint? {
        machines.worlds[node]?.gateways[Sample.gatewayName]?.routes[key]?.endpoint
    }

    @Test("On another machine a service is reached by the machine's address and a port of it, on the same by its own")
    func addresses() throws {
        var pools = AllocationTable(held: [])
        let apart = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        #expect(endpoint(apart)?.host == "172.18.0.13")
        #expect(endpoint(apart)?.port == 9001)
        var own = AllocationTable(held: [])
        let together = try reached(
            Street.desired(Street.sandbox(["account": Street.account()], on: Street.gateway)), &own)
        #expect(endpoint(together)?.host.hasPrefix("10.210.") == true)
        #expect(endpoint(together)?.port == 8080)
    }

    @Test("Health on the service's node, then the way from the gateway's node, then the flip on the gateway's node")
    func order() throws {
        var pools = AllocationTable(held: [])
        let desired = Street.desired(Street.sandbox(["account": Street.account()]))
        let plan = try #require(
            Street.machines.plan(desired, pools: &pools).plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        func step(_ isIt: (Action) -> Bool) throws -> Plan.Step { try #require(plan.steps.first { isIt($0.action) }) }
        let healthy = try step { if case .awaitHealthy = $0 { true } else { false } }
        let reached = try step { if case .awaitReachable = $0 { true } else { false } }
        let flip = try step { if case .setRoute(_, _, .endpoint) = $0 { true } else { false } }
        let admitted = try step { if case .admit = $0 { true } else { false } }
        #expect(plan.node(of: healthy) == Street.micro)
        #expect(plan.node(of: reached) == Street.gateway)
        #expect(plan.node(of: flip) == Street.gateway)
        #expect(plan.node(of: admitted) == Street.gateway)
        #expect(reached.dependencies.contains(healthy.id))
        #expect(flip.dependencies.contains(reached.id))
        guard case .awaitReachable(_, let endpoint, let check) = reached.action else { return }
        #expect(endpoint == Endpoint(scheme: .http, host: "172.18.0.13", port: 9001))
        #expect(check?.probe == .http(path: "/health", port: 9001))
    }

    @Test("Plans over machines as people read them", arguments: ["machines-first", "machines-moves", "machines-away"])
    func text(name: String) throws {
        var pools = AllocationTable(held: [])
        var machines = Street.machines
        let first = Street.desired(
            Street.sandbox(["account": Street.account(), "payment": Sample.baseline("pay.ocp")]))
        var away: Set<NodeName> = []
        var wanted = first
        switch name {
        case "machines-first": break
        case "machines-moves":
            _ = try machines.carryOut(machines.plan(first, pools: &pools), pools: &pools)
            wanted = Street.desired(
                at: "2",
                unplaced: [
                    Street.unplaced(["account": Street.account(), "payment": Sample.baseline("pay.ocp")])
                ])
            pools.enter(Sample.name("qa"), on: Street.micro)
        default:
            _ = try machines.carryOut(machines.plan(first, pools: &pools), pools: &pools)
            away = [Street.micro]
        }
        let drain = Cordon(node: Street.micro, isDraining: true, by: "achmad", at: Timestamp(milliseconds: 0))
        let fleet = machines.plan(
            wanted, pools: &pools, away: away, cordons: name == "machines-moves" ? [drain] : [])
        let steps = fleet.plans.flatMap { plan in
            plan.steps.map { "#\($0.id.index) \(plan.node(of: $0)): \($0.action) (\($0.reason))" }
        }
        let text = PlanText(of: fleet, heading: "Revision  main 9999999").text
        try expectGolden(text + "\n\nSteps:\n" + steps.joined(separator: "\n"), name)
    }

    @Test("A replacement has a port of its own, so that both serve at the flip; the old one's is given back")
    func replacement() throws {
        var pools = AllocationTable(held: [])
        var machines = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        let next = Street.desired(Street.sandbox(["account": Street.account("a:2")]), at: "2")
        let fleet = machines.plan(next, pools: &pools)
        #expect(!fleet.summary.contains("while it restarts"), "\(fleet.summary)")
        #expect(try machines.carryOut(fleet, pools: &pools).isEmpty)
        #expect(endpoint(machines)?.port == 9002)
        #expect(try machines.carryOut(machines.plan(next, pools: &pools), pools: &pools).isEmpty)
        #expect(!machines.plan(next, pools: &pools).hasChanges)
        // The next replacement takes the first one again.
        let third = Street.desired(Street.sandbox(["account": Street.account("a:1")]), at: "3")
        #expect(try machines.carryOut(machines.plan(third, pools: &pools), pools: &pools) == [])
        #expect(endpoint(machines)?.port == 9001)
    }

    @Test("A sandbox that moves is whole on the new machine before anything of it goes from the old one")
    func moves() throws {
        var pools = AllocationTable(held: [])
        var machines = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        let moved = Street.desired(Street.sandbox(["account": Street.account()], on: Street.infra), at: "2")
        let fleet = machines.plan(moved, pools: &pools)
        #expect(PlanText(of: fleet, heading: "").text.contains("moves from node micro-92 to infra-93"))
        #expect(try machines.carryOut(fleet, pools: &pools).isEmpty)
        #expect(endpoint(machines)?.host == "172.18.0.12")
        #expect(machines.worlds[Street.micro]?.containers.isEmpty == true)
        #expect(machines.worlds[Street.micro]?.networks.isEmpty == true)
        #expect(!machines.plan(moved, pools: &pools).hasChanges)
    }

    @Test("A move whose new container has no image leaves what runs where it is")
    func movesNowhere() throws {
        var pools = AllocationTable(held: [])
        var machines = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        machines.worlds[Street.infra]?.images = [:]
        let moved = Street.desired(Street.sandbox(["account": Street.account()], on: Street.infra), at: "2")
        let before = machines.serving
        #expect(try machines.carryOut(machines.plan(moved, pools: &pools), pools: &pools).isEmpty)
        #expect(machines.serving == before)
        #expect(machines.worlds[Street.micro]?.containers.count == 1)
    }

    @Test("What is removed goes from every machine: first nobody is let in, then the containers go")
    func removal() throws {
        var pools = AllocationTable(held: [])
        var machines = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        let fleet = machines.plan(Street.desired(at: "2"), pools: &pools)
        let plan = try #require(fleet.plans.first { $0.kind == .remove })
        #expect(plan.nodes == [Street.gateway, Street.micro])
        let dismissed = plan.steps.firstIndex { if case .dismiss = $0.action { true } else { false } }
        let removed = plan.steps.firstIndex { if case .remove = $0.action { true } else { false } }
        #expect(try #require(dismissed) < (try #require(removed)))
        #expect(try machines.carryOut(fleet, pools: &pools).isEmpty)
        #expect(machines.residue.isEmpty, "\(machines.residue)")
        #expect(pools.allocations.isEmpty)
    }

    @Test("A node that is away makes the plan incomplete, and is never read as everything there being gone")
    func away() throws {
        var pools = AllocationTable(held: [])
        let desired = Street.desired(
            Street.sandbox(["account": Street.account()]),
            Street.sandbox(["account": Street.account()], named: "demo", on: Street.infra))
        let machines = try reached(desired, &pools)
        let before = machines.plan(desired, pools: &pools)
        #expect(!before.hasChanges)
        for node in [Street.micro, Street.infra] {
            let fleet = machines.plan(desired, pools: &pools, away: [node])
            #expect(fleet.plans.isEmpty)
            #expect(!fleet.blindSpots.isEmpty)
            #expect(fleet.heldDeletions == nil)
        }
        // Without its gateway nothing of a sandbox can be flipped, so nothing is planned.
        let blind = machines.plan(desired, pools: &pools, away: [Street.gateway])
        #expect(blind.plans.isEmpty)
        // Nor is a sandbox taken away while a gateway that may let it in cannot be asked.
        let leaving = machines.plan(Street.desired(at: "2"), pools: &pools, away: [Street.gateway])
        #expect(leaving.plans.allSatisfy { $0.steps.isEmpty })
        #expect(leaving.blindSpots.contains { $0.contains("still lets it in") })
    }

    @Test("A node without an address blocks what is behind a gateway elsewhere, and says what to write")
    func noAddress() throws {
        var pools = AllocationTable(held: [])
        let desired = Street.desired(Street.sandbox(["account": Street.account()])) {
            $0.nodes[Street.micro]?.address = nil
        }
        let fleet = Street.machines.plan(desired, pools: &pools)
        let text = PlanText(of: fleet, heading: "").text
        #expect(text.contains("node micro-92 has no address; write \"address\""), "\(text)")
    }

    @Test("A gateway that moves is told everything on its new machine, by addresses that work from there")
    func gatewayMoves() throws {
        var pools = AllocationTable(held: [])
        var machines = try reached(Street.desired(Street.sandbox(["account": Street.account()])), &pools)
        let moved = Street.desired(
            Street.sandbox(["account": Street.account()]), at: "2", gatewayOn: Street.micro)
        for _ in 0..<3 { _ = try machines.carryOut(machines.plan(moved, pools: &pools), pools: &pools) }
        #expect(endpoint(machines, at: Street.micro)?.host.hasPrefix("10.210.") == true)
        #expect(machines.worlds[Street.gateway]?.gateways.isEmpty == true)
        #expect(!machines.plan(moved, pools: &pools).hasChanges)
    }
}
