import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("Pools")
struct PoolsTests {
    private func listener(_ sandbox: String, _ table: inout AllocationTable, _ range: ClosedRange<UInt16>) -> UInt16? {
        table.listener(for: Sample.name(sandbox), asking: .automatic, of: Sample.gatewayName, in: range)
    }

    @Test("What the journal refuses is given back", arguments: [true, false])
    func givesBack(isConflict: Bool) async throws {
        let journal = MemoryJournal()
        let pools = try await Pools(journal: journal)
        // Another hand writes into the journal behind our back; or the disk is full.
        let stolen = Allocation(.listener(Sample.gatewayName, 100), to: Sample.name("thief"))
        if isConflict { try await journal.reserve([stolen]) } else { await journal.fail(true) }
        let draw: @Sendable (inout AllocationTable) -> UInt16? = {
            $0.listener(for: Sample.name("a"), asking: .automatic, of: Sample.gatewayName, in: 100...101)
        }
        let error = await #expect(throws: JournalError.self) { try await pools.plan(draw) }
        #expect(error?.failure == (isConflict ? .conflict : .unavailable))
        #expect(await pools.preview { $0.allocations }.isEmpty)
        // Once the journal takes it, the same is drawn again.
        await journal.fail(false)
        if isConflict { try await journal.release([stolen]) }
        #expect(try await pools.plan(draw) == 100)
        #expect(await journal.held == [.listener(Sample.gatewayName, 100): Sample.name("a")])
    }

    @Test("Plans side by side are never given the same", arguments: 0..<40 as Range<UInt64>)
    func neverTwice(seed: UInt64) async throws {
        let journal = MemoryJournal()
        let pools = try await Pools(journal: journal)
        let drawn = await withTaskGroup(of: [Allocation].self) { group in
            for number in 0..<12 {
                group.addTask {
                    var random = SplitMix64(seed: seed &* 1000 &+ UInt64(number))
                    let name = Sample.name("s\(number)", SandboxName.self)
                    for _ in 0..<Int.random(in: 0..<6, using: &random) { await Task.yield() }
                    // A third of them asks for one port in particular, which may be somebody's.
                    let request: PortRequest =
                        random.oneIn(3) ? .fixed(UInt16.random(in: 9001...9008, using: &random)) : .automatic
                    let service = Sample.name(random.oneIn(2) ? "account" : "payment", ServiceName.self)
                    do throws(JournalError) {
                        return try await pools.plan { table in
                            var mine: [Allocation] = []
                            let node = DesiredNode(name: Sample.node, portPool: 9001...9020)
                            if let subnet = table.subnet(for: name, on: node, avoiding: []) {
                                mine.append(Allocation(.subnet(Sample.node, subnet), to: name))
                            }
                            let port = table.published(
                                for: name, service, container: 80, asking: request, on: node, avoiding: [])
                            if let port {
                                mine.append(
                                    Allocation(.published(Sample.node, port, service, container: 80), to: name))
                            }
                            return mine
                        }
                    } catch {
                        return []
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        var subnets: [Subnet] = []
        var ports: [UInt16] = []
        for allocation in drawn {
            switch allocation.resource {
            case .subnet(_, let subnet):
                #expect(!subnets.contains(where: subnet.overlaps), "\(subnet) twice")
                subnets.append(subnet)
            case .published(_, let port, _, _):
                #expect(!ports.contains(port), "port \(port) twice")
                ports.append(port)
            case .listener, .place: Issue.record("nobody asked for \(allocation)")
            }
        }
        #expect(subnets.count == 12)
        #expect(Set(drawn.map(\.resource)) == Set(await journal.held.keys))
    }

    @Test("After a lost journal what the node shows is held again")
    func adopts() async throws {
        let subnet = try #require(Subnet("10.210.0.0/28"))
        let mark = Ownership.Mark(
            sandbox: Sample.name("a"), service: Sample.name("account"), uid: ResourceUID("u"), digest: nil)
        let theirs = Ownership.theirs(InstallationID("other"))
        let observed = ObservedNode(
            node: Sample.node,
            containers: [
                ObservedContainer(id: ContainerID("1"), name: "a", ownership: .ours(mark), published: [80: 9001]),
                ObservedContainer(id: ContainerID("2"), name: "b", ownership: theirs, published: [80: 9002]),
            ],
            networks: [
                ObservedNetwork(id: "n", name: "a", ownership: .ours(mark), subnet: subnet),
                ObservedNetwork(id: "m", name: "b", ownership: .foreign, subnet: Subnet("10.210.0.16/28")),
            ],
            gateways: [Sample.gatewayName: ObservedGateway(sandboxes: [Sample.name("a"): Admission(port: 18080)])])
        let journal = MemoryJournal()
        let pools = try await Pools(journal: journal)
        try await pools.adopt(observed)
        let held: Set<Allocation.Resource> = [
            .subnet(Sample.node, subnet), .listener(Sample.gatewayName, 18080),
            .published(Sample.node, 9001, Sample.name("account"), container: 80),
        ]
        #expect(Set(await journal.held.keys) == held)
        #expect(Set(await journal.held.values) == [Sample.name("a")])
        // To adopt again changes nothing, and who held it is given the same again.
        try await pools.adopt(observed)
        #expect(await journal.held.count == 3)
        let given = try await pools.plan { self.listener("a", &$0, 18080...18099) }
        let other = try await pools.plan { self.listener("b", &$0, 18080...18099) }
        #expect(given == 18080 && other == 18081)
    }

    @Test("Looking ahead draws nothing")
    func preview() async throws {
        let journal = MemoryJournal()
        let pools = try await Pools(journal: journal)
        #expect(await pools.preview { self.listener("a", &$0, 100...100) } == 100)
        #expect(await journal.held.isEmpty)
        #expect(try await pools.plan { self.listener("b", &$0, 100...100) } == 100)
    }

    @Test("What is released can be had by another; what the journal still holds cannot")
    func releases() async throws {
        let journal = MemoryJournal()
        let pools = try await Pools(journal: journal)
        #expect(try await pools.plan { self.listener("a", &$0, 100...100) } == 100)
        let held = [Allocation(.listener(Sample.gatewayName, 100), to: Sample.name("a"))]
        await journal.fail(true)
        await #expect(throws: JournalError.self) { try await pools.release(held) }
        await journal.fail(false)
        #expect(try await pools.plan { self.listener("b", &$0, 100...100) } == nil)
        try await pools.release(held)
        #expect(try await pools.plan { self.listener("b", &$0, 100...100) } == 100)
    }
}
