import AgentProtocol
import AgentService
import Model
import Planner
import Reconciler
import RemoteHost
import Synchronization
import TestSupport
import Testing

/// The whole way: the real planner and pass, the controller's side, links that fail, agents that are killed at any of
/// their steps, and three simulated machines. The controller is killed in mid-plan as well, and its successor starts on
/// an empty database.
@Suite("Plans over agents whose links fail")
struct PlanSimulation {
    static let gateway: NodeName = Sample.name("gateway-186")
    static let infra: NodeName = Sample.name("infra-93")
    static let micro: NodeName = Sample.name("micro-92")
    static let nodes = [gateway, infra, micro]
    static let subjects: [Plan.Subject] = [
        .gateway(Sample.gatewayName), .sandbox(Sample.name("qa")), .sandbox(Sample.name("old")),
    ]
    static let limit = Duration.seconds(24 * 3600)

    @Test(
        "No container twice, nothing foreign touched, no route broken, and all as wanted after healing",
        arguments: 0..<200 as Range<UInt64>)
    func converges(seed: UInt64) {
        let run = PlanRun(seed: seed)
        let end = run.go()
        let story = Comment(rawValue: "seed \(seed)\n" + run.story.joined(separator: "\n"))
        guard let end else {
            Issue.record(story)
            return
        }
        #expect(end.breaches == [], story)
        #expect(end.verdicts == [.unchanged, .unchanged, .unchanged], story)
        let all = end.machines.worlds.values.flatMap(\.containers)
        #expect(all.filter { $0.ownership.mark != nil }.map(\.image).sorted() == ["a:2", "b:1"], story)
        #expect(all.filter { $0.ownership == .foreign }.count == 1, story)
        #expect(end.machines.serving.count == 2, story)
        #expect(end.held.count == 4, "\(end.held) \(story)")
    }

    @Test("It meets every kind of trouble")
    func meetsTrouble() {
        var met: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            let run = PlanRun(seed: seed)
            _ = run.go()
            met.formUnion(run.story)
        }
        for kind in [
            "killed perform", "killed performed", "killed before", "empty database", "interrupted", "converged",
        ] {
            #expect(met.contains { $0.hasPrefix(kind) }, "\(kind)")
        }
    }
}

/// One seed.
private final class PlanRun: Sendable {
    struct End {
        let verdicts: [Pass.Result.Verdict]
        let breaches: [String]
        let machines: Machines
        let held: [Allocation]
    }

    /// A controller and what it alone knows.
    private struct Reign: Sendable {
        let controller: TestController
        let pass: Pass
        let journal: MemoryJournal
    }

    let clock = VirtualClock()
    private let machines: SimulatedMachines
    private let seed: UInt64
    private let state: Mutex<State>

    private struct State {
        var random: SplitMix64
        var reign: Reign?
        var links: [NodeName: AgentEnd] = [:]
        var isHealed = false
        var story: [String] = []
        var uids = 0
    }

    init(seed: UInt64) {
        self.seed = seed
        machines = SimulatedMachines(
            seed: seed, Machines(PlanSimulation.nodes.map(\.text), images: ["a:1", "a:2", "b:1"]))
        state = Mutex(State(random: SplitMix64(seed: ~seed)))
    }

    var story: [String] { state.withLock(\.story) }
    private func note(_ what: String) { state.withLock { $0.story.append(what) } }
    private func draw<Value>(_ body: (inout SplitMix64) -> Value) -> Value { state.withLock { body(&$0.random) } }

    func go() -> End? {
        let end: End?? = SeededExecutor.run(seed: seed, on: clock, until: PlanSimulation.limit) {
            await self.machines.change { machines in
                machines.worlds[PlanSimulation.micro]?.containers.append(
                    ObservedContainer(id: ContainerID("foreign"), name: "sandbox-qa-payment", ownership: .foreign))
            }
            return await withTaskGroup(of: End?.self) { group in
                for node in PlanSimulation.nodes {
                    group.addTask {
                        await self.live(node)
                        return nil
                    }
                }
                let end = await self.rule(&group)
                group.cancelAll()
                return end
            }
        }
        return end ?? nil
    }

    // MARK: Controllers, one after the other

