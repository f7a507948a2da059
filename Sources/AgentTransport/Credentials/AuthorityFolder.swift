internal import AgentProtocol
internal import Foundation
internal import Model

/// The files of an authority. Each certificate and each token is one file, so that what one process did another sees:
///
/// - `authority.pem`: its certificate and key
/// - `issued/SERIAL`, moved to `revoked/SERIAL` when it counts no more
/// - `tokens/ID` until it is spent
/// - `epoch`: that of the last start of a controller
struct AuthorityFolder {
    let root: PrivateFolder
    var issued: PrivateFolder { root.folder("issued") }
    var revoked: PrivateFolder { root.folder("revoked") }
    var tokens: PrivateFolder { root.folder("tokens") }
    var pem: PrivateFile { root.file("authority.pem") }
    var epoch: PrivateFile { root.file("epoch") }

    init(_ path: String) { root = PrivateFolder(path) }

    struct Entry: Codable, Hashable {
        let node: String
        let issuedAt: Int64
        let expiresAt: Int64

        init(_ node: NodeName, from start: Timestamp, to end: Timestamp) {
            self.node = node.text
            issuedAt = start.milliseconds
            expiresAt = end.milliseconds
        }

        var start: Timestamp { Timestamp(milliseconds: issuedAt) }
        var end: Timestamp { Timestamp(milliseconds: expiresAt) }
    }

    func make() throws(LinkError) {
        for folder in [root, issued, revoked, tokens] { try folder.make() }
    }

    /// Whether an authority was here before, whatever is left of it.
    func hasTraces() throws(LinkError) -> Bool {
        if epoch.exists { return true }
        for folder in [issued, revoked, tokens] where !(try folder.names().isEmpty) { return true }
        return false
    }

    func write(_ entry: Entry, to file: PrivateFile) throws(LinkError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            try file.write(String(decoding: encoder.encode(entry), as: UTF8.self) + "\n")
        } catch let error as LinkError {
            throw error
        } catch {
            throw LinkError(.malformed, "cannot write \(file.path): \(error)")
        }
    }

    /// `nil` where there is none, be it that it has just been spent or revoked by another process.
    func entry(_ file: PrivateFile) throws(LinkError) -> Entry? {
        guard let text = try file.read() else { return nil }
        do {
            return try JSONDecoder().decode(Entry.self, from: Data(text.utf8))
        } catch {
            throw damaged(file, "it is no entry of a certificate or token; remove it, and let its node join again")
        }
    }

    func entries(in folder: PrivateFolder) throws(LinkError) -> [(name: String, entry: Entry)] {
        var all: [(name: String, entry: Entry)] = []
        for name in try folder.names() {
            if let entry = try entry(folder.file(name)) { all.append((name, entry)) }
        }
        return all
    }

    func damaged(_ file: PrivateFile, _ how: String) -> LinkError { LinkError(.refused, "\(file.path): \(how)") }

    /// For what cannot be made anew without every agent noticing. Agents remember the highest epoch that they acted for,
    /// and epochs begin with the clock: one that is behind would begin below it.
    func lost(_ file: PrivateFile, _ how: String) -> LinkError {
        damaged(
            file,
            "\(how). Restore \(root.path) from a backup; or see that the clock here is right and remove the whole folder to "
                + "begin anew, and then every agent needs a new token (berth node token NODE) and an empty "
                + "secrets/controller folder")
    }
}
