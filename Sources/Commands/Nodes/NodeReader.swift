internal import AgentProtocol
internal import AgentTransport
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

/// All that an installation knows of its nodes, without disturbing whoever serves it.
struct NodeReader {
    let directory: DataDirectory

    init(_ data: DataOptions) throws {
        directory = data.directory
        guard directory.exists else {
            throw Complaint(
                "\(directory.path) holds no installation; start berth serve there, or name its folder with --data")
        }
    }

    /// The manifests are read where `repository` leads to some; without them pools and addresses are not told.
    func picture(_ repository: RepositoryOptions? = nil) async throws -> NodesPicture {
        var sources = NodesPicture.Sources(certificates: try certificates())
        if FileManager.default.fileExists(atPath: directory.journal) {
            let journal = try SQLiteJournal.readOnly(path: directory.journal)
            sources.statuses = try await journal.nodeStatuses()
            sources.cordons = try await journal.cordons()
            sources.entries = try await journal.openEntries()
            sources.allocations = try await journal.allocations()
            sources.sandboxes = try await journal.statuses()
        }
        if let repository, let desired = try await desired(repository) {
            sources.desired = desired.nodes
            sources.gateways = desired.gateways.mapValues(\.node)
        }
        return NodesPicture(
            sources, daemon: directory.isHeld ? .running(processID: nil) : .notRunning, now: .now)
    }

    func node(_ text: String, in picture: NodesPicture) throws -> NodesPicture.Node {
        do {
            return try picture.node(try NodeName(slugging: text))
        } catch let unknown as NodesPicture.Unknown {
            throw Complaint("there is no node \(unknown.name)" + Addressee.known(unknown.known, near: text))
        }
    }

    private func certificates() throws -> [NodesPicture.Certificate] {
        // To look makes no authority.
        guard FileManager.default.fileExists(atPath: directory.agents) else { return [] }
        return try Authority.open(folder: directory.agents).certificates().map {
            NodesPicture.Certificate(
                node: $0.node, serial: $0.serial, issuedAt: $0.issuedAt, expiresAt: $0.expiresAt,
                isRevoked: $0.isRevoked)
        }
    }

    /// `nil` where there is no repository: what is known beside it is told all the same.
    private func desired(_ repository: RepositoryOptions) async throws -> DesiredState? {
        do {
            return try await ManifestLoader(source: try repository.source(mirror: directory.mirror)).load()
        } catch {
            Terminal.complain("The manifests are not read (\(error)); name their repository with --repo.")
            return nil
        }
    }
}
