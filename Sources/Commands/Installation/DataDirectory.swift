internal import Foundation
internal import Model

/// The folder where an installation keeps what it knows (`design.md` §8). All of it except `secrets/` can be deleted.
package struct DataDirectory {
    package let path: String

    var journal: String { path + "/berth.sqlite" }
    var mirror: String { path + "/mirror.git" }
    var gateways: String { path + "/gateway" }
    /// What is known of application gateways whose own files are patched.
    var configFiles: String { path + "/configfile" }
    /// A file a sandbox, that its containers see as `/etc/hosts`.
    var names: String { path + "/names" }
    /// Mirrors of the services' repositories, and what is made of their commits.
    var sources: String { path + "/sources" }
    /// What builds wrote, a file for each workpiece.
    var pieceLogs: String { logs + "/pieces" }
    /// What builds of other nodes wrote, a file for each workpiece.
    var remoteLogs: String { logs + "/agents" }
    /// The keys by which ssh servers were first known.
    var hostKeys: String { secrets + "/hostkeys" }
    /// The authority of the agents that serve this controller: keys, tokens, certificates, epochs.
    var agents: String { secrets + "/agents" }
    /// By which an agent proves to its controller who it is.
    var controller: String { secrets + "/controller" }
    /// Where other processes of this machine ask a controller for what its agents see.
    var controlSocket: String { path + "/control.sock" }
    /// What an agent remembers of its orders.
    var orders: String { path + "/agent.sqlite" }
    /// Touched to ask the daemon to look now.
    var nudge: String { path + "/nudge" }
    private var lockFile: String { path + "/lock" }
    private var secrets: String { path + "/secrets" }
    private var logs: String { path + "/logs" }

    /// Builds run as another user, who goes through to `sources` and sees nothing on the way.
    private static let passage = 0o711
    private static let closed = 0o700
    private static let closedFile = 0o600

    /// `/var/lib/berth` for root, `~/.local/share/berth` for everybody else.
    static func standardPath(environment: [String: String]) -> String {
        guard geteuid() != 0 else { return "/var/lib/berth" }
        return (environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? "/tmp") + "/.local/share") + "/berth"
    }

    package init(_ path: String) { self.path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false) }

    var exists: Bool { FileManager.default.fileExists(atPath: secrets) }

    /// Makes the folders where they are missing. What is in them is for their owner alone, but for `sources`, where the
    /// workshop sees to that itself.
    package func prepare() throws {
        try make(path, Self.passage)
        for folder in [secrets, gateways, configFiles, names, logs, pieceLogs, remoteLogs, mirror] {
            try make(folder, Self.closed)
        }
        try make(sources, Self.passage)
        // The database is made with the mode of this file, and its log with that of the database.
        try makeFile(journal)
        for file in [journal, journal + "-wal", journal + "-shm", nudge, lockFile]
        where FileManager.default.fileExists(atPath: file) { try set(Self.closedFile, on: file) }
    }

    private func make(_ folder: String, _ mode: Int) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        } catch {
            throw Complaint("the data directory \(folder) cannot be made: \(error.localizedDescription)")
        }
        // One that is there already may have been made by an earlier version, or by somebody else with more rights.
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder)  // SAFE: what is not known is set
        let now = (attributes?[.posixPermissions] as? NSNumber)?.intValue
        let wanted = mode == Self.passage ? (now ?? 0) | mode : mode
        if now != wanted { try set(wanted, on: folder) }
    }

    /// Leaves one that is there as it is.
    private func makeFile(_ file: String) throws {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, mode_t(Self.closedFile))
        guard descriptor >= 0 else {
            throw Complaint("\(file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
    }

    private func set(_ mode: Int, on path: String) throws {
        do {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        } catch {
            throw Complaint("the mode of \(path) cannot be set: \(error.localizedDescription)")
        }
    }

    // MARK: Who we are

    /// The installation's id and key; made once, and kept even when everything else is deleted.
    func identity() throws -> Identity {
        let id = try kept("installation") { randomHex(bytes: 6) }
        return Identity(installation: InstallationID(id), key: try key())
    }

    /// An agent's installation is its controller's; `nil` until it was told. Its key is its own, for no fingerprint is
    /// compared with one of another machine.
    var knownInstallation: InstallationID? {
        let text = try? String(contentsOfFile: secrets + "/installation", encoding: .utf8)  // SAFE: absent is not known
        return text.map { InstallationID($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    func keep(_ installation: InstallationID) throws { _ = try kept("installation") { installation.text } }

    /// Whether this is the engine that the agent of this folder has served from the beginning: a copy of the folder on
    /// another machine would make there what is running here already.
    func isOwn(engine: String) throws -> Bool { try kept("engine") { engine } == engine }

    func key() throws -> FingerprintKey {
        FingerprintKey(Secret(Array(try kept("key") { randomHex(bytes: 32) }.utf8)))
    }

    private func kept(_ name: String, or make: () -> String) throws -> String {
        let file = secrets + "/" + name
        if let text = try? String(contentsOfFile: file, encoding: .utf8) {  // SAFE: absent is made below
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let text = make()
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data((text + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw Complaint("\(file) cannot be written; is the disk full, or the folder somebody else's?") }
        return text
    }

    // MARK: One process at a time

    /// Holds the folder until the process ends. `nil` while another process holds it.
    func lock() throws -> DataLock? {
        let descriptor = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Complaint("\(lockFile) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return DataLock(descriptor: descriptor)
    }

    var isHeld: Bool {
        let descriptor = open(lockFile, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }
}

struct Identity {
    let installation: InstallationID
    let key: FingerprintKey

    /// Nobody's: for looking at an engine on which nothing is ours.
    static func stranger() -> Identity {
        Identity(
            installation: InstallationID("nobody"), key: FingerprintKey(Secret(Array(randomHex(bytes: 32).utf8))))
    }
}

/// An exclusive lock that ends with the process, however it ends.
final class DataLock: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}

/// Something the person at the terminal has to know, in a sentence.
package struct Complaint: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

func randomHex(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<bytes).map { _ in
        let byte = UInt8.random(in: .min ... .max, using: &generator)
        return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
}
