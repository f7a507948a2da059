internal import Model

/// Names that become part of a gateway's settings and rules: nothing in them can end one.
enum Token {
    static let longest = 64
    static let pattern = "^[A-Za-z0-9_-]{1,\(longest)}$"

    static func isName(_ text: some StringProtocol) -> Bool {
        (1...longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }
}

/// What names of headers are for.
enum HeaderName {
    /// They are the connection's or the gateway's own; a rule that changed one would break what it carries.
    static let reserved: Set<String> = [
        "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via",
    ]
    /// What no gateway can take for the name of a sandbox, besides.
    static let taken: Set<String> = ["baggage", "cookie", "set-cookie", "tracestate", "traceparent"]
}

extension Shape where Value == String {
    /// `what` is the thing whose name it is: `a cookie`.
    static func token(_ what: String) -> Shape {
        .text(
            "\(what)'s name; use up to \(Token.longest) letters, digits, \"-\" and \"_\"", pattern: Token.pattern,
            where: Token.isName)
    }

    /// In lower case.
    static var headerName: Shape {
        .parsed(
            .text(pattern: Token.pattern),
            "a header's name; write it like x-sandbox, with up to \(Token.longest) letters, digits, \"-\" and \"_\""
        ) { Token.isName($0) ? $0.lowercased() : nil }
    }

    /// In lower case, and not one of the connection's own.
    static var freeHeaderName: Shape {
        let name = Shape.headerName
        return Shape(name.schema) { node, reader in
            guard let header = name.read(node, &reader) else { return nil }
            guard !HeaderName.reserved.contains(header) else {
                reader.report(
                    node.mark, "reserved",
                    "\(quoted(header)) is a header of the connection itself or of the gateway; take another")
                return nil
            }
            return header
        }
    }

    /// The name of a host, in lower case.
    static var host: Shape {
        .parsed(.text(pattern: "^[A-Za-z0-9_.-]+$"), "a host's name; write it like dev.example.com") { text in
            EndpointText.isHost(text) ? text.lowercased() : nil
        }
    }

    /// An absolute path that can stand in a program's settings without quotes.
    static var plainPath: Shape {
        .text(
            "an absolute path of letters, digits and \"/._+@=,-\"; write it from / on, without \"..\"",
            pattern: "^/[A-Za-z0-9/._+@=,-]+$"
        ) { path in
            path.utf8.first == UInt8(ascii: "/") && Paths.isStraight(path.dropFirst())
                && path.utf8.allSatisfy {
                    Paths.isLetter($0) || (48...57).contains($0) || Array("/.+@=,-".utf8).contains($0)
                }
        }
    }

    /// A path that a request asks for, such as that of a probe.
    static var requestPath: Shape {
        .text("a path; write it from / on, without spaces", pattern: "^/") { path in
            path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= RouteLimits.pathBytes
                && path.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }
        }
    }
}