    private func rule(_ group: inout TaskGroup<End?>) async -> End? {
        for epoch in 1...4 as ClosedRange<UInt64> {
            guard let reign = await accede(epoch, &group) else { return nil }
            let rounds = draw { Int.random(in: 1...4, using: &$0) }
            for _ in 0..<rounds {
                let wanted = draw { $0.oneIn(2) ? Self.final : Self.versions.randomElement(using: &$0) ?? Self.final }
                // Killed in mid-plan: what is under way is never answered to anybody.
                let isKilled = draw { $0.oneIn(3) }
                let patience = draw { Double.random(in: 0.5...20, using: &$0) }
                await bounded(by: isKilled ? patience : 4 * 3600) {
                    for subject in PlanSimulation.subjects { await self.pass(subject, toward: wanted, by: reign) }
                }
                if isKilled { break }
            }
        }
        await heal()
        guard let last = await accede(9, &group) else { return nil }
        for _ in 0..<6 {
            await pause(seconds: 60)
            for subject in PlanSimulation.subjects { await pass(subject, toward: Self.final, by: last) }
        }
        var verdicts: [Pass.Result.Verdict] = []
        for subject in PlanSimulation.subjects {
            verdicts.append(await pass(subject, toward: Self.final, by: last))
        }
        do throws(JournalError) {
            return End(
                verdicts: verdicts, breaches: await machines.breaches, machines: await machines.machines,
                held: try await last.journal.allocations())
        } catch {
            return nil
        }
    }

    /// Every one of them starts on an empty database.
    private func accede(_ epoch: UInt64, _ group: inout TaskGroup<End?>) async -> Reign? {
        let controller = TestController(epoch: epoch, on: clock)
        controller.hosts.expect(Set(PlanSimulation.nodes))
        let journal = MemoryJournal()
        let pools: Pools
        do throws(JournalError) { pools = try await Pools(journal: journal) } catch { return nil }
        let virtual = Surroundings.virtual(clock)
        let surroundings = Surroundings(
            now: virtual.now, newUID: { ResourceUID("u\(self.nextUID())") }, logger: virtual.logger)
        let reign = Reign(
            controller: controller,
            pass: Pass(hosts: controller.hosts, journal: journal, pools: pools, surroundings: surroundings, width: 2),
            journal: journal)
        let links = state.withLock { state in
            state.reign = reign
            return state.links.values
        }
        for link in links { link.cut() }
        note("empty database, epoch \(epoch)")
        group.addTask {
            await controller.run()
            return nil
        }
        // A look at everything comes first, as it does in a fleet: what is held is taken up from what is seen.
        for _ in 0..<8 {
            await pause(seconds: 10)
            var isWhole = true
            for node in PlanSimulation.nodes {
                guard let look = await look(at: node, by: controller) else {
                    isWhole = false
                    continue
                }
                do throws(JournalError) { try await pools.adopt(look) } catch { return nil }
            }
            if isWhole { break }
        }
        return reign
    }

    private func look(at node: NodeName, by controller: TestController) async -> ObservedNode? {
        do throws(HostError) { return try await controller.hosts[node]?.observe(Inquiry()) } catch { return nil }
    }

    private func nextUID() -> Int {
        state.withLock {
            $0.uids += 1
            return $0.uids
        }
    }

    @discardableResult
    private func pass(_ subject: Plan.Subject, toward desired: DesiredState, by reign: Reign) async
        -> Pass.Result.Verdict
    {
        let result = await reign.pass.run(
            subject, toward: Pass.Goal(desired: desired, traces: Set(PlanSimulation.nodes)))
        note("\(result.verdict) \(subject) at \(desired.revision.commit.short) \(result.complaints)")
        return result.verdict
    }

    private func heal() async {
        await machines.heal()
        let links = state.withLock { state in
            state.isHealed = true
            return state.links.values
        }
        for link in links { link.cut() }
    }

