package import Model
package import Reconciler

/// Where the manifest repository is, as people write it: a folder of this machine, or an address to fetch from.
/// Its description is fit for every reader: what may be a password is not in it.
package struct GitLocation: Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// A work tree, a bare repository or a `.git` folder.
        case local(path: String)
        /// An address for libgit2; it may hold a password.
        case remote(url: Secret<String>)
    }

    private static let schemes: Set<String> = ["https", "http", "ssh", "git", "file"]

    package let kind: Kind
    package let description: String
    /// Who has to answer; `nil` for what is on this machine.
    let host: String?
    /// `host` or `host:port`; empty for what is on this machine.
    let server: String

    /// Takes a path, a URL (`https`, `http`, `ssh`, `git`, `file`), or `user@host:path`.
    package init(_ text: String) throws(SourceError) {
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < UInt8(ascii: " ") }) else {
            throw SourceError("read the repository's address", .refused, "it is empty or holds a control character")
        }
        if let mark = text.firstRange(of: "://") {
            try self.init(url: text, scheme: text[..<mark.lowerBound].lowercased(), rest: text[mark.upperBound...])
        } else if let address = Self.shortSSH(text) {
            self.init(.remote(url: Secret(text)), host: address.host, server: address.host, description: text)
        } else {
            self.init(.local(path: text), host: nil, description: text)
        }
    }

    /// A folder of this machine, whatever its path looks like.
    init(folder path: String) throws(SourceError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw SourceError("read the repository's address", .refused, "\"\(path)\" is no absolute path")
        }
        self.init(.local(path: path), host: nil, description: path)
    }

    private init(_ kind: Kind, host: String?, server: String = "", description: String) {
        self.kind = kind
        self.host = host
        self.server = server
        self.description = description
    }

    private init(url: String, scheme: String, rest: Substring) throws(SourceError) {
        let operation = "read the repository's address"
        guard Self.schemes.contains(scheme) else {
            // What stands before "://" may be a password that was pasted in the wrong place.
            throw SourceError(
                operation, .refused, "its scheme is none of \(Self.schemes.sorted().joined(separator: ", "))")
        }
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        let server = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let (host, port) = Self.split(server)
        guard port?.allSatisfy(\.isWholeNumber) != false else {
            throw SourceError(
                operation, .refused, "what follows the host's ':' is no port; write @ : / of a password as %40 %3A %2F")
        }
        guard scheme == "file" || !host.isEmpty else { throw SourceError(operation, .refused, "it names no host") }
        let path = rest[end...]
        let visiblePath = path.prefix { $0 != "?" && $0 != "#" }
        let user = server.startIndex == authority.startIndex ? "" : "***@"
        self.init(
            .remote(url: Secret(url)), host: scheme == "file" ? nil : String(host),
            server: scheme == "file" ? "" : String(server),
            description: "\(scheme)://\(user)\(server)\(visiblePath)" + (visiblePath.count < path.count ? "?***" : ""))
    }

    /// `host`, `host:port`, `[::1]:port`.
    private static func split(_ server: Substring) -> (host: Substring, port: Substring?) {
        guard let colon = server.lastIndex(of: ":"), server.last != "]" else { return (server, nil) }
        return (server[..<colon], server[server.index(after: colon)...])
    }

    private static func shortSSH(_ text: String) -> (host: String, path: Substring)? {
        guard let colon = text.firstIndex(of: ":"), let at = text[..<colon].firstIndex(of: "@"),
            !text[..<colon].contains("/"), at != text.startIndex
        else { return nil }
        let host = text[text.index(after: at)..<colon]
        return host.isEmpty ? nil : (String(host), text[text.index(after: colon)...])
    }

    /// The folder it is on this machine; `nil` for what another machine serves.
    var folder: String? {
        switch kind {
        case .local(let path): return path
        case .remote(let url):
            let text = url.reveal()
            guard host == nil, let mark = text.firstRange(of: "://") else { return nil }
            // What stands before the path names a host, and that is this one.
            return percentDecoded(text[mark.upperBound...].drop { $0 != "/" })
        }
    }

    /// The address as libgit2 wants it, with what may be a password in it.
    func revealAddress() -> String {
        switch kind {
        case .local(let path): "file://\(percentEncoded(path, keeping: "/-._~"))"
        case .remote(let url): url.reveal()
        }
    }

    /// `message` without what must not be read: libgit2 quotes addresses in some of its errors.
    func redact(_ message: String) -> String {
        guard case .remote(let secret) = kind else { return message }
        let url = secret.reveal()
        var clean = message.replacing(url, with: description)
        guard let mark = url.firstRange(of: "://") else { return clean }
        let rest = url[mark.upperBound...]
        let authority = rest[..<(rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex)]
        guard let at = authority.lastIndex(of: "@") else { return clean }
        let login = authority[..<at]
        clean = clean.replacing(login, with: "***")
        guard let colon = login.firstIndex(of: ":"), login.index(after: colon) < login.endIndex else { return clean }
        return clean.replacing(login[login.index(after: colon)...], with: "***")
    }
}
