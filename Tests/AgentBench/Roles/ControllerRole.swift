internal import AgentProtocol
internal import AgentTransport
internal import Model
internal import Reconciler
internal import RemoteHost
internal import Synchronization

/// The process that stands for `berth serve`: the listener and the hosts of its agents, and nothing else.
struct ControllerRole {
    static let word = "controller"
    /// As a fleet looks at everything.
    static let interval = Duration.seconds(30)
    /// How often it is seen whether agents are here, while they gather.
    private static let glance = Duration.milliseconds(20)
    /// How long all may take to gather.
    private static let patience = Duration.seconds(300)

    private let folder: String
    private let port: Int
    private let nodes: [NodeName]
    private let containers: Int

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 4, let port = Int(words[1]), let agents = Int(words[2]), let containers = Int(words[3])
        else { throw BenchError("usage: controller FOLDER PORT AGENTS CONTAINERS") }
        (folder, self.port, self.containers) = (words[0], port, containers)
        nodes = try SimulatedNode.names(0..<agents)
    }

    private typealias Served = AgentHosts<ContinuousClock>

    func run() async throws {
        try OpenFiles.allow(nodes.count)
        let authority = try Authority.open(folder: AgentsRole.authority(in: folder))
        let hosts = Served(
            epoch: try authority.nextEpoch(), installation: InstallationID("bench"), surroundings: .quiet,
            clock: ContinuousClock(), isWelcome: { authority.isWelcome($0) })
        hosts.expect(Set(nodes))
        let listener = AgentListener(
            HostPort(host: "127.0.0.1", port: port), authority: authority, logger: Surroundings.quiet.logger)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await listener.run(bound: { Reply(figures: [Double($0.port)]).say() }) { peer, link in
                    await hosts.serve(link, of: peer)
                }
            }
            group.addTask {
                for await request in Request.all() { await Reply.to { try await answer(request, hosts) } }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func answer(_ request: Request, _ hosts: Served) async throws -> [Double] {
        switch request {
        case .gather(let count): try await gather(count, hosts)
        case .look(let rounds, let isNew):
            try await repeated(rounds) { try await look(hosts, isNew: isNew) }
        case .order(let node, let count):
            try await repeated(count) { try await order(nodes[node], hosts) }
        case .orderAll: try await orderAll(hosts)
        case .rest(let seconds, let withLooks): try await rest(.seconds(seconds), withLooks: withLooks, hosts)
        case .join, .dial, .change: throw BenchError("a controller does nothing of \(request)")
        }
    }

    private func repeated(_ count: Int, _ work: () async throws -> Void) async throws -> [Double] {
        var times: [Double] = []
        for _ in 0..<count { times.append(try await ContinuousClock().measure(work).milliseconds) }
        return times
    }

    private func host(_ node: NodeName, _ hosts: Served) throws -> any Host {
        guard let host = hosts[node] else { throw BenchError("\(node) is not served") }
        return host
    }

    // MARK: Looking

    private func look(_ hosts: Served, isNew: Bool = false) async throws {
        let here = hosts.statuses().filter { $0.connection == .connected }.map(\.node)
        try await withThrowingTaskGroup { group in
            for node in here { group.addTask { try await look(at: node, hosts, isNew: isNew) } }
            try await group.waitForAll()
        }
    }

    private func look(at node: NodeName, _ hosts: Served, isNew: Bool = false) async throws {
        let seen = try await host(node, hosts).observe(Inquiry()).containers
        guard seen.count == containers else {
            throw BenchError("\(node) told of \(seen.count) containers, not \(containers)")
        }
        guard seen.contains(where: { $0.exitCode != nil }) == isNew else {
            throw BenchError("\(node) told of \(isNew ? "nothing new" : "something new")")
        }
    }

    private final class Progress: Sendable {
        struct State {
            var asked: Set<NodeName> = []
            var seen = 0
            var failed = 0
            /// What no second look mends.
            var objection: (any Error)?
        }

        let state = Mutex(State())
    }

    private func gather(_ count: Int, _ hosts: Served) async throws -> [Double] {
        let start = ContinuousClock.now
        let progress = Progress()
        var connected: Double?
        return try await withThrowingTaskGroup { group in
            while progress.state.withLock(\.seen) < count {
                guard start.duration(to: .now) < Self.patience else { throw missing(count, hosts) }
                if let objection = progress.state.withLock(\.objection) { throw objection }
                let here = hosts.statuses().filter { $0.connection == .connected }.map(\.node)
                if here.count >= count, connected == nil { connected = start.duration(to: .now).seconds }
                for node in here where progress.state.withLock({ $0.asked.insert(node).inserted }) {
                    group.addTask {
                        do {
                            try await look(at: node, hosts)
                            progress.state.withLock { $0.seen += 1 }
                        } catch let error as HostError where error.failure == .unreachable {
                            progress.state.withLock {
                                $0.asked.remove(node)
                                $0.failed += 1
                            }
                        } catch {
                            progress.state.withLock { $0.objection = error }
                        }
                    }
                }
                try await pause(Self.glance)
            }
            try await group.waitForAll()
            let seen = start.duration(to: .now).seconds
            return [connected ?? seen, seen, Double(progress.state.withLock(\.failed))]
        }
    }

    private func missing(_ count: Int, _ hosts: Served) -> BenchError {
        let away = hosts.statuses().filter { $0.connection == .away }
        let example = away.first.map { ": \($0.node) \($0.message)" } ?? ""
        return BenchError(
            "of \(count) agents \(nodes.count - away.count) were here after \(Self.patience.components.seconds) s"
                + example)
    }

    private func rest(_ duration: Duration, withLooks: Bool, _ hosts: Served) async throws -> [Double] {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            if withLooks { try await look(hosts) }
            try await pause(min(Self.interval, max(.zero, ContinuousClock.now.duration(to: end))))
        }
        return []
    }

    /// A wait that its caller bounds.
    private func pause(_ duration: Duration) async throws { try await Task.sleep(for: duration) }

    // MARK: Acting

    /// An action that a simulated node has nothing to do for: what is left is the way there and back, and the journal.
    private func order(_ node: NodeName, _ hosts: Served) async throws {
        try await host(node, hosts).perform(.removeNames(try SandboxName("bench")), as: ResourceUID("bench"))
    }

    private func orderAll(_ hosts: Served) async throws -> [Double] {
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Double.self) { group in
            for node in nodes {
                group.addTask { try await ContinuousClock().measure { try await order(node, hosts) }.milliseconds }
            }
            var times: [Double] = []
            for try await time in group { times.append(time) }
            return times + [start.duration(to: .now).milliseconds]
        }
    }
}
