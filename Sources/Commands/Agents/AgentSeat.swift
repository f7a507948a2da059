internal import AgentProtocol
internal import AgentService
internal import Docker
internal import Foundation
internal import Git
internal import Logging
internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

/// A machine as its agent serves it: engine, workshop and gateways, under the mark of its controller's installation.
struct AgentSeat {
    let choices: AgentChoices
    let node: NodeName
    let identity: Identity
    let engine: DockerEngine
    let making: WorkshopOptions
    let logger: Logger

    private var directory: DataDirectory { choices.directory }

    func agent(
        log: SQLiteOrderLog, dial: @escaping @Sendable () async throws(LinkError) -> LinkToController
    ) throws -> Agent<ContinuousClock> {
        let workshop = try making.workshop(
            in: directory, on: engine, hostKeys: .kept(in: directory.hostKeys), logger: logger)
        let gateways = GatewayDrivers.local(in: directory, haproxy: choices.haproxy)
        let host = NodeHost(
            node: node, engine: engine, gateways: gateways, workbench: workshop,
            secrets: LocalSecrets(environment: ProcessInfo.processInfo.environment), key: identity.key,
            clock: ContinuousClock())
        let telling = BuildTeller(host: host, logs: PieceLogs(directory.workshop))
        return Agent(
            node: node, host: telling, log: log,
            policy: choices.policy.confined(to: [directory.sources, directory.names]),
            engine: { await engine.titleOrNothing },
            tail: { [engine] tail in await engine.answer(to: tail) }, lines: { telling.lines() }, dial: dial,
            surroundings: Surroundings(now: { .now }, newUID: { ResourceUID(randomHex(bytes: 8)) }, logger: logger),
            clock: ContinuousClock(), random: { Double.random(in: 0..<1) })
    }

    /// Holds the engine's lease while `body` acts, and gives it back however that ends.
    func leased(_ body: () async throws -> Void) async throws {
        try await engine.leased(by: identity, as: node, for: directory, logger: logger, body)
    }
}

extension DockerEngine {
    /// Empty while it does not answer.
    fileprivate var titleOrNothing: String {
        get async {
            do throws(HostError) { return try await title() } catch { return "" }
        }
    }

    /// Bytes of lines in one answer.
    private static let mostBytes = 4 << 20
    private static let mostLines = 10_000

    /// The last lines of a container of ours; no other is asked for.
    func answer(to tail: Tail) async -> TailAnswer {
        do {
            let containers = try await survey(nil).containers
            guard containers.contains(where: { $0.id == tail.container && $0.ownership.mark != nil }) else {
                throw HostError("logs", .stale, "there is no such container of ours any more")
            }
            var lines: [TimedLine] = []
            var bytes = 0
            for try await line in logs(of: tail.container, tail: min(max(tail.lines, 0), Self.mostLines)) {
                lines.append(TimedLine(at: line.at, text: line.text))
                bytes += line.text.utf8.count
                while bytes > Self.mostBytes, let first = lines.first {
                    bytes -= first.text.utf8.count
                    lines.removeFirst()
                }
            }
            return .lines(lines)
        } catch let error as HostError {
            return .failed(error)
        } catch {
            return .failed(HostError("logs", .unreachable, "\(error)"))
        }
    }

    /// Holds the lease of the engine while `body` acts, and gives it back however that ends.
    func leased<Answer>(
        by identity: Identity, as agent: NodeName? = nil, for directory: DataDirectory, logger: Logger,
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        try await acquireLease(
            LeaseHolder(
                installation: identity.installation, machine: ProcessInfo.processInfo.hostName,
                dataDirectory: directory.path, agent: agent))
        do {
            let answer = try await body()
            await release(logger)
            return answer
        } catch {
            await release(logger)
            throw error
        }
    }

    private func release(_ logger: Logger) async {
        do { try await releaseLease() } catch {
            logger.warning("The lease is kept", metadata: ["error": "\(error)"])
        }
    }
}