    private func bounded(by seconds: Double, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { await self.pause(seconds: seconds) }
            await group.next()
            group.cancelAll()
        }
    }

    private func pause(seconds: Double) async {
        do { try await clock.sleep(for: .milliseconds(Int(seconds * 1000))) } catch {
            // The run is over.
        }
    }

    // MARK: Agents that die and come back

    private func live(_ node: NodeName) async {
        let file = OrderLogFile()
        var lives: UInt64 = 0
        while !Task.isCancelled {
            lives += 1
            let isHealed = state.withLock(\.isHealed)
            let life = Life(steps: isHealed ? nil : draw { $0.oneIn(3) ? nil : Int.random(in: 1...40, using: &$0) })
            life.whenOver { self.state.withLock { $0.links[node] }?.cut() }
            let random = Mutex(SplitMix64(seed: seed &+ lives))
            guard let host = machines.hosts([node])[node] else { return }
            let agent = Agent(
                node: node, host: Mortal(host: host, life: life, clock: clock),
                log: MemoryOrderLog(file, life: life, clock: clock, disk: .milliseconds(2)) { _ in },
                policy: AgentPolicy(), engine: { "Docker 20.10.24" }, tail: { _ in .lines([]) },
                lines: { AsyncStream { $0.finish() } },
                dial: { () async throws(LinkError) in try self.dial(node, life) },
                surroundings: .virtual(clock), clock: clock,
                random: { random.withLock { Double.random(in: 0..<1, using: &$0) } })
            await withDiscardingTaskGroup { group in
                group.addTask { await agent.run() }
                let isOver = AsyncStream<Void>.makeStream()
                life.whenOver { isOver.continuation.finish() }
                for await _ in isOver.stream {}
                group.cancelAll()
            }
            if life.isOver { note("killed \(life.last) @\(node)") }
            await pause(seconds: 1)
        }
    }

    private func dial(_ node: NodeName, _ life: Life) throws(LinkError) -> LinkToController {
        guard !life.isOver else { throw LinkError(.lost, "dead") }
        let (controller, down, up, seed) = state.withLock { state in
            let isFaulty = !state.isHealed && state.random.oneIn(2)
            let faults = isFaulty ? (WayFaults(using: &state.random), WayFaults(using: &state.random)) : nil
            return (state.reign?.controller, faults?.0 ?? WayFaults(), faults?.1 ?? WayFaults(), state.random.next())
        }
        guard let controller else { throw LinkError(.lost, "simulated: nobody listens") }
        let ends = memoryLink(on: clock, toAgent: down, toController: up, seed: seed)
        state.withLock { $0.links[node] = ends.agent }
        controller.connect(ends.controller, as: Peer(node: node.text, serial: "01"))
        return ends.agent
    }
}

/// A machine as one life of its agent reaches it: a dead agent asks nothing of it.
private struct Mortal: Host {
    let host: any Host
    let life: Life
    let clock: VirtualClock

    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        guard !life.isOver else { throw HostError("observe", .unreachable, "dead") }
        return try await host.observe(inquiry)
    }

    @discardableResult
    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        guard life.step("perform") else { throw HostError("\(action)", .unreachable, "dead") }
        do { try await clock.sleep(for: .milliseconds(200)) } catch {
            throw HostError("\(action)", .unreachable, "given up")
        }
        guard !life.isOver else { throw HostError("\(action)", .unreachable, "dead") }
        let receipt = try await host.perform(action, as: uid, toward: revision)
        guard life.step("performed") else { throw HostError("\(action)", .unreachable, "dead") }
        return receipt
    }

    func changes() -> AsyncStream<Hint> { host.changes() }
}

extension PlanRun {
    private static func desired(at digit: Character, _ sandboxes: DesiredSandbox...) -> DesiredState {
        var desired = Sample.desired(at: digit)
        desired.nodes = Machines(PlanSimulation.nodes.map(\.text), images: []).declared
        desired.gateways[Sample.gatewayName] = DesiredGateway(
            name: Sample.gatewayName, node: PlanSimulation.gateway, sandboxPorts: 18080...18099, webPort: 18000,
            baseDomain: "berth.localhost", place: Sample.place)
        for sandbox in sandboxes { desired.sandboxes[sandbox.name] = sandbox }
        return desired
    }

    private static func sandbox(
        _ services: [String: String], named name: String = "qa", on node: NodeName
    ) -> DesiredSandbox {
        var sandbox = Sample.sandbox(services.mapValues { Sample.container($0, branch: nil) }, named: name)
        sandbox.node = node
        return sandbox
    }

    private static let versions = [
        desired(at: "1", sandbox(["account": "a:1"], on: PlanSimulation.micro)),
        desired(at: "2", sandbox(["account": "a:1", "payment": "b:1"], on: PlanSimulation.infra)),
        desired(
            at: "3", sandbox(["account": "a:2"], on: PlanSimulation.gateway),
            sandbox(["account": "a:1"], named: "old", on: PlanSimulation.infra)),
    ]
    private static let final = desired(
        at: "9", sandbox(["account": "a:2", "payment": "b:1"], on: PlanSimulation.micro))
}
