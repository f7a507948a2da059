internal import AgentProtocol
internal import AgentTransport
internal import Docker
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

/// What a controller that runs on a data directory sees of other machines, for a process that only looks.
struct RemoteLook: Sendable {
    private let client: ControlClient
    let nodes: [NodeStatus]

    /// `nil` where no controller with agents runs there.
    static func taken(in directory: DataDirectory) async throws -> RemoteLook? {
        // The file of a controller that was killed stays behind.
        guard directory.isHeld else {
            try await expectOwnEngine(of: directory)
            return nil
        }
        let client = ControlClient(path: directory.controlSocket)
        guard client.exists else { return nil }
        do throws(LinkError) {
            return RemoteLook(client: client, nodes: try await client.nodes())
        } catch {
            switch error.failure {
            case .lost: return nil
            case .refused, .malformed: throw Complaint("\(error)")
            }
        }
    }

    /// Throws where only agents could tell, and nobody hears them: there is an authority for them, and this machine was
    /// no node when it served last, or has no engine.
    private static func expectOwnEngine(of directory: DataDirectory) async throws {
        guard FileManager.default.fileExists(atPath: directory.agents) else { return }
        var nodes: [NodeStatus] = []
        if FileManager.default.fileExists(atPath: directory.journal) {
            nodes = try await SQLiteJournal.readOnly(path: directory.journal).nodeStatuses()
        }
        guard !nodes.contains(where: { $0.connection == .local }) else { return }
        let socket = try DockerEngine.socketPath(fromDockerHost: ProcessInfo.processInfo.environment["DOCKER_HOST"])
        guard !nodes.isEmpty || !FileManager.default.fileExists(atPath: socket) else { return }
        throw Complaint(
            "no berth serve runs for \(directory.path); start it: berth serve --agents \(HostPort.standardPort) --no-local"
        )
    }

    /// The node that the controller's own machine is; `nil` where it is none.
    var local: NodeName? { nodes.first { $0.connection == .local }?.node }

    /// Those of other machines, also of such that are away: asked, they say why.
    var remote: [NodeName] { nodes.filter { $0.connection != .local }.map(\.node) }

    func observer(of node: NodeName) -> any Observer { client.observer(of: node) }

    func tail(_ node: NodeName, _ container: ContainerID, lines: Int) async throws(HostError) -> [TimedLine] {
        let answer: TailAnswer
        do throws(LinkError) {
            answer = try await client.tail(node, Tail(container: container, lines: lines))
        } catch {
            throw HostError("logs of \(node)", .unreachable, error.message)
        }
        switch answer {
        case .lines(let lines): return lines
        case .failed(let error): throw error
        }
    }
}
