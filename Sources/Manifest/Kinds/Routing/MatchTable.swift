internal import Model

extension RouteMatch {
    /// Every part that is written must hold. The hosts are the route's.
    static let shape = Shape<RouteMatch>.record(
        "match", RouteMatch(),
        [
            Field("path", Path.shape, default: "any", "The path; a text is short for a prefix.") { $0.path = $1 },
            Field("method", .method, default: "any", "The method, in upper case.") { $0.method = $1 },
            Field(
                "headers", conditions("headerCondition", .headerName, "The header."),
                "Headers that must be there."
            ) { $0.headers = $1 },
            Field(
                "cookies", conditions("cookieCondition", .token("a cookie"), "The cookie."),
                "Cookies that must be there."
            ) { $0.cookies = $1 },
            Field(
                "query", conditions("queryCondition", .token("a query parameter"), "The parameter."),
                "Query parameters that must be there; the first of a name counts."
            ) { $0.query = $1 },
        ], instead: ["host": "hosts belong to the whole route; write hosts: [api.example.com]"])

    private struct Condition: Sendable {
        var name = ""
        var tests: [Value.Test] = []
    }
    private enum Yes: String, CaseIterable, Sendable { case yes = "true" }

    private static func conditions(_ title: String, _ name: Shape<String>, _ doc: String) -> Shape<[Value]> {
        let exact = Shape<String>.value("a value", most: RouteLimits.valueBytes) { (0x20...0x7e).contains($0) }
        return Shape<Condition>.record(
            title, Condition(),
            [
                Field("name", name, required: true, doc) { $0.name = $1 },
                Field("exact", exact, "What it must be.") { $0.tests.append(.exact($1)) },
                Field("regex", .routeRegex, "What its whole value must be like.") { $0.tests.append(.regex($1)) },
                Field("present", Shape<Yes>(.boolean) { Shape<Yes>.choice.read($0, &$1) }, "That it is there at all.") {
                    condition, _ in condition.tests.append(.present)
                },
            ]
        ) { condition, node, reader in
            if ["exact", "regex", "present"].filter({ node[$0] != nil }).count != 1 {
                reader.report(
                    node.mark, "exclusive",
                    "a condition is one of \"exact\", \"regex\" and \"present: true\"; write exactly one of them")
            }
            if title == "headerCondition", condition.name == "host" {
                reader.report(
                    node.mark, "exclusive", "the host is no header here; write it under \"hosts\" of the route")
            }
        }.list(atMost: RouteLimits.conditions).map { conditions in
            conditions.compactMap { condition in condition.tests.first.map { Value(condition.name, $0) } }
        }
    }
}

extension RouteMatch.Path {
    static let shape: Shape<Self> = .text(
        Shape<String>.routePath.map(prefix(written:)),
        or: Shape<[Self]>.record(
            "pathMatch", [],
            [
                Field("exact", Shape<String>.routePath, "The whole path.") { $0.append(.exact($1)) },
                Field(
                    "prefix", Shape<String>.routePath, "Its first segments: /api is for /api and /api/x, not /apiary."
                ) {
                    $0.append(prefix(written: $1))
                },
                Field("regex", .routeRegex, "What the whole path must be like.") { $0.append(.regex($1)) },
            ]
        ) { _, node, reader in
            if ["exact", "prefix", "regex"].filter({ node[$0] != nil }).count != 1 {
                reader.report(
                    node.mark, "exclusive",
                    "a path is {exact: …}, {prefix: …} or {regex: …}; write exactly one of them")
            }
        }.map { $0.first ?? .any })

    static func prefix(written path: String) -> Self {
        let path = PathText.withoutTail(path)
        return path == "/" ? .any : .prefix(path)
    }
}

enum PathText {
    /// Without a slash at the end; `/` stays.
    static func withoutTail(_ path: String) -> String {
        var rest = path[...]
        while rest.utf8.count > 1, rest.hasSuffix("/") { rest = rest.dropLast() }
        return String(rest)
    }
}

extension Shape where Value == String {
    /// A path as requests have it: percent-encoded, without a query.
    static var routePath: Shape {
        .text(
            "a path of a request; write it from / on, percent-encoded, without \"?\" and \"#\"", pattern: "^/[^?#\\s]*$"
        ) { path in
            path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= RouteLimits.pathBytes
                && path.utf8.allSatisfy { (0x21...0x7e).contains($0) && !Array("?#\"\\".utf8).contains($0) }
        }
    }

    static var routeRegex: Shape {
        Shape(.text()) { node, reader in
            guard let (text, _) = reader.scalar(node, wanted: "a regular expression") else { return nil }
            guard let problem = RouteRegex.problem(in: text) else { return text }
            reader.report(node.mark, "regex", "\(quoted(text)) is no regular expression for a rule: \(problem)")
            return nil
        }
    }

    static var method: Shape {
        .text("a method; write it in upper case, such as POST", pattern: "^[A-Z]{1,20}$") { text in
            (1...20).contains(text.utf8.count) && text.utf8.allSatisfy { (65...90).contains($0) }
        }
    }
}

extension Shape where Value == RouteMatch.Host {
    static var host: Shape {
        .parsed(
            .text(pattern: "^(\\*\\.)?[A-Za-z0-9_.-]+$"),
            "a host; write api.example.com, or *.example.com for every host below it"
        ) { text in
            let isWild = text.hasPrefix("*.")
            let name = isWild ? text.dropFirst(2) : text[...]
            guard EndpointText.isHost(name) else { return nil }
            return isWild ? .below(name.lowercased()) : .exact(name.lowercased())
        }
    }
}
