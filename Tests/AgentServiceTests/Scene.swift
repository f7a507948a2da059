import AgentProtocol
import AgentService
import Logging
import Model
import Reconciler
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

let n1 = Sample.name("n1", NodeName.self)

/// An agent, and a controller that says what the test says, in virtual time.
struct Scene: Sendable {
    let clock: VirtualClock
    let node: OrderedNode
    let file: OrderLogFile
    let messages: TestLog
    let life: Life
    let lines: AsyncStream<LogLines>.Continuation
    fileprivate let calls: AsyncStream<ControllerEnd>
    fileprivate let group: ServiceGroup?
    fileprivate let over: AsyncStream<Void>

    func stop() async { await group?.triggerGracefulShutdown() }

    /// Returns when the agent has ended.
    func ended() async { for await _ in over {} }

    /// The next time that the agent dials.
    func call() async -> Call {
        for await link in calls { return Call(link: link, clock: clock) }
        preconditionFailure("the agent has ended")
    }

    /// A session that has begun.
    func session(epoch: UInt64 = 1) async -> Call {
        let call = await call()
        _ = await call.next()
        await call.say(.welcome(Welcome(epoch: Epoch(epoch), installation: InstallationID("i"), now: .day)))
        await wait(.milliseconds(100))
        return call
    }

    func wait(_ duration: Duration) async {
        do { try await clock.sleep(for: duration) } catch {
            // The test is over.
        }
    }

    /// Runs the agent beside `body`; `false` where that does not end within an hour.
    static func play(
        seed: UInt64 = 1, policy: AgentPolicy = AgentPolicy(), slowest: Duration = .seconds(3),
        file: OrderLogFile = OrderLogFile(), refusals: [LinkError] = [], stops: Bool = false,
        disk: Duration = .milliseconds(1),
        _ body: @escaping @Sendable (Scene) async -> Void
    ) -> Bool {
        let clock = VirtualClock()
        let node = OrderedNode(n1, seed: seed, clock: clock, slowest: slowest)
        let (calls, call) = AsyncStream<ControllerEnd>.makeStream()
        let (lines, line) = AsyncStream<LogLines>.makeStream()
        let (over, end) = AsyncStream<Void>.makeStream()
        let (messages, life) = (TestLog(), Life())
        let random = Mutex(SplitMix64(seed: seed))
        let refusals = Mutex(refusals)
        let agent = Agent(
            node: n1, host: node.host(for: life),
            log: MemoryOrderLog(file, life: life, clock: clock, disk: disk), policy: policy,
            engine: { "Docker 20.10.24" },
            tail: { .lines([TimedLine(at: .day, text: "last of \($0.container)")]) }, lines: { lines },
            dial: { () async throws(LinkError) in
                if let refusal = refusals.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw refusal }
                let ends = memoryLink(on: clock)
                call.yield(ends.controller)
                return ends.agent
            }, surroundings: .virtual(clock, into: messages), clock: clock,
            random: { random.withLock { Double.random(in: 0..<1, using: &$0) } })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: agent)], logger: Logger(label: "test") { _ in TestLog() }))
        let scene = Scene(
            clock: clock, node: node, file: file, messages: messages, life: life, lines: line, calls: calls,
            group: stops ? group : nil, over: over)
        let isDone = SeededExecutor.run(seed: seed, on: clock, until: .seconds(3600)) {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask {
                    if stops { await serve(group) } else { await agent.run() }
                    end.finish()
                }
                await body(scene)
                tasks.cancelAll()
            }
            return true
        }
        return isDone == true
    }
}

extension Timestamp {
    static let day = Timestamp(milliseconds: 1_763_700_000_000)
}

/// The controller's end of one session.
struct Call: Sendable {
    let link: ControllerEnd
    let clock: VirtualClock

    /// The next frame that is no beat; `nil` when it is over.
    func next() async -> AgentFrame? {
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

    func say(_ frame: ControllerFrame) async {
        do throws(LinkError) { try await link.send(frame) } catch {
            // The agent has gone: next() says so.
        }
    }

    func order(_ number: UInt64, _ action: Action, epoch: UInt64 = 1) -> Order {
        Order(id: id(number, epoch: epoch), uid: ResourceUID("\(epoch)-\(number)"), revision: nil, action: action)
    }

    func id(_ number: UInt64, epoch: UInt64 = 1) -> Order.ID { Order.ID(Epoch(epoch), number) }

    func perform(_ number: UInt64, _ name: String, epoch: UInt64 = 1) async {
        await say(.perform(order(number, .start(.planned(name: name)), epoch: epoch)))
    }
}

extension AgentFrame {
    var outcome: Outcome? { if case .outcome(_, let outcome) = self { outcome } else { nil } }
    var error: HostError? { if case .failed(let error)? = outcome { error } else { nil } }
    var observation: Observation? { if case .observation(_, let observation) = self { observation } else { nil } }
}

func fail(_ what: Comment) { Issue.record(what) }

private func serve(_ group: ServiceGroup) async {
    do { try await group.run() } catch {
        Issue.record("the agent failed: \(error)")
    }
}
