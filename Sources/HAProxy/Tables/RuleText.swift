internal import Model
internal import Reconciler

/// A rule as a map holds it: sixteen fields between `|`, lists of them between `,`, parts of an item between `:`, and
/// every text percent-encoded so far that it holds none of these, no space and nothing the admin socket reads as its own.
struct RuleText: Hashable, Sendable {
    let text: String

    /// Refuses what cannot be carried out.
    init(_ rule: RouteRule) throws(HostError) {
        let operation = "rule \(quoted(rule.title))"
        try Self.check(rule, operation)
        let fields: [String] = [
            encoded(rule.title), Self.host(rule.match.host), Self.path(rule.match.path),
            rule.match.method.map(encoded) ?? "", Self.tests(rule.match.headers), Self.tests(rule.match.cookies),
            Self.tests(rule.match.query),
            rule.backends.map { "\($0.service):\($0.use.rawValue):\($0.weight)" }.joined(separator: ","),
            rule.stickyCookie.map(encoded) ?? "", Self.rewrite(rule.rewrite), Self.set(rule.requestHeaders),
            Self.remove(rule.requestHeaders), Self.set(rule.responseHeaders), Self.remove(rule.responseHeaders),
            rule.timeoutMillis.map(String.init) ?? "",
            rule.fallback.sorted().map { String($0.rawValue.prefix(1)) }.joined(),
        ]
        text = fields.joined(separator: "|")
        guard text.utf8.count <= Bound.ruleBytes else {
            let size =
                "it takes \(text.utf8.count) bytes of the \(Bound.ruleBytes) that a gateway's table has for a rule"
            throw HostError(operation, .refused, "\(size); split it into several")
        }
    }

    private static func host(_ host: RouteMatch.Host) -> String {
        switch host {
        case .any: "*"
        case .exact(let name): "=\(encoded(name))"
        case .below(let domain): ".\(encoded(domain))"
        }
    }

    private static func path(_ path: RouteMatch.Path) -> String {
        switch path {
        case .any: "*"
        case .exact(let path): "=\(encoded(path))"
        case .prefix(let path): "^\(encoded(path))"
        case .regex(let pattern): "~\(encoded(pattern))"
        }
    }

    private static func tests(_ values: [RouteMatch.Value]) -> String {
        values.map { value in
            switch value.test {
            case .present: "\(encoded(value.name)):?"
            case .exact(let text): "\(encoded(value.name)):=\(encoded(text))"
            case .regex(let pattern): "\(encoded(value.name)):~\(encoded(pattern))"
            }
        }.joined(separator: ",")
    }

    private static func rewrite(_ rewrite: RouteRewrite?) -> String {
        switch rewrite {
        case nil: ""
        case .prefix(let path): "^\(encoded(path))"
        case .path(let path): "=\(encoded(path))"
        }
    }

    private static func set(_ changes: HeaderChanges) -> String {
        changes.set.sorted { $0.key < $1.key }.map { "\(encoded($0.key)):\(encoded($0.value))" }
            .joined(separator: ",")
    }

    private static func remove(_ changes: HeaderChanges) -> String {
        changes.remove.sorted().map(encoded).joined(separator: ",")
    }

    // MARK: What is refused

    /// Headers by which a connection is kept in step; a rule that changed them could hide one request in another.
    static let untouchable: Set<String> = [
        "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via",
    ]

    private static func check(_ rule: RouteRule, _ operation: String) throws(HostError) {
        func refuse(_ what: String) -> HostError { HostError(operation, .refused, what) }
        guard rule.title.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw refuse("its title is not one line") }
        for changes in [rule.requestHeaders, rule.responseHeaders] {
            for name in changes.remove.union(changes.set.keys) {
                guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
                    throw refuse("\(quoted(name)) is not the name of a header")
                }
                guard !untouchable.contains(name.lowercased()) else {
                    throw refuse("header \(name) belongs to the connection; a rule cannot change it")
                }
            }
            guard changes.set.values.allSatisfy({ $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 || $0 == 9 } }) else {
                throw refuse("the value of a header is one line without control characters")
            }
        }
        if let cookie = rule.stickyCookie, cookie.isEmpty || !cookie.utf8.allSatisfy(isTokenByte) {
            throw refuse("\(quoted(cookie)) is not the name of a cookie")
        }
        switch rule.rewrite {
        case nil: break
        case .prefix(let path), .path(let path):
            guard path.isEmpty || path.hasPrefix("/"), path.utf8.allSatisfy({ (33...126).contains($0) }),
                !path.contains(where: { $0 == "?" || $0 == "#" })
            else { throw refuse("\(quoted(path)) is not a path to send: percent-encode it, without a query") }
        }
        guard rule.backends.allSatisfy({ (0...1_000_000).contains($0.weight) }) else {
            throw refuse("a weight is 0 to 1,000,000")
        }
    }

    /// A letter of a token, as names of headers and cookies are.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$&'*+-.^_`|~".utf8.contains(byte)
    }
}

/// All but letters, digits and `_ . - /` as `%41`.
func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        if isAlphanumeric(byte) || "_.-/".utf8.contains(byte) {
            bytes.append(byte)
        } else {
            bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
