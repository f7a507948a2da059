internal import AgentProtocol
internal import AgentTransport
internal import Model
internal import Reconciler

/// What a controller that runs on a data directory sees of other machines, for a process that only looks.
struct RemoteLook: Sendable {
    private let client: ControlClient
    let nodes: [NodeStatus]

    /// `nil` where no controller with agents runs there.
    static func taken(in directory: DataDirectory) async throws -> RemoteLook? {
        let client = ControlClient(path: directory.controlSocket)
        // The file of a controller that was killed stays behind.
        guard client.exists, directory.isHeld else { return nil }
        do throws(LinkError) {
            return RemoteLook(client: client, nodes: try await client.nodes())
        } catch {
            switch error.failure {
            case .lost: return nil
            case .refused, .malformed: throw Complaint("\(error)")
            }
        }
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
