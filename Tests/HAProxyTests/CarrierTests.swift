internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// In which ways a request names its sandbox, and what the next hop is told.
@Suite(.serialized) struct CarrierTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var query = ""
        var headers: [String: String] = [:]
        var isPublic = false
        let route: String
        var conflict: String?
        var testDescription: String { name }
    }

    private static let long = String(repeating: "l", count: 8192)

    static let cases = [
        Case(name: "baggage", headers: ["baggage": "a=1, sandbox=qa;p=1,b=2"], route: "qa/account@branch by baggage"),
        Case(name: "encoded baggage", headers: ["baggage": "sandbox=%71a"], route: "qa/account@branch by baggage"),
        Case(name: "tracestate", headers: ["tracestate": "v=1,sandbox=qa"], route: "qa/account@branch by tracestate"),
        Case(name: "query", query: "?x=1&__sandbox=qa", route: "qa/account@branch by query"),
        Case(
            name: "header before baggage before tracestate before query", query: "?__sandbox=c",
            headers: ["x-sandbox": "qa", "baggage": "sandbox=a", "tracestate": "sandbox=b"],
            route: "qa/account@branch by header", conflict: "baggage=a?, tracestate=b?, query=c?"),
        Case(
            name: "a carrier that agrees is no conflict", headers: ["x-sandbox": "qa", "baggage": "sandbox=QA"],
            route: "qa/account@branch by header"),
        Case(
            name: "another sandbox that there is", headers: ["x-sandbox": "qa", "baggage": "sandbox=other"],
            route: "qa/account@branch by header", conflict: "baggage=other"),
        Case(
            name: "unknown names are skipped and told", headers: ["x-sandbox": "ghost", "tracestate": "sandbox=qa"],
            route: "qa/account@branch by tracestate", conflict: "header=ghost?"),
        Case(
            name: "what is no name", headers: ["x-sandbox": "a b"], route: "-/account@baseline by default",
            conflict: "header=?"),
        Case(
            name: "a header over its bytes", headers: ["x-sandbox": "qa\(String(repeating: " ", count: 126))a"],
            route: "-/account@baseline by default", conflict: "header=?"),
        Case(
            name: "baggage over its bytes", headers: ["baggage": "sandbox=qa,l=\(long)"],
            route: "-/account@baseline by default", conflict: "baggage=?"),
        Case(
            name: "baggage over its members",
            headers: ["baggage": "sandbox=qa" + String(repeating: ",m=1", count: 64)],
            route: "-/account@baseline by default", conflict: "baggage=?"),
        Case(
            name: "tracestate over its bytes", headers: ["tracestate": "sandbox=qa,l=\(long.prefix(512))"],
            route: "-/account@baseline by default", conflict: "tracestate=?"),
        Case(
            name: "query over its bytes", query: "?__sandbox=qa&l=\(long)", route: "-/account@baseline by default",
            conflict: "query=?"),
        Case(
            name: "cookies over their bytes", headers: ["cookie": "l=\(long); __sandbox=qa"],
            route: "-/account@baseline by default", conflict: "cookie=?"),
        Case(
            name: "a cookie without signature", headers: ["cookie": "__sandbox=qa"],
            route: "-/account@baseline by default", conflict: "cookie=?"),
        Case(
            name: "a forged cookie",
            headers: ["cookie": "a=b; __sandbox=qa.\(String(repeating: "0", count: 64))"],
            route: "-/account@baseline by default", conflict: "cookie=?"),
        Case(
            name: "what proves nothing is not believed in public", query: "?__sandbox=qa",
            headers: ["x-sandbox": "qa", "baggage": "sandbox=qa", "tracestate": "sandbox=qa"], isPublic: true,
            route: "-/account@baseline by default"),
        Case(
            name: "a host is believed in public", headers: ["host": "qa.sand.example"], isPublic: true,
            route: "qa/account@branch by host"),
    ]

    @Test func readsEveryCarrierInOrderAndTellsContradictions() async throws {
        try await Bench.run { bench in
            let open = try await Self.openToThePublic(bench)
            for example in Self.cases {
                let port = example.isPublic ? open : bench.web
                let answer = try bench.ask("/account\(example.query)", example.headers, port: port)
                #expect(answer.status == 200, "\(example.name)")
                #expect(answer.route == example.route, "\(example.name)")
                #expect(answer.headers["x-sandbox-conflict"] == example.conflict, "\(example.name)")
            }
        }
    }

    @Test func aSelectedRequestCarriesItsSandboxOnAndLosesWhatContradicts() async throws {
        try await Bench.run { bench in
            let open = try await Self.openToThePublic(bench)
            let chosen = try bench.ask(
                "/account?a=1&__sandbox=other&b=2",
                ["x-sandbox": "qa", "baggage": "x=1,sandbox=other;p=2, y=2", "tracestate": "v=1"])
            #expect(chosen.seen("x-sandbox") == ["qa"])
            #expect(chosen.seen("baggage") == ["sandbox=qa,x=1, y=2"])
            #expect(chosen.seen("tracestate") == ["sandbox=qa,v=1"])
            #expect(chosen.path == "/?a=1&b=2")
            #expect(chosen.seen("via") == ["1.1 berth-main"])

            for port in [bench.web, open] {
                let none = try bench.ask(
                    "/account?__sandbox=ghost",
                    ["x-sandbox": "ghost", "baggage": "sandbox=ghost,x=1", "tracestate": "v=1"],
                    port: port)
                #expect(none.seen("x-sandbox") == [])
                #expect(none.seen("baggage") == ["x=1"])
                #expect(none.seen("tracestate") == ["v=1"])
                #expect(none.path == "/")
            }
            let full = "v=1" + String(repeating: ",m=1", count: 31)
            let crowded = try bench.ask("/account", ["x-sandbox": "qa", "tracestate": full]).seen("tracestate")
            #expect(crowded.first?.split(separator: ",").count == 32, "the next hop must be able to read it")
            #expect(crowded.first?.hasPrefix("sandbox=qa,v=1,") == true)
            let long = try bench.ask("/account", ["baggage": "l=\(Self.long)"])
            #expect(long.seen("baggage") == [], "what is too long to be read is not sent on")
        }
    }

    @Test func aLinkSetsACookieThatTheGatewaySigned() async throws {
        try await Bench.run { bench in
            let open = try await Self.openToThePublic(bench)
            let answer = try bench.ask("/account?__sandbox=qa")
            let cookie = try #require(answer.headers["set-cookie"])
            let pattern = /(__sandbox=qa\.[0-9a-f]{64}); Path=\/; HttpOnly; SameSite=Lax/
            let value = String(try #require(cookie.wholeMatch(of: pattern), "\(cookie)").1)
            for port in [bench.web, open] {
                let again = try bench.ask("/account", ["cookie": "a=b; \(value)"], port: port)
                #expect(again.route == "qa/account@branch by cookie")
                #expect(again.headers["x-sandbox-conflict"] == nil)
                #expect(again.headers["set-cookie"] == nil)
            }
            let other = try bench.ask("/account", ["cookie": value.replacing("=qa.", with: "=other.")])
            #expect(other.headers["x-sandbox-conflict"] == "cookie=?", "a signature is for one name")
            #expect(try bench.ask("/account?__sandbox=qa", port: open).headers["set-cookie"] == nil)
            #expect(try bench.ask("/account?__sandbox=ghost").headers["set-cookie"] == nil)

            // It is good for as long as the gateway's folder, and in no file that tells of the configuration.
            let other2 = DesiredGateway(
                name: bench.gateway.name, node: bench.gateway.node, listeners: bench.gateway.listeners,
                selection: Selector.standard, place: bench.gateway.place)
            try await bench.driver.configure(other2)
            #expect(try bench.ask("/account", ["cookie": value]).route == "qa/account@branch by cookie")
            let key = try #require(FileManager.default.contents(atPath: "\(bench.folder)/cookie.key"))
            #expect(key.count == 32)
            let mode = try FileManager.default.attributesOfItem(atPath: "\(bench.folder)/cookie.key")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func aBareCookieIsStrippedInPublic() async throws {
        try await Bench.run { bench in
            var gateway = bench.gateway
            gateway.selection = [.cookie("env", isSigned: false)]
            let open = try await Self.openToThePublic(bench, gateway)
            let cookies = ["cookie": "a=1; env=qa; b=2"]
            #expect(try bench.ask("/account", cookies).route == "qa/account@branch by cookie")
            let strange = try bench.ask("/account", cookies, port: open)
            #expect(strange.route == "-/account@baseline by default")
            #expect(strange.seen("cookie") == ["a=1; b=2"])
        }
    }

    @Test func headersOfAnswersAreAsTheManifestSays() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var gateway = bench.gateway
            gateway.responseHeaders = ResponseHeaders(route: "x-served-by", conflict: nil)
            gateway.injects = [.tracestate]
            try await bench.driver.configure(gateway)
            let answer = try bench.ask("/account", ["x-sandbox": "qa", "baggage": "sandbox=ghost"])
            #expect(answer.headers["x-served-by"] == "qa/account@branch by header")
            #expect(answer.route == "forged", "the target's own header is nobody's business then")
            #expect(answer.headers["x-sandbox-conflict"] == nil)
            #expect(answer.seen("x-sandbox") == [] && answer.seen("baggage") == [])
            #expect(answer.seen("tracestate") == ["sandbox=qa"])
        }
    }

    @Test func aRequestThatGoesInACircleEnds() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let loop = Endpoint(scheme: .http, host: "127.0.0.1", port: bench.web, hostHeader: .preserve)
            _ = try await bench.driver.setRoute(
                key(nil, "account"), to: .endpoint(loop, label: "account@loop"), on: bench.gateway.name)
            // The path loses a segment on every pass.
            let answer = try bench.ask(String(repeating: "/account", count: 12))
            #expect(answer.status == 508)
            #expect(answer.body == "the request goes in a circle\n")
        }
    }

    @Test func aWayTooLongToBeReadIsACircle() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            for (bytes, status) in [(8192, 200), (8193, 508)] {
                let answer = try bench.ask("/account", ["via": String(repeating: "v", count: bytes)])
                #expect(answer.status == status, "\(bytes)")
            }
        }
    }

    /// A pattern that tries every blank anew takes half a second of the proxy for each of these.
    @Test(arguments: ["via: a# a", "cookie: a=b# b", "baggage: a=b# b", "cookie: a# b=c"])
    func blanksAreReadAsFastAsLetters(header: String) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            func time(of filling: String) throws -> Duration {
                let line = header.replacing("#", with: String(repeating: filling, count: 8000))
                return try ContinuousClock().measure {
                    for _ in 0..<20 {
                        let wire = try #require(Wire(to: bench.web))
                        wire.send("GET /account HTTP/1.1\r\nhost: client.example\r\n\(line)\r\n\r\n")
                        #expect(wire.answer()?.status == 200)
                    }
                }
            }
            let letters = try time(of: "l")
            let blanks = try time(of: " ")
            #expect(blanks < letters * 8 + .seconds(1), "\(blanks), not \(letters)")
        }
    }

    @Test func callsOutOfASandboxAreKnownByTheirNetwork() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var gateway = bench.gateway
            let inside = FreePorts.one()
            gateway.listeners.append(GatewayListener(name: "inside", .inside([inside, bench.web])))
            try await bench.driver.configure(gateway)
            let network = try #require(Subnet("127.77.0.0/24"))
            try await bench.driver.admit(Bench.qa, Admission(network: network), to: gateway.name)
            let rule = RouteRule(title: "any", backends: [RouteBackend(service: key(nil, "payment").service)])
            try await bench.driver.setRules([rule], of: .everybody, on: gateway.name)
            func ask(_ host: String, from source: String, to destination: String, _ port: UInt16) throws -> LawAnswer {
                let stream = try #require(ByteStream(from: source, to: destination, port: port))
                #expect(stream.send(Array("GET /p HTTP/1.1\r\nhost: \(host)\r\n\r\n".utf8)))
                return try #require(LawAnswer(from: stream))
            }
            for port in [inside, bench.web] {
                let answer = try ask("account", from: "127.77.0.9", to: "127.77.0.1", port)
                #expect(answer.one("x-sandbox-route") == "qa/account@branch by network")
            }
            let outside = try ask("account", from: "127.0.0.1", to: "127.77.0.1", inside)
            #expect(outside.status == 404)
            #expect(outside.body == "port \(inside) is for calls out of sandboxes\n")
            #expect(try ask("account", from: "127.78.0.9", to: "127.77.0.1", inside).status == 404)
            let web = try ask("account", from: "127.77.0.9", to: "127.0.0.1", bench.web)
            #expect(web.one("x-sandbox-route") == "qa/payment@baseline by network, rule any")
            #expect(try await bench.driver.survey(gateway).sandboxes == [Bench.qa: Admission(network: network)])
            let thief = await failure {
                try await bench.driver.admit(sandbox("pr"), Admission(network: network), to: gateway.name)
            }
            #expect(thief?.failure == .stale)
            try await bench.driver.dismiss(Bench.qa, from: gateway.name)
            #expect(try ask("account", from: "127.77.0.9", to: "127.77.0.1", inside).status == 404)
        }
    }

    /// Adds a public listener; returns its port.
    private static func openToThePublic(_ bench: Bench, _ other: DesiredGateway? = nil) async throws -> UInt16 {
        try await bench.lay()
        try await bench.driver.admit(sandbox("other"), Admission(), to: bench.gateway.name)
        var gateway = other ?? bench.gateway
        let port = FreePorts.one()
        gateway.listeners.append(GatewayListener(name: "public", .web(port), isPublic: true))
        try await bench.driver.configure(gateway)
        return port
    }
}
