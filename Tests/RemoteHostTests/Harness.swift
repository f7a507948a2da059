import AgentProtocol
import AgentService
import Model
import Reconciler
import RemoteHost
import Synchronization
import TestSupport

/// A controller with the links that are opened to it.
final class TestController: Sendable {
    let hosts: AgentHosts<VirtualClock>
    let epoch: UInt64
    private let calls: AsyncStream<(ControllerEnd, Peer)>
    private let call: AsyncStream<(ControllerEnd, Peer)>.Continuation
    private let revocations = Revocations()

    /// Output of builds, as `node first lines`.
    let kept: Kept
    let log = TestLog()

    init(epoch: UInt64, on clock: VirtualClock, settings: RemoteSettings = RemoteSettings()) {
        self.epoch = epoch
        let (revocations, kept) = (revocations, Kept())
        self.kept = kept
        hosts = AgentHosts(
            epoch: Epoch(epoch), installation: InstallationID("i1"), settings: settings,
            surroundings: .virtual(clock, into: log), clock: clock, isWelcome: { revocations.isWelcome($0) },
            lines: { node, lines in kept.add("\(node) \(lines.first) \(lines.lines.joined(separator: " "))") })
        (calls, call) = AsyncStream.makeStream()
    }

    func revoke(_ serial: String) { revocations.add(serial) }

    func connect(_ link: ControllerEnd, as peer: Peer) { call.yield((link, peer)) }

    /// Serves whoever connects, until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await (link, peer) in calls { group.addTask { await self.hosts.serve(link, of: peer) } }
            group.cancelAll()
        }
    }
}

final class Revocations: Sendable {
    private let serials = Mutex<Set<String>>([])
    func add(_ serial: String) { serials.withLock { _ = $0.insert(serial) } }
    func isWelcome(_ peer: Peer) -> Bool { serials.withLock { !$0.contains(peer.serial) } }
}

func start(_ name: String) -> Action { .start(.planned(name: name)) }

/// An agent of `node` that dials as `dial` says.
func agent(
    of node: OrderedNode, life: Life = Life(), log: MemoryOrderLog, policy: AgentPolicy = AgentPolicy(),
    on clock: VirtualClock, seed: UInt64 = 0, lines: [LogLines] = [], log messages: TestLog = TestLog(),
    dial: @escaping Agent<VirtualClock>.Dial
) -> Agent<VirtualClock> {
    let random = Mutex(SplitMix64(seed: seed))
    return Agent(
        node: node.name, host: node.host(for: life), log: log, policy: policy, engine: { "Docker 20.10.24" },
        tail: { question in
            .lines([TimedLine(at: Timestamp(milliseconds: 1), text: "last of \(question.container)")])
        },
        lines: { AsyncStream { stream in for line in lines { stream.yield(line) } } }, dial: dial,
        surroundings: .virtual(clock, into: messages), clock: clock,
        random: { random.withLock { Double.random(in: 0..<1, using: &$0) } })
}

/// What was heard, in order.
final class Collected: Sendable {
    private let kept = Mutex<[Hint]>([])
    var hints: [Hint] { kept.withLock(\.self) }
    func add(_ hint: Hint) { kept.withLock { $0.append(hint) } }
}

/// Texts, in order.
final class Kept: Sendable {
    private let kept = Mutex<[String]>([])
    var texts: [String] { kept.withLock(\.self) }
    func add(_ text: String) { kept.withLock { $0.append(text) } }
}
