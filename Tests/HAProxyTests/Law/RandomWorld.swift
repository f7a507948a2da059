internal import HAProxy
internal import Model
internal import Planner
internal import TestSupport

/// A gateway with tables, by a seed.
struct RandomWorld {
    static let services = ["account", "payment", "web", "mail"]
    static let sandboxNames = ["qa", "pr-7", "login", "x1", "team-a"]
    static let domain = "sand.example"
    static let hosts = [
        "shop.example", "api.shop.example", "deep.api.shop.example", "client.example", "account", "payment",
    ]
    static let paths = ["/api", "/api/v1", "/account", "/account/me", "/v2/users", "/web"]
    static let pathPatterns = [
        "/api/v[0-9]+", "/(account|payment)(/.*)?", #"/v2/\w+/\d{1,3}"#, "/.*", "/[^/]+/x?", #"/a\.b"#,
    ]
    static let valuePatterns = ["beta|canary", "[a-z]+-[0-9]+", ".*", #"\d+"#, "b.t*a?", "(?:a|b){2,3}"]
    static let values = ["beta", "canary", "alpha-12", "7", "", "aba"]
    static let plainHeaders = ["x-team", "accept-language", "x-mode"]
    static let plainCookies = ["session", "mode"]
    static let plainParameters = ["debug", "page"]

    let gateway: DesiredGateway
    var table = RoutingTable()
    let web: UInt16
    let publicWeb: UInt16
    let sandboxPorts: ClosedRange<UInt16>
    let insidePort: UInt16

    init(echo: UInt16, using random: inout SplitMix64) throws {
        let first = FreePorts.range(8)
        web = first.lowerBound
        publicWeb = web + 1
        insidePort = web + 2
        sandboxPorts = (web + 3)...(web + 7)
        gateway = DesiredGateway(
            name: try GatewayName("law"), node: try NodeName("here"),
            listeners: [
                GatewayListener(name: "web", .web(web)),
                GatewayListener(name: "public", .web(publicWeb), isPublic: true),
                GatewayListener(name: "sandboxes", .sandboxes(sandboxPorts)),
                GatewayListener(name: "inside", .inside([insidePort, web])),
            ],
            baseDomain: random.oneIn(5) ? nil : Self.domain, selection: Self.selection(&random),
            injects: Set(Injection.allCases.filter { _ in !random.oneIn(3) }),
            place: Place(file: "gateway.yaml", line: 1, column: 1))
        for (number, name) in Self.sandboxNames.dropLast().enumerated() {
            let network = Subnet("127.\(10 + number).0.0/24")
            table.sandboxes[sandbox(name)] = Admission(
                port: random.oneIn(4) ? nil : sandboxPorts.lowerBound + UInt16(number),
                network: random.oneIn(4) ? nil : network)
        }
        var number: UInt8 = 2
        for service in Self.services {
            for owner in [nil] + Self.sandboxNames.map(Optional.some) where !random.oneIn(3) {
                number += 1
                let target = Self.target(
                    "127.0.0.\(number)", echo, "\(service)@b\(number)", isOwned: owner != nil, &random)
                table.routes[key(owner.map(sandbox), service)] = target
            }
        }
        for scope in [RouteScope.everybody] + Self.sandboxNames.map({ RouteScope.sandbox(sandbox($0)) })
        where !random.oneIn(4) {
            let count = Int.random(in: 1...10, using: &random)
            table.rules[scope] = (0..<count).map { RandomRule.make("\(scope)/\($0)", &random) }
        }
    }

    private static func selection(_ random: inout SplitMix64) -> [Selector] {
        var all: [Selector] = [
            .port, .sourceNetwork, .host, .header("x-sandbox"), .baggage(key: "sandbox"),
            .tracestate(key: "sandbox"), .query("__sandbox", setsCookie: !random.oneIn(3)),
            .cookie("__sandbox", isSigned: !random.oneIn(3)),
        ]
        if random.oneIn(4) { all.append(.header("x-env")) }
        if random.oneIn(4) { all.append(.query("env", setsCookie: false)) }
        if random.oneIn(4) { all.append(.cookie("env", isSigned: false)) }
        if random.oneIn(2) { all.shuffle(using: &random) }
        return all.filter { _ in !random.oneIn(6) }
    }

    private static func target(
        _ host: String, _ port: UInt16, _ label: String, isOwned: Bool, _ random: inout SplitMix64
    ) -> RouteTarget {
        let header: Endpoint.HostHeader =
            [.target, .preserve, .literal("base.example")].randomElement(using: &random) ?? .target
        let endpoint = Endpoint(scheme: .http, host: host, port: port, hostHeader: header)
        guard isOwned || random.oneIn(8) else { return .endpoint(endpoint, label: label) }
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: .starting
        case 1: .suspended
        case 2: .failing(endpoint, label: label)
        default: .endpoint(endpoint, label: label)
        }
    }
}

