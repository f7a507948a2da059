import AgentProtocol
import AgentService
import Model
import Reconciler
import RemoteHost
import Synchronization
import TestSupport
import Testing

let n1 = Sample.name("n1", NodeName.self)

/// Runs a controller of epoch 5 beside `body`, in virtual time; `false` where that does not end within an hour.
func withController(
    seed: UInt64 = 1, settings: RemoteSettings = RemoteSettings(), limit: Duration = .seconds(3600),
    _ body: @escaping @Sendable (TestController, VirtualClock) async -> Void
) -> Bool {
    let clock = VirtualClock()
    let done = SeededExecutor.run(seed: seed, on: clock, until: limit) {
        let controller = TestController(epoch: 5, on: clock, settings: settings)
        await withDiscardingTaskGroup { group in
            group.addTask { await controller.run() }
            await body(controller, clock)
            group.cancelAll()
        }
        return true
    }
    return done == true
}

extension VirtualClock {
    func wait(_ duration: Duration) async {
        do { try await sleep(for: duration) } catch {
            // The test is over.
        }
    }
}

extension TestController {
    /// An agent that says what the test says.
    func dial(
        _ hello: Hello? = Hello(node: n1, boot: "b1", epoch: Epoch(0), now: .day, engine: "Docker 20.10.24"),
        as peer: Peer = Peer(node: "n1", serial: "01"), on clock: VirtualClock
    ) async -> TestAgent {
        let ends = memoryLink(on: clock)
        connect(ends.controller, as: peer)
        let agent = TestAgent(link: ends.agent)
        if let hello { await agent.say(.hello(hello)) }
        return agent
    }

    /// The same, and its session has begun.
    func join(_ hello: Hello? = nil, as node: NodeName = n1, on clock: VirtualClock) async -> TestAgent {
        let hello = hello ?? Hello(node: n1, boot: "b1", epoch: Epoch(0), now: .day, engine: "Docker 20.10.24")
        let agent = await dial(hello, as: Peer(node: node.text, serial: "01"), on: clock)
        guard case .welcome? = await agent.next() else {
            Issue.record("no welcome")
            return agent
        }
        await clock.wait(.milliseconds(100))
        return agent
    }
}

extension Timestamp {
    static let day = Timestamp(milliseconds: 1_763_700_000_000)
}

/// The agent's end of one session.
struct TestAgent: Sendable {
    let link: AgentEnd

    /// The next frame that is no beat; `nil` when it is over.
    func next() async -> ControllerFrame? {
        while true {
            do throws(LinkError) {
                guard let frame = try await link.receive() else { return nil }
                if case .beat = frame { continue }
                return frame
            } catch {
                return nil
            }
        }
    }

    func say(_ frame: AgentFrame) async {
        do throws(LinkError) { try await link.send(frame) } catch {
            // The controller has gone: next() says so.
        }
    }

    /// The next order.
    func order() async -> Order? {
        while let frame = await next() { if case .perform(let order) = frame { return order } }
        return nil
    }
}

/// What a call of the host ended with.
func result<Value: Sendable>(
    _ body: @Sendable () async throws(HostError) -> Value
) async -> Result<Value, HostError> {
    do throws(HostError) { return .success(try await body()) } catch { return .failure(error) }
}

extension Result where Failure == HostError {
    var error: HostError? { if case .failure(let error) = self { error } else { nil } }
}

func fail(_ what: Comment) { Issue.record(what) }
