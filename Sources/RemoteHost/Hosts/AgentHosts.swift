package import AgentProtocol
package import Model
package import Reconciler
internal import Synchronization

/// The nodes whose agents dial in. Those that are expected are served also while they are away, others while their
/// agents are here.
package final class AgentHosts<Time: Clock>: Hosts where Time.Duration == Duration, Time.Instant: Sendable {
    package typealias TakeLines = @Sendable (NodeName, LogLines) async -> Void

    let terms: Terms<Time>
    let installation: InstallationID
    let isWelcome: @Sendable (Peer) -> Bool
    let takeLines: TakeLines

    private let nodes = Mutex<[NodeName: RemoteHost<Time>]>([:])

    /// `isWelcome` is asked at the beginning of each session and at each heartbeat: whether the certificate is still
    /// good. `lines` takes the output of builds; until it returns, its agent waits.
    package init(
        epoch: Epoch, installation: InstallationID, settings: RemoteSettings = RemoteSettings(),
        surroundings: Surroundings, clock: Time, isWelcome: @escaping @Sendable (Peer) -> Bool,
        lines: @escaping TakeLines = { _, _ in }
    ) {
        terms = Terms(epoch: epoch, settings: settings, surroundings: surroundings, clock: clock)
        self.installation = installation
        self.isWelcome = isWelcome
        takeLines = lines
    }

    package var served: [NodeName] { nodes.withLock { $0.keys.sorted() } }

    package subscript(node: NodeName) -> (any Host)? { nodes.withLock { $0[node] } }

    package func changes() -> AsyncStream<Hint> { terms.voice.listen() }

    /// From now on these are served, whether or not their agents are here. Others that are away and not among them are
    /// forgotten.
    package func expect(_ expected: Set<NodeName>) {
        nodes.withLock { nodes in
            nodes = nodes.filter { expected.contains($0.key) || $0.value.isBusy }
            for node in expected where nodes[node] == nil { nodes[node] = RemoteHost(node: node, terms: terms) }
        }
    }

    /// In order of name.
    package func statuses() -> [NodeStatus] {
        nodes.withLock { Array($0.values) }.map(\.status).sorted { $0.node < $1.node }
    }

    /// What a container of ours wrote last, oldest first.
    package func tail(_ node: NodeName, _ question: Tail) async throws(HostError) -> [TimedLine] {
        guard let host = nodes.withLock({ $0[node] }) else {
            throw HostError("logs", .unreachable, "no node \(node) is served here")
        }
        return try await host.tail(question)
    }

    /// One session of an agent, from its first frame to its end. It closes the link.
    package func serve(_ link: LinkToAgent, of peer: Peer) async {
        await ControllerSession(link: link, peer: peer, hosts: self).run()
    }

    /// The host of a node whose agent has come, and its former session, to be sent away. One step, so that nobody
    /// forgets the node in between.
    func join(_ line: SessionLine, _ hello: Hello) -> (host: RemoteHost<Time>, former: SessionLine?) {
        nodes.withLock { nodes in
            let host = nodes[hello.node] ?? RemoteHost(node: hello.node, terms: terms)
            nodes[hello.node] = host
            return (host, host.join(line, hello))
        }
    }

    /// The host of a node if it is served, for what is told of it.
    func known(_ node: NodeName) -> RemoteHost<Time>? { nodes.withLock { $0[node] } }
}

/// What all hosts of one controller have in common.
struct Terms<Time: Clock>: Sendable where Time.Duration == Duration, Time.Instant: Sendable {
    let epoch: Epoch
    let settings: RemoteSettings
    let surroundings: Surroundings
    let clock: Time
    let voice = Loudspeaker()
    let numbers = OrderNumbers()
    /// For the first observation of each session.
    let admissions = Turnstile(width: Bounds.admissions)

    /// Returns after that time, or when the task is cancelled.
    func pause(_ duration: Duration) async {
        do { try await clock.sleep(for: duration) } catch {
            // The caller looks at the task.
        }
    }
}
