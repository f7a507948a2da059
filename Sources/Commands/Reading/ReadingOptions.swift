internal import ArgumentParser
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

/// A look into the journal of an installation, without disturbing whoever writes it.
struct JournalReader {
    let journal: SQLiteJournal
    let directory: DataDirectory

    init(_ data: DataOptions) throws {
        directory = data.directory
        guard FileManager.default.fileExists(atPath: directory.journal) else {
            throw Complaint(
                "there is no journal in \(directory.path); start berth serve, or name its folder with --data")
        }
        journal = try SQLiteJournal.readOnly(path: directory.journal)
    }

    func standing(of sandbox: SandboxName? = nil) async throws -> Standing {
        let statuses = try await journal.statuses()
        let fleet = try await journal.fleetStatus()
        if let sandbox { _ = try Addressee(sandbox.text).status(in: statuses) }
        return Standing(
            sandboxes: statuses.filter { sandbox == nil || $0.sandbox == sandbox }, fleet: fleet,
            daemon: directory.isHeld ? .running(processID: fleet?.processID) : .notRunning, nodes: try await places(),
            now: .now)
    }

    /// Where sandboxes are, told only where there are several machines.
    private func places() async throws -> [SandboxName: NodeName] {
        guard try await journal.nodeStatuses().count > 1 else { return [:] }
        var places: [SandboxName: NodeName] = [:]
        for entry in try await journal.openEntries() where entry.kind == .container || entry.kind == .network {
            if let sandbox = entry.sandbox { places[sandbox] = entry.node }
        }
        return places
    }
}

/// How often a command that follows looks again.
let followRhythm = Duration.milliseconds(300)
