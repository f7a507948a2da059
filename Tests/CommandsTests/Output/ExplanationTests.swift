import Foundation
import Model
import Planner
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What berth explain says")
struct ExplanationTests {
    /// Requests that between them have every part of an answer.
    static let asked: [(name: String, line: String, source: String?)] = [
        (
            "rule",
            "curl -X POST https://account.qa.dev.example.com:18000/v2/login/now?__sandbox=dev -H 'x-tenant: qa' "
                + "-H 'x-debug: 1' -H 'x-sandbox: ghost' -H 'baggage: a=b' -b login-api=7",
            nil
        ),
        (
            "public",
            "curl https://x.test:18443/account -H 'x-sandbox: qa' -b __sandbox=qa."
                + String(repeating: "0a", count: 32),
            nil
        ),
        ("forged", "curl http://x.test:18000/account -b __sandbox=qa.00", nil),
        (
            "chance",
            "curl -X POST https://account.qa.dev.example.com:18000/v2/login -H 'x-tenant: qa'", nil
        ),
        ("near", "curl -H 'x-tenant: prod' -X POST http://qa.dev.example.com:18000/v2/login", nil),
        ("suspended", "curl http://localhost:18081/account/a", nil),
        ("inside", "curl http://payment:8080/pay -H 'x-sandbox: dev'", "10.210.0.2"),
        ("lost", "curl http://qa.dev.example.com:18000/", nil),
        ("nobody", "curl http://localhost:18090/account", nil),
    ]

    static func answer(_ name: String) throws -> Explanation {
        let asked = try #require(asked.first { $0.name == name })
        var request = try AskedRequest(curl: asked.line)
        request.source = asked.source
        let choice = try GatewayChoice(for: request, among: RouteSample.desired.gateways, named: nil)
        var table = RoutingTable(RouteSample.live)
        let arriving = try choice.arriving(request, at: &table)
        return Explanation(
            of: arriving, at: choice.gateway, by: table, on: .live, in: RouteSample.desired,
            notes: request.notes + choice.notes)
    }

    @Test("Every part of an answer, in a file", arguments: asked.map(\.name))
    func golden(name: String) throws {
        try expectGolden(ExplanationText(try Self.answer(name)).text(in: .file), "explain-\(name)")
    }

    @Test("At every width", arguments: ["60", "100", "160-coloured"])
    func widths(name: String) throws {
        let text = ExplanationText(try Self.answer("rule")).text(in: try Displays.named(name))
        try expectGolden(visible(text), "explain-rule-\(name)")
    }

    @Test("Offline it says which commit it speaks of, and labels as they will be")
    func offline() throws {
        let desired = RouteSample.desired
        let request = try AskedRequest(words: ["http://qa.dev.example.com:18000/account/x"])
        let answer = Explanation(
            of: request.request(at: 18000), at: RouteSample.gateway,
            by: RoutingTable(of: Sample.gatewayName, in: desired), on: .manifests(desired.revision), in: desired)
        let text = ExplanationText(answer).text(in: .file)
        #expect(text.contains("gateway    main, port 18000 (web), as it will be at 9999999  (Achmad)"))
        #expect(text.contains("account@feature-login  http://account:8080"))
        #expect(!text.contains(" host: "))
        #expect(text.contains("the address of a container and the commit of its branch are known only when it runs"))
    }

    @Test("A call out of a sandbox can be asked for by the sandbox's name, also before it has a network")
    func callers() throws {
        var asked = try AskedRequest(words: ["http://payment:8080/pay"])
        let choice = try GatewayChoice(for: asked, among: RouteSample.desired.gateways, named: nil)
        for table in [RoutingTable(RouteSample.live), RoutingTable(of: Sample.gatewayName, in: RouteSample.desired)] {
            var table = table
            asked.caller = RouteSample.qa
            let request = try choice.arriving(asked, at: &table)
            let answer = Explanation(of: request, at: choice.gateway, by: table, on: .live, in: RouteSample.desired)
            #expect(answer.decision.selection.isInside)
            #expect(answer.decision.selection.sandbox == RouteSample.qa)
            asked.caller = Sample.name("ghost")
            let error = #expect(throws: UnreadableRequest.self) { try choice.arriving(asked, at: &table) }
            #expect(error?.description.hasPrefix("gateway main lets no sandbox ghost in; there are: dev, qa") == true)
        }
    }

