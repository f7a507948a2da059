import AgentProtocol
import AgentService
import Model
import Reconciler
import RemoteHost
import Synchronization
import TestSupport
import Testing

/// The real controller's side and the real agent over links that fail as the seed says, an agent that is killed at any
/// of its steps, and a controller that is replaced while it goes on talking.
@Suite("Orders over links that fail")
struct OrderSimulation {
    static let steps = 6
    static let limit = Duration.seconds(3600)

    @Test(
        "Nothing is done twice at once, for an older reign, or while cut off; and all is done in the end",
        arguments: 0..<250 as Range<UInt64>)
    func converges(seed: UInt64) {
        let run = Run(seed: seed)
        let isDone = run.go()
        #expect(isDone == true, "it did not end: \(run.story)")
        #expect(run.node.breaches == [], "\(run.story)")
        #expect(run.lies == [], "\(run.story)")
        #expect(run.node.names == Set((1...Self.steps).map { "c\($0)" }), "\(run.story)")
    }

    @Test("The same seed is the same story")
    func isDeterministic() {
        let stories = (0..<2).map { _ in
            let run = Run(seed: 11)
            _ = run.go()
            return run.story
        }
        #expect(stories[0] == stories[1])
        #expect(!stories[0].isEmpty)
    }

    @Test("It meets every kind of trouble")
    func meetsTrouble() {
        var met: Set<String> = []
        for seed in 0..<120 as Range<UInt64> {
            let run = Run(seed: seed)
            _ = run.go()
            met.formUnion(run.story)
        }
        for kind in [
            "killed before begin", "killed after begin", "killed perform", "killed performed", "killed before end",
            "killed after end", "killed before raise", "zombie", "unreachable", "stale", "took over",
        ] {
            #expect(met.contains { $0.hasPrefix(kind) }, "\(kind)")
        }
    }
}

/// One seed.
private final class Run: Sendable {
    let clock = VirtualClock()
    let node: OrderedNode
    private let file = OrderLogFile()
    private let seed: UInt64
    private let state: Mutex<State>

    private struct State {
        var random: SplitMix64
        var controllers: [TestController] = []
        var isHealed = false
        var isDone = false
        var story: [String] = []
        var lies: [String] = []
        var link: AgentEnd?
    }

    init(seed: UInt64) {
        self.seed = seed
        node = OrderedNode(n1, seed: seed, clock: clock, isFaulty: true)
        state = Mutex(State(random: SplitMix64(seed: ~seed)))
    }

    var story: [String] { state.withLock(\.story) }
    var lies: [String] { state.withLock(\.lies) }

    private func note(_ what: String) { state.withLock { $0.story.append(what) } }
    private func lie(_ what: String) { state.withLock { $0.lies.append(what) } }
    private func draw<Value>(_ body: (inout SplitMix64) -> Value) -> Value { state.withLock { body(&$0.random) } }
    private var isDone: Bool { state.withLock(\.isDone) }
    private var isHealed: Bool { state.withLock(\.isHealed) }

