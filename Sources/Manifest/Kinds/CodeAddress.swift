/// An address that git fetches from.
struct CodeAddress: Sendable {
    enum Scheme: String, CaseIterable, Sendable { case https, http, ssh, git, file }

    let text: String
    let scheme: Scheme
    /// Who logs in, where the address says it.
    let user: String?

    /// `scheme://[user@]host[:port]/path`, `file:///path` or `user@host:path`; never with a password.
    init?(_ text: String) {
        self.text = text
        guard let mark = text.firstRange(of: "://") else {
            guard let at = text.firstIndex(of: "@"), let colon = text[at...].firstIndex(of: ":"),
                Self.isUser(text[..<at]), EndpointText.isHost(text[text.index(after: at)..<colon]),
                Self.isPath(Self.relative(text[text.index(after: colon)...]))
            else { return nil }
            scheme = .ssh
            user = String(text[..<at])
            return
        }
        let rest = text[mark.upperBound...]
        guard let scheme = Scheme(rawValue: String(text[..<mark.lowerBound])), let slash = rest.firstIndex(of: "/"),
            Self.isPath(Self.relative(rest[slash...]))
        else { return nil }
        self.scheme = scheme
        var host = rest[..<slash]
        guard scheme != .file else {
            guard host.isEmpty else { return nil }
            user = nil
            return
        }
        if let at = host.firstIndex(of: "@") {
            guard Self.isUser(host[..<at]) else { return nil }
            user = String(host[..<at])
            host = host[host.index(after: at)...]
        } else {
            user = nil
        }
        let halves = host.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), EndpointText.isHost(halves[0]) else { return nil }
        guard halves.count == 1 || UInt16(halves[1]).map({ $0 > 0 && String($0) == halves[1] }) == true else {
            return nil
        }
    }

    /// Whether something like a password stands before the host. Such a text is never repeated.
    static func holdsPassword(_ text: String) -> Bool {
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        guard let at = rest.firstIndex(of: "@") else { return false }
        return rest[..<at].contains(":")
    }

    private static func relative(_ path: Substring) -> Substring { path.hasPrefix("/") ? path.dropFirst() : path }

    /// No second `@`, so that no password can pass for a port or a path; nothing that a program takes for an option.
    private static func isPath(_ path: Substring) -> Bool {
        let parts = path.hasSuffix("/") ? path.dropLast() : path
        return path.utf8.first != UInt8(ascii: "-")
            && path.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !Array("\\\"'@?#".utf8).contains($0) }
            && Paths.isStraight(parts)
    }

    /// Letters, digits, `.`, `-`, `_`, `~`, `+` and what is percent-encoded; no `-` first.
    private static func isUser(_ user: Substring) -> Bool {
        (1...128).contains(user.utf8.count) && user.utf8.first != UInt8(ascii: "-")
            && user.utf8.allSatisfy { byte in
                Paths.isLetter(byte) || (48...57).contains(byte) || Array(".-~+%".utf8).contains(byte)
            }
    }
}

extension Shape where Value == CodeAddress {
    static var codeAddress: Shape {
        Shape(.text(pattern: "^((https?|ssh|git|file)://[^\\s?#]*/[^\\s?#]+|[^\\s:@/?#]+@[^\\s:@/?#]+:[^\\s?#]+)$")) {
            node, reader in
            guard let (text, _) = reader.scalar(node, wanted: "an address that git fetches from") else { return nil }
            if let address = CodeAddress(text) { return address }
            if CodeAddress.holdsPassword(text) {
                reader.report(
                    node.mark, "password",
                    "the address holds a password, which everybody who reads this file would know; change the "
                        + "password, remove it here, and write credentialRef: {provider: file, path: /…}")
            } else {
                let subject = text.contains { "@?#".contains($0) } ? "this" : quoted(text)
                reader.report(
                    node.mark, "value",
                    "\(subject) is not an address that git fetches from; write https://host/path, ssh://user@host/path,"
                        + " user@host:path or file:///path")
            }
            return nil
        }
    }
}
