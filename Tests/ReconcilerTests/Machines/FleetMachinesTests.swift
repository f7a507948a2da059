import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// The fleet over several machines: who is away, who is moved, who is told what.
@Suite("A fleet over several machines") struct FleetMachinesTests {
    private static let account = ["account": Sample.container("a:1", branch: nil)]
    private static let micro = MachinesSimulation.micro
    private static let infra = MachinesSimulation.infra

    private static func explicit(at digit: Character = "1") -> DesiredState {
        MachinesSimulation.desired(at: digit, MachinesSimulation.sandbox(account, on: micro))
    }

    private static func unplaced(_ names: String..., at digit: Character = "1") -> DesiredState {
        var desired = MachinesSimulation.desired(at: digit)
        for node in [micro, infra] { desired.nodes[node]?.roles = [.micro] }
        for name in names {
            desired.unplaced[Sample.name(name)] = UnplacedSandbox(sandbox: Sample.sandbox(account, named: name))
        }
        return desired
    }

    @Test("A sandbox and its gateway on two machines converge, and it is told where requests go")
    func converges() async throws {
        let fairway = try await Fairway(Self.explicit())
        try await fairway.whileRunning {
            try await fairway.phase("qa", is: .ready)
            let status = try #require(try await fairway.status("qa"))
            #expect(status.services.map(\.target) == ["http://172.18.0.13:9001"])
            #expect(status.port == 18080)
            #expect(await fairway.machines.breaches == [])
        }
    }