    func go() -> Bool? {
        SeededExecutor.run(seed: seed, on: clock, until: OrderSimulation.limit) {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.live() }
                let first = TestController(epoch: 1, on: self.clock)
                self.enthrone(first)
                group.addTask { await first.run() }
                group.addTask { await self.want(first) }
                await self.pause(seconds: self.draw { Double.random(in: 1...90, using: &$0) })
                let second = TestController(epoch: 2, on: self.clock)
                self.enthrone(second)
                self.note("took over")
                group.addTask { await second.run() }
                group.addTask {
                    await self.pause(seconds: 200); self.heal()
                }
                await self.want(second)
                self.state.withLock { $0.isDone = true }
                group.cancelAll()
            }
            return true
        }
    }

    private func enthrone(_ controller: TestController) { state.withLock { $0.controllers.append(controller) } }

    /// The trouble is over: no link, agent or action fails any more, and somebody has stopped the replaced controller.
    private func heal() {
        node.heal()
        let link = state.withLock { state in
            state.isHealed = true
            return state.link
        }
        link?.cut()
    }

    private func pause(seconds: Double) async {
        do { try await clock.sleep(for: .milliseconds(Int(seconds * 1000))) } catch {
            // The run is over.
        }
    }

    // MARK: A controller that wants everything done

    private func want(_ controller: TestController) async {
        controller.hosts.expect([n1])
        for number in 1...OrderSimulation.steps {
            var attempt = 0
            while !Task.isCancelled {
                attempt += 1
                if await isStarted(number, attempt, by: controller) { break }
                await pause(seconds: 2)
            }
        }
    }

    private func isStarted(_ number: Int, _ attempt: Int, by controller: TestController) async -> Bool {
        guard let host = controller.hosts[n1] else { return false }
        let uid = ResourceUID("\(controller.epoch)-\(number)-\(attempt)")
        let isLookedAt = draw { $0.oneIn(3) }
        do throws(HostError) {
            if isLookedAt { _ = try await host.observe(Inquiry()) }
            let receipt = try await host.perform(start("c\(number)"), as: uid, toward: Sample.commit("a"))
            if !node.outcomes(of: uid).contains(.done(receipt)) { lie("\(uid) is told done and was not") }
            note("done")
            return true
        } catch {
            note("\(error.failure) \(error.message)")
            if error.message.contains("simulated: it fails"), !node.outcomes(of: uid).contains(.failed(error)) {
                lie("\(uid) is told failed and did not")
            }
            return false
        }
    }

    // MARK: An agent that dies and comes back

    private func live() async {
        var lives: UInt64 = 0
        while !Task.isCancelled {
            lives += 1
            let life = Life(steps: isHealed ? nil : draw { $0.oneIn(4) ? nil : Int.random(in: 1...60, using: &$0) })
            life.whenOver { self.state.withLock { $0.link }?.cut() }
            let disk = Duration.milliseconds(draw { $0.oneIn(2) ? 1 : Int.random(in: 1...1500, using: &$0) })
            let log = MemoryOrderLog(file, life: life, clock: clock, disk: disk) { self.check($0, life) }
            let agent = agent(of: node, life: life, log: log, on: clock, seed: seed &+ lives) {
                () async throws(LinkError) in try self.dial(life)
            }
            await withDiscardingTaskGroup { group in
                group.addTask { await agent.run() }
                let isOver = AsyncStream<Void>.makeStream()
                life.whenOver { isOver.continuation.finish() }
                for await _ in isOver.stream {}
                group.cancelAll()
            }
            if life.isOver { note("killed \(life.last)") }
            await pause(seconds: 1)
        }
    }

    /// Nothing is begun by an agent that knows that it is cut off.
    private func check(_ order: Order, _ life: Life) {
        guard !life.isOver, let end = state.withLock({ $0.link })?.endedAt, end < clock.elapsed else { return }
        node.breach("\(order.uid) was begun while cut off")
    }

    private func dial(_ life: Life) throws(LinkError) -> LinkToController {
        guard !life.isOver else { throw LinkError(.lost, "dead") }
        let (controller, down, up, seed) = state.withLock { state in
            // While there is trouble, the way sometimes leads to the one that was replaced.
            let isAstray = !state.isHealed && state.controllers.count > 1 && state.random.oneIn(3)
            if isAstray { state.story.append("zombie") }
            let controller = isAstray ? state.controllers.first : state.controllers.last
            let faults = state.isHealed ? nil : (WayFaults(using: &state.random), WayFaults(using: &state.random))
            return (controller, faults?.0 ?? WayFaults(), faults?.1 ?? WayFaults(), state.random.next())
        }
        guard let controller else { throw LinkError(.lost, "simulated: nobody listens") }
        let ends = memoryLink(on: clock, toAgent: down, toController: up, seed: seed)
        state.withLock { $0.link = ends.agent }
        controller.connect(ends.controller, as: Peer(node: "n1", serial: "01"))
        return ends.agent
    }
}