/// One rule that matches now and then.
enum RandomRule {
    static func make(_ title: String, _ random: inout SplitMix64) -> RouteRule {
        let count = random.oneIn(3) ? Int.random(in: 2...3, using: &random) : 1
        let backends = (0..<count).map { _ in
            RouteBackend(
                service: key(nil, pick(RandomWorld.services, &random)).service,
                use: pick(RouteBackend.Use.allCases, &random),
                weight: random.oneIn(8) ? 0 : Int.random(in: 1...5, using: &random))
        }
        return RouteRule(
            title: title, match: match(&random), backends: backends,
            stickyCookie: random.oneIn(2) ? "stick" : nil, rewrite: rewrite(&random),
            requestHeaders: changes(&random), responseHeaders: changes(&random),
            timeoutMillis: random.oneIn(4) ? 90_000 : nil,
            fallback: Set(RouteRule.Fallback.allCases.filter { _ in random.oneIn(2) }))
    }

    private static func match(_ random: inout SplitMix64) -> RouteMatch {
        var match = RouteMatch()
        switch Int.random(in: 0..<4, using: &random) {
        case 0: match.host = .exact(pick(RandomWorld.hosts, &random))
        case 1: match.host = .below(pick(["shop.example", "example", RandomWorld.domain], &random))
        default: break
        }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: match.path = .exact(pick(RandomWorld.paths, &random))
        case 1, 2: match.path = .prefix(pick(RandomWorld.paths, &random))
        case 3: match.path = .regex(pick(RandomWorld.pathPatterns, &random))
        default: break
        }
        if random.oneIn(5) { match.method = pick(["GET", "POST"], &random) }
        // One of them at a time, mostly: all of a rule must hold.
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: match.headers = [value(RandomWorld.plainHeaders, &random)]
        case 2, 3: match.cookies = [value(RandomWorld.plainCookies, &random)]
        case 4, 5: match.query = [value(RandomWorld.plainParameters, &random)]
        case 6:
            match.headers = [value(RandomWorld.plainHeaders, &random)]
            match.query = [value(RandomWorld.plainParameters, &random)]
        default: break
        }
        return match
    }

    private static func value(_ names: [String], _ random: inout SplitMix64) -> RouteMatch.Value {
        let name = pick(names, &random)
        return switch Int.random(in: 0..<3, using: &random) {
        case 0: .init(name, .present)
        case 1: .init(name, .exact(pick(RandomWorld.values, &random)))
        default: .init(name, .regex(pick(RandomWorld.valuePatterns, &random)))
        }
    }

    private static func rewrite(_ random: inout SplitMix64) -> RouteRewrite? {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: .path(pick(["/fixed", "/", "/a%20b"], &random))
        case 1, 2: .prefix(pick(["/", "/new", "/new/", "/a/b"], &random))
        default: nil
        }
    }

    private static func changes(_ random: inout SplitMix64) -> HeaderChanges {
        guard random.oneIn(3) else { return HeaderChanges() }
        return HeaderChanges(
            set: ["x-added": pick(["1", "a | b, c:d;e%41 \"ü\""], &random)],
            remove: random.oneIn(2) ? ["x-mine", "x-team"] : [])
    }
}

func pick<Element>(_ elements: [Element], _ random: inout SplitMix64) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
}