    @Test("A node that is away leaves its sandboxes as they were told; after long they are Unknown, never deleted")
    func unknown() async throws {
        let fairway = try await Fairway(Self.explicit())
        try await fairway.whileRunning {
            try await fairway.phase("qa", is: .ready)
            fairway.hosts[Self.micro]?.go(away: true)
            try await fairway.looks()
            #expect(try await fairway.status("qa")?.phase == .ready)
            #expect(
                try await fairway.journal.fleetStatus()?.notices.contains { $0.contains("micro-92 is away") } == true)
            // A newer commit that wants something else of it waits for the node.
            fairway.source.push(
                MachinesSimulation.desired(
                    at: "2",
                    MachinesSimulation.sandbox(["account": Sample.container("a:2", branch: nil)], on: Self.micro)))
            fairway.clock.advance(by: Fairway.unknownAfter + .seconds(1))
            try await fairway.looks()
            try await fairway.phase("qa", is: .unknown)
            #expect(try await fairway.status("qa")?.message.contains("what runs there runs on") == true)
            #expect(await fairway.nodes(of: "qa") == [Self.micro])
            // Not even when its manifest is gone meanwhile.
            fairway.source.push(MachinesSimulation.desired(at: "3"))
            try await fairway.looks()
            #expect(await fairway.nodes(of: "qa") == [Self.micro])
            fairway.source.push(
                MachinesSimulation.desired(
                    at: "4",
                    MachinesSimulation.sandbox(["account": Sample.container("a:2", branch: nil)], on: Self.micro)))
            fairway.hosts[Self.micro]?.go(away: false)
            try await fairway.looks()
            try await eventually("the newer version runs") {
                await fairway.machines.machines.worlds[Self.micro]?.containers.map(\.image) == ["a:2"]
            }
            try await fairway.phase("qa", is: .ready)
        }
    }

    @Test("A sandbox whose node never answered is told of, with what it waits for")
    func pending() async throws {
        let fairway = try await Fairway(Self.explicit())
        fairway.hosts[Self.micro]?.go(away: true)
        try await fairway.whileRunning {
            try await fairway.phase("qa", is: .pending)
            #expect(try await fairway.status("qa")?.message.contains("on node micro-92, which is away") == true)
        }
    }

    @Test("What is removed while its node is away goes when the node is back, and holds its ports till then")
    func removedWhileAway() async throws {
        let fairway = try await Fairway(Self.explicit())
        try await fairway.whileRunning {
            try await fairway.phase("qa", is: .ready)
            fairway.hosts[Self.micro]?.go(away: true)
            fairway.source.push(MachinesSimulation.desired(at: "2"))
            try await fairway.looks()
            try await eventually("nobody is let in any more") {
                await fairway.machines.machines.worlds[MachinesSimulation.gateway]?.gateways[Sample.gatewayName]?
                    .sandboxes.isEmpty == true
            }
            try await fairway.looks()
            let held = try await fairway.journal.allocations().map(\.description)
            #expect(held.contains { $0.contains("port 9001 of micro-92") }, "\(held)")
            #expect(held.contains { $0.contains("subnet") }, "\(held)")
            #expect(try await fairway.status("qa") != nil)
            #expect(await fairway.nodes(of: "qa") == [Self.micro])
            fairway.hosts[Self.micro]?.go(away: false)
            try await fairway.looks()
            try await eventually("it is gone") { await fairway.nodes(of: "qa") == [] }
            try await eventually("nothing is held") { try await fairway.journal.allocations().isEmpty }
        }
    }

    @Test("Sandboxes without a node are placed, once, and why is an event")
    func placed() async throws {
        let fairway = try await Fairway(Self.unplaced("one", "two"))
        try await fairway.whileRunning {
            try await fairway.phase("one", is: .ready)
            try await fairway.phase("two", is: .ready)
            #expect(await fairway.nodes(of: "one") == [Self.infra])
            #expect(await fairway.nodes(of: "two") == [Self.micro])
            try await fairway.looks()
            let told = try await fairway.journal.events(after: 0, sandbox: nil, limit: .max).map(\.event)
                .filter { $0.kind == "sandbox.placed" }.map(\.message)
            #expect(told.count == 2)
            #expect(told.allSatisfy { $0.hasPrefix("placed on ") })
        }
    }

    @Test("A drained node gives away what may run elsewhere, and takes it back only when asked")
    func drained() async throws {
        let fairway = try await Fairway(Self.unplaced("one", "two"))
        try await fairway.whileRunning {
            try await fairway.phase("one", is: .ready)
            try await fairway.phase("two", is: .ready)
            try await fairway.journal.put(
                Cordon(node: Self.infra, isDraining: true, by: "achmad", at: Timestamp(milliseconds: 0)))
            try await fairway.looks()
            try await eventually("one has moved") { await fairway.nodes(of: "one") == [Self.micro] }
            try await fairway.phase("one", is: .ready)
            #expect(await fairway.machines.breaches == [])
            // Its end is no reason to move back.
            try await fairway.journal.lift(Self.infra)
            try await fairway.looks()
            try await fairway.looks()
            #expect(await fairway.nodes(of: "one") == [Self.micro])
            let places = try await fairway.journal.allocations().map(\.description).filter { $0.hasPrefix("place") }
            #expect(places.sorted() == ["place of one on micro-92", "place of two on micro-92"])
        }
    }

    @Test("While a node is away that may have it, a sandbox that is nowhere is not placed a second time")
    func notTwice() async throws {
        let fairway = try await Fairway(Self.unplaced("one"))
        fairway.hosts[Self.infra]?.go(away: true)
        try await fairway.whileRunning {
            try await fairway.phase("one", is: .pending)
            #expect(try await fairway.status("one")?.message.contains("while infra-93 is away") == true)
            #expect(await fairway.nodes(of: "one") == [])
            fairway.hosts[Self.infra]?.go(away: false)
            try await fairway.looks()
            try await fairway.phase("one", is: .ready)
        }
    }

    @Test("A sandbox that is declared while a node is away that was seen before is placed on another at once")
    func placedMeanwhile() async throws {
        let fairway = try await Fairway(Self.unplaced("one"))
        try await fairway.whileRunning {
            try await fairway.phase("one", is: .ready)
            fairway.hosts[Self.infra]?.go(away: true)
            fairway.source.push(Self.unplaced("one", "fresh", at: "2"))
            try await fairway.looks()
            try await fairway.phase("fresh", is: .ready)
            #expect(await fairway.nodes(of: "fresh") == [Self.micro])
            // What was placed on the one that is away stays its.
            #expect(await fairway.nodes(of: "one") == [Self.infra])
        }
    }

    @Test("A cordoned node takes no new sandbox, keeps those it has, and says how to go on")
    func cordoned() async throws {
        let fairway = try await Fairway(Self.explicit())
        try await fairway.whileRunning {
            try await fairway.phase("qa", is: .ready)
            try await fairway.journal.put(
                Cordon(node: Self.micro, isDraining: false, by: "achmad", at: Timestamp(milliseconds: 0)))
            fairway.source.push(
                MachinesSimulation.desired(
                    at: "2", MachinesSimulation.sandbox(Self.account, on: Self.micro),
                    MachinesSimulation.sandbox(Self.account, named: "fresh", on: Self.micro)))
            try await fairway.looks()
            try await fairway.phase("fresh", is: .failed)
            #expect(try await fairway.status("fresh")?.message.contains("berth node uncordon micro-92") == true)
            #expect(try await fairway.status("qa")?.phase == .ready)
        }
    }
}