    @Test("What decided is never told as a conflict, and a conflict is always told", arguments: 0..<20)
    func agreesWithTheLaw(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ values: [String]) -> String { values[Int.random(in: 0..<values.count, using: &random)] }
        for _ in 0..<40 {
            let names = ["qa", "dev", "ghost", "Not A Name", ""]
            let request = GatewayRequest(
                host: pick(["qa.dev.example.com", "account.dev.dev.example.com", "x.test", "payment"]),
                port: [18000, 18080, 18081, 18099, 18443, 8080, 1][Int.random(in: 0..<7, using: &random)],
                path: pick(["/", "/account/x", "/v2/login"]), query: random.oneIn(2) ? "__sandbox=" + pick(names) : nil,
                headers: [
                    .init("x-sandbox", pick(names)), .init("baggage", "sandbox=" + pick(names)),
                    .init("cookie", "__sandbox=" + pick(names) + "." + String(repeating: "0", count: 64)),
                ], source: pick(["10.210.0.2", "10.210.0.20", "192.168.0.1"]),
                destination: pick(["10.210.0.1", "10.210.0.17", "192.168.0.2"]))
            let answer = Explanation(
                of: request, at: RouteSample.gateway, by: RoutingTable(RouteSample.live), on: .live,
                in: RouteSample.desired)
            let object = try jsonObject(ExplanationJSON(answer).text)
            let carriers = try #require(object["carriers"] as? [[String: Any]])
            let verdicts = carriers.compactMap { $0["verdict"] as? String }
            let chosen = carriers.filter { $0["verdict"] as? String == "chose" }
            #expect(chosen.count == (answer.decision.selection.sandbox == nil ? 0 : 1))
            #expect(chosen.first?["names"] as? String == answer.decision.selection.sandbox?.text)
            let told = verdicts.count { ["contradicts", "unknown", "unreadable"].contains($0) }
            #expect(told == answer.decision.selection.conflicts.count, "\(request)")
        }
    }

    @Test(
        "The target sees the host that its endpoint is to be asked for, and no claim that proves nothing",
        arguments: [
            (Endpoint(scheme: .https, host: "a.shared", port: 443), "host: a.shared"),
            (Endpoint(scheme: .https, host: "a.shared", port: 8443), "host: a.shared:8443"),
            (Endpoint(scheme: .http, host: "10.0.0.9", port: 80), nil),
            (Endpoint(scheme: .http, host: "a.shared", port: 80, hostHeader: .preserve), nil),
            (Endpoint(scheme: .http, host: "a.shared", port: 80, hostHeader: .literal("b.shared")), "host: b.shared"),
        ] as [(Endpoint, String?)])
    func hosts(endpoint: Endpoint, says: String?) throws {
        var gateway = RouteSample.gateway
        gateway.selection.append(.cookie("bare", isSigned: false))
        var table = RoutingTable(RouteSample.live)
        table.routes[RouteKey(sandbox: nil, service: RouteSample.account)] = .endpoint(
            endpoint, label: "account@baseline")
        let request = GatewayRequest(
            host: "x.test", port: 18443, path: "/account",
            headers: [
                .init("x-sandbox", "qa"), .init("baggage", "sandbox=qa, a=b"), .init("tracestate", "sandbox=qa"),
                .init("cookie", "a=1; bare=qa"),
            ])
        let answer = Explanation(of: request, at: gateway, by: table, on: .live, in: RouteSample.desired)
        let text = ExplanationText(answer).text(in: .file)
        #expect(says.map { text.contains(" \($0)\n") } ?? !text.contains(" host: "))
        for line in ["baggage:  a=b", "cookie: a=1", "tracestate is taken out", "x-sandbox is taken out"] {
            #expect(text.contains(" \(line)\n"), "\(text)")
        }
    }

    @Test("Every answer keeps to schemas/explain.v1.json", arguments: asked.map(\.name))
    func schema(name: String) throws {
        try SchemaValidator.expect(ExplanationJSON(try Self.answer(name)).text, toKeepTo: "explain.v1")
    }

    @Test("Of many rules the five that came nearest are told, and the others counted")
    func many() throws {
        var table = RoutingTable(RouteSample.live)
        table.rules[.everybody] = (0..<20).map { number in
            RouteRule(
                title: "r\(number)",
                match: RouteMatch(
                    path: .prefix(number == 7 ? "/v2" : "/x\(number)"), method: "PUT"),
                backends: [RouteBackend(service: RouteSample.user)])
        }
        let answer = Explanation(
            of: GatewayRequest(host: "x.test", port: 18000, path: "/v2"), at: RouteSample.gateway, by: table,
            on: .live, in: RouteSample.desired)
        let lines = ExplanationText(answer).text(in: .file).split(separator: "\n")
        let first = try #require(lines.firstIndex { $0.contains("not by") })
        #expect(lines[first].contains("r7: it is for PUT  no manifest: seen on the gateway"))
        #expect(lines[first + 1].contains("r0: it is for path /x0/…"))
        #expect(lines[first + 5].contains("and 15 more rules that come before"))
    }

    @Test(
        "The gateway is told by port and host, and an error says which there are",
        arguments: [
            ("curl http://x.test:18000", nil, "main 18000"), ("curl http://x.test:18085", nil, "main 18085"),
            (
                "curl http://x.test:8080", nil, "gateways edge, main listen on port 8080; say which one: --gateway edge"
            ),
            ("curl http://qa.dev.example.com:8080", nil, "main 8080"),
            ("curl http://x.test:8080", "main", "main 8080"),
            ("curl https://qa.dev.example.com/", nil, "main 18000"),
            ("curl https://a.prod.example.com/", nil, "edge 19000"),
            (
                "curl https://x.test/", nil,
                "gateways edge, main may stand behind port 443; say which one: --gateway edge"
            ),
            (
                "curl http://x.test:9", nil,
                "no gateway listens on port 9: edge on 19000 (web), 8080 (other), main on 18080–18099 (sandboxes), "
                    + "18000 (web), 18443 (edge), 8080 (inside); say which with --port"
            ),
            ("curl http://x.test", "mian", "there is no gateway mian; there are: edge, main, php"),
            (
                "curl http://x.test", "php",
                "gateway php is a program of its own that decides for itself; berth routes shows what it is told"
            ),
        ] as [(String, String?, String)])
    func choices(line: String, named: String?, says: String) throws {
        let edge = DesiredGateway(
            name: Sample.name("edge"), node: Sample.node,
            listeners: [GatewayListener(name: "web", .web(19000)), GatewayListener(name: "other", .web(8080))],
            baseDomain: "prod.example.com", place: Sample.place)
        let php = DesiredGateway(
            name: Sample.name("php"), node: Sample.node, driver: .configFileMap(ConfigFileMap(folder: "/srv")),
            listeners: [], place: Sample.place)
        let gateways = [edge.name: edge, RouteSample.gateway.name: RouteSample.gateway, php.name: php]
        do {
            let choice = try GatewayChoice(
                for: try AskedRequest(curl: line), among: gateways, named: named.map { Sample.name($0) })
            #expect("\(choice.gateway.name) \(choice.port)" == says)
            #expect(choice.notes.isEmpty == !line.contains("https"))
        } catch {
            #expect("\(error)" == says)
        }
    }
}
