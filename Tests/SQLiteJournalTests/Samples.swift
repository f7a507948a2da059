import Foundation
import GRDB
import Model
import Reconciler
import SQLiteJournal
import TestSupport
import Testing

/// Values of the vocabulary, by the text of their names.
enum Sample {
    /// For connections beside the journal's own: what is gone closes its connections a little later.
    static var patient: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return configuration
    }

    static func name<Kind>(_ text: String) -> Name<Kind> {
        guard let name = try? Name<Kind>(text) else { preconditionFailure("\(text) is a slug") }  // SAFE: it traps
        return name
    }

    static func subnet(_ text: String) -> Subnet {
        guard let subnet = Subnet(text) else { preconditionFailure("\(text) is a subnet") }
        return subnet
    }

    static func commit(_ digit: Character) -> CommitID {
        guard let commit = CommitID(String(repeating: digit, count: 40)) else { preconditionFailure("a hex digit") }
        return commit
    }

    static func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    static func entry(_ uid: String, _ name: String, sandbox: String = "qa", at: Int64 = 1) -> LedgerEntry {
        LedgerEntry(
            uid: ResourceUID(uid), kind: .container, name: name, node: Sample.name("micro-92"),
            sandbox: Sample.name(sandbox), enteredAt: time(at))
    }

    static func subnet(_ text: String, on node: String = "micro-92", to sandbox: String) -> Allocation {
        Allocation(.subnet(name(node), subnet(text)), to: name(sandbox))
    }

    static func listener(_ port: UInt16, of gateway: String = "edge", to sandbox: String) -> Allocation {
        Allocation(.listener(name(gateway), port), to: name(sandbox))
    }

    static func published(_ port: UInt16, for service: String = "account", to sandbox: String) -> Allocation {
        Allocation(.published(name("micro-92"), port, name(service), container: 8080), to: name(sandbox))
    }

    static func place(_ node: String, of sandbox: String) -> Allocation {
        Allocation(.place(name(node), of: name(sandbox)), to: name(sandbox))
    }

    static func status(_ sandbox: String, _ phase: SandboxStatus.Phase) -> SandboxStatus {
        SandboxStatus(
            sandbox: name(sandbox), title: sandbox, phase: phase, cause: "manifests/qa.yaml:3", updatedAt: time(5))
    }

    static func pass(_ sandbox: String? = "qa", at: Int64 = 1) -> PassRecord {
        PassRecord(
            sandbox: sandbox.map(name), revision: commit("a"), cause: "manifests/qa.yaml:3", startedAt: time(at),
            plan: "#1 create\n#2 start", steps: 2)
    }

    /// The pass that makes a workpiece, whose name is given.
    static func pass(making piece: String, at: Int64 = 1) -> PassRecord {
        PassRecord(
            sandbox: nil, revision: commit("a"), cause: "feature/login moved", startedAt: time(at),
            plan: "#1 fetch\n#2 build", steps: 2, piece: Sample.piece(piece), origins: [origin(nil)])
    }

    /// The pass that removes one.
    static func pass(discarding piece: String, at: Int64 = 1) -> PassRecord {
        PassRecord(
            sandbox: nil, revision: commit("a"), cause: "unused", startedAt: time(at), plan: "#1 discard", steps: 1,
            piece: Sample.piece(piece))
    }

    static func origin(_ service: String?, _ digit: Character = "b") -> PassRecord.Origin {
        PassRecord.Origin(
            service: service.map(name), repository: name(service ?? "shop"), reference: "feature/login-error",
            commit: commit(digit), piece: piece("\(service ?? "shop")-\(digit)"),
            environments: service == nil ? [] : [name("base"), name("qa")])
    }

    static func piece(_ text: String) -> Workpiece.ID {
        guard let id = Workpiece.ID(text) else { preconditionFailure("\(text) is the name of a workpiece") }
        return id
    }

    static func worktree(_ uid: String, piece: Workpiece.ID, kind: LedgerEntry.Kind = .worktree) -> LedgerEntry {
        LedgerEntry(
            uid: ResourceUID(uid), kind: kind, name: piece.text, node: Sample.name("micro-92"), sandbox: nil,
            enteredAt: time(3))
    }

    static func event(_ number: Int, sandbox: String? = "qa") -> EventRecord {
        EventRecord(
            at: time(Int64(number)), sandbox: sandbox.map(name), kind: "drift", message: "event \(number)",
            cause: "container died")
    }
}

/// A folder of its own for one test, gone with it.
func withFolder<Value>(_ body: (_ path: String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "berth-journal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { _ = try? FileManager.default.removeItem(at: folder) }  // SAFE: swept by the system
    return try await body(folder.path(percentEncoded: false))
}

/// The error that `body` throws, or a failure.
func failure(
    of body: () async throws(JournalError) -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async -> JournalError? {
    do throws(JournalError) {
        try await body()
        Issue.record("it did not fail", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

/// Compares a schema with the file of it in `schemas/`, or writes it there with `UPDATE_GOLDEN=1`.
func expectSchema(_ schema: String, in name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "schemas/\(name)")
    let actual = schema + "\n"
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try Data(actual.utf8).write(to: golden)
        return
    }
    let expected = String(decoding: try Data(contentsOf: golden), as: UTF8.self)
    #expect(actual == expected, "\(lineDiff(from: expected, to: actual))", sourceLocation: sourceLocation)
}
