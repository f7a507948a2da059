internal import AgentProtocol
internal import AgentService
internal import AgentTransport
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

/// A process with many agents: each with a certificate, a connection and a session of its own, and a simulated node
/// behind it.
struct AgentsRole {
    static let word = "agents"
    /// The agent whose journal is the real one, on disk; all others keep theirs in memory, or the disk of one machine
    /// would be measured a thousand times.
    static let durable = 0
    static let volatile = 1
    /// How long a token waits.
    private static let invitation = Duration.seconds(600)

    private let folder: String
    private let address: HostPort
    private let agents: Range<Int>
    private let containers: Int

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 5, let port = Int(words[1]), let first = Int(words[2]), let count = Int(words[3]),
            let containers = Int(words[4])
        else { throw BenchError("usage: agents FOLDER PORT FIRST COUNT CONTAINERS") }
        (folder, address, self.containers) = (words[0], HostPort(host: "127.0.0.1", port: port), containers)
        agents = first..<first + count
    }

    static func authority(in folder: String) -> String { "\(folder)/controller/secrets/agents" }
    static func journal(in folder: String) -> String { "\(folder)/orders.sqlite" }

    func run() async throws {
        try OpenFiles.allow(agents.count)
        let world = ChangingWorld()
        try await withThrowingDiscardingTaskGroup { group in
            for await request in Request.all() {
                switch request {
                case .join: await Reply.to(join)
                case .dial:
                    await Reply.to {
                        for index in agents {
                            let agent = try agent(index, world)
                            group.addTask { await agent.run() }
                        }
                        return []
                    }
                case .change(let isChanging): await Reply.to { world.set(isChanging) }
                case .gather, .look, .order, .orderAll, .rest:
                    Reply(error: "agents do nothing of \(request)").say()
                }
            }
        }
    }

    /// One after the other, as people do it.
    private func join() async throws -> [Double] {
        let authority = try Authority.open(folder: Self.authority(in: folder))
        var times: [Double] = []
        for index in agents {
            let time = try await ContinuousClock().measure {
                let invitation = try authority.invite(
                    try SimulatedNode.name(index), for: Self.invitation, at: machineTime())
                try await credentials(index).join(invitation.token, at: address)
            }
            times.append(time.milliseconds)
        }
        return times
    }

    private func credentials(_ index: Int) throws -> AgentCredentials {
        try AgentCredentials(folder: "\(folder)/agents/\(index)")
    }

    private func agent(_ index: Int, _ world: ChangingWorld) throws -> Agent<ContinuousClock> {
        let dialer = AgentDialer(address, credentials: try credentials(index))
        let node = try SimulatedNode(index, containers: containers, world: world)
        return Agent(
            node: node.seen.node, host: node, log: try log(index), policy: AgentPolicy(), engine: { "Docker 20.10.24" },
            tail: { _ in .lines([]) }, lines: { AsyncStream { $0.finish() } },
            dial: { () async throws(LinkError) in try await dialer.dial() }, surroundings: .quiet,
            clock: ContinuousClock(), random: { Double.random(in: 0..<1) })
    }

    private func log(_ index: Int) throws -> any OrderLog {
        guard index == Self.durable else { return MemoryLog() }
        return try SQLiteOrderLog(path: Self.journal(in: folder))
    }
}
