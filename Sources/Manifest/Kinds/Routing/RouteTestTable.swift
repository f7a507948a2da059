internal import Model

/// A request and where it must go, as it is written.
struct RouteTestSpec: Sendable {
    struct Request: Sendable {
        var method = "GET"
        var url: Located<TestAddress>?
        var headers: [Named<String>] = []
        var cookies: [Named<String>] = []
        var query: [Named<String>] = []
        var port: Located<UInt16>?
        var source: String?
    }
    struct Expectation: Sendable {
        var service: Reference?
        var target: RouteTest.Target?
        var sandbox: Reference?
        var isRefused = false
    }

    var request = Request()
    var expectation = Expectation()

    static let shape = Shape<RouteTestSpec>.record(
        "routeTest", RouteTestSpec(),
        [
            Field("request", request, required: true, "The request.") { $0.request = $1 },
            Field("expect", expectation, required: true, "Where it must go.") { $0.expectation = $1 },
        ])

    private static let request = Shape<Request>.record(
        "testRequest", Request(),
        [
            Field("method", .method, default: "GET", "Its method.") { $0.method = $1 },
            Field("url", TestAddress.shape.located, required: true, "What it asks for.") { $0.url = $1 },
            Field("headers", headers, "Headers that it has.") { $0.headers = $1 },
            Field("cookies", named(.token("a cookie"), cookieValue), "Cookies that it has.") { $0.cookies = $1 },
            Field(
                "query",
                named(.token("a query parameter"), .value("a value", most: RouteLimits.testValueBytes) { $0 >= 0x20 }),
                "Query parameters, behind those of the url."
            ) { $0.query = $1 },
            Field(
                "port", Shape<UInt16>.port.located, default: "that of the url", "The gateway's port that it comes to."
            ) {
                $0.port = $1
            },
            Field("from", address, "The IPv4 address that it comes from.") { $0.source = $1 },
        ])

    private static let headers = HeaderEdits.headers(
        .value("a header's value", most: RouteLimits.testValueBytes) { (0x20...0x7e).contains($0) }, testHeader,
        most: RouteLimits.conditions)

    private static let testHeader = Shape<String>(Shape<String>.headerName.schema) { node, reader in
        guard let name = Shape<String>.headerName.read(node, &reader) else { return nil }
        guard name == "host" else { return name }
        reader.report(node.mark, "exclusive", "the host is that of the url; write it there")
        return nil
    }

    private static let cookieValue = Shape<String>.value(
        "a cookie's value", most: RouteLimits.testValueBytes,
        remedy: "write printable ASCII characters without spaces and \";\""
    ) {
        (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ";")
    }

    private static let address = Shape<String>.text("an IPv4 address; write it like 10.210.0.18") { IPv4($0) != nil }

    private static func named(_ name: Shape<String>, _ value: Shape<String>) -> Shape<[Named<String>]> {
        Shape(value.keyed().schema) { node, reader in
            guard let entries = value.keyed().read(node, &reader) else { return nil }
            for entry in entries {
                _ = name.literal.read(
                    Node(mark: entry.mark, content: .scalar(entry.name, isPlain: false)), &reader)
            }
            return entries
        }
    }

    private static let expectation = Shape<Expectation>.record(
        "testExpectation", Expectation(),
        [
            Field("service", .reference, "The service that it reaches.") { $0.service = $1 },
            Field("target", Shape<RouteTest.Target>.choice, default: "either", "Which deployment of it.") {
                $0.target = $1
            },
            Field("sandbox", .reference, default: "any", "The sandbox that it is of.") { $0.sandbox = $1 },
            Field("status", .integer(400...599), "The gateway refuses it itself, whatever with.") {
                expectation, _ in expectation.isRefused = true
            },
        ]
    ) { _, node, reader in
        if (node["service"] == nil) == (node["status"] == nil) {
            reader.report(
                node.mark, "exclusive",
                "a request reaches a service or is refused; write exactly one of \"service\" and \"status\"")
        } else if node["status"] != nil, node["target"] != nil || node["sandbox"] != nil {
            reader.report(node.mark, "exclusive", "what is refused has no \"target\" and no \"sandbox\"; remove them")
        }
    }
}

/// The address of a request: `https://host[:port][/path][?query]`.
struct TestAddress: Sendable {
    let isEncrypted: Bool
    /// Lower case.
    let host: String
    /// `nil` where it is the usual one.
    let port: UInt16?
    let path: String
    let query: String?

    init?(_ text: String) {
        isEncrypted = text.hasPrefix("https://")
        guard isEncrypted || text.hasPrefix("http://"), text.utf8.count <= RouteLimits.testValueBytes,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") })
        else { return nil }
        let rest = text.dropFirst(isEncrypted ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end].split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(authority.count), EndpointText.isHost(authority[0]) else { return nil }
        host = authority[0].lowercased()
        if authority.count == 2 {
            guard let port = UInt16(authority[1]), port > 0, String(port) == authority[1] else { return nil }
            self.port = port
        } else {
            port = nil
        }
        let mark = rest[end...].firstIndex(of: "?") ?? rest.endIndex
        path = end == mark ? "/" : String(rest[end..<mark])
        query = mark == rest.endIndex ? nil : String(rest[mark...].dropFirst())
    }

    static let shape = Shape<TestAddress>.parsed(
        .text(pattern: "^https?://[^\\s#]+$"),
        "an address of a request; write it like https://qa.dev.example.com/login?debug=1", TestAddress.init)
}
