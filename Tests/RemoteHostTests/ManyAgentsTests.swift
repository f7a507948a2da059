import AgentProtocol
import AgentService
import Model
import Reconciler
import RemoteHost
import Synchronization
import TestSupport
import Testing

@Suite("Many agents at once")
struct ManyAgentsTests {
    static let count = 500

    @Test("500 agents that come back at once are all served, and at most 16 first observations are taken in at once")
    func stampede() {
        let names = (1...Self.count).map { Sample.name("n\($0)", NodeName.self) }
        let clock = VirtualClock()
        let crowd = Crowd()
        let done = SeededExecutor.run(seed: 7, on: clock, until: .seconds(600), step: .milliseconds(20)) {
            let controller = TestController(epoch: 1, on: clock)
            controller.hosts.expect(Set(names))
            await withDiscardingTaskGroup { group in
                group.addTask { await controller.run() }
                for (index, name) in names.enumerated() {
                    group.addTask { await self.serve(name, UInt64(index), controller, crowd, clock) }
                }
                while controller.hosts.statuses().contains(where: { $0.connection == .away }) {
                    await clock.wait(.milliseconds(100))
                }
                await withTaskGroup { looks in
                    for name in names {
                        looks.addTask {
                            let look = await result { () throws(HostError) in
                                try await controller.hosts[name]?.observe(Inquiry())
                            }
                            #expect(look == .success(ObservedNode(node: name)))
                        }
                    }
                }
                group.cancelAll()
            }
            return true
        }
        #expect(done == true)
        #expect(crowd.most > 1)
        #expect(crowd.most <= Bounds.admissions)
        #expect(clock.elapsed < .seconds(120))
    }

    private func serve(
        _ name: NodeName, _ seed: UInt64, _ controller: TestController, _ crowd: Crowd, _ clock: VirtualClock
    ) async {
        let random = Mutex(SplitMix64(seed: seed))
        let agent = Agent(
            node: name, host: SlowSight(name: name, crowd: crowd, clock: clock), log: MemoryOrderLog(OrderLogFile()),
            policy: AgentPolicy(), engine: { "" }, tail: { _ in .lines([]) },
            lines: { AsyncStream { $0.finish() } },
            dial: {
                let ends = memoryLink(on: clock)
                controller.connect(ends.controller, as: Peer(node: name.text, serial: "01"))
                return ends.agent
            }, surroundings: .virtual(clock), clock: clock,
            random: { random.withLock { Double.random(in: 0..<1, using: &$0) } })
        await agent.run()
    }
}

/// How many look at once.
private final class Crowd: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock(\.most) }
    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func leave() { state.withLock { $0.now -= 1 } }
}

/// A node that takes half a second to look at.
private struct SlowSight: Host {
    let name: NodeName
    let crowd: Crowd
    let clock: VirtualClock

    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        crowd.enter()
        await clock.wait(.milliseconds(500))
        crowd.leave()
        return ObservedNode(node: name)
    }

    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError) -> Receipt?
    {
        nil
    }

    func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
}
