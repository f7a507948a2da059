internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

@Suite(.serialized) struct SelectionTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var path = "/account"
        var headers: [String: String] = [:]
        /// Counted from the first of the range; `nil` is the web port.
        var port: UInt16?
        var status = 200
        var target = ""
        var seen = "/"
        var body = ""
        let route: String
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "nothing selects", path: "/account/users?x=1", target: "baseline", seen: "/users?x=1",
            route: "-/account@baseline by default"),
        Case(name: "port", path: "/account", port: 0, target: "branch", route: "qa/account@branch by port"),
        Case(
            name: "query right after the segment", path: "/account?x=/y", port: 0, target: "branch", seen: "/?x=/y",
            route: "qa/account@branch by port"),
        Case(
            name: "port beats host and header", path: "/account",
            headers: ["host": "other.sand.example", "x-sandbox": "other"], port: 0, target: "branch",
            route: "qa/account@branch by port"),
        Case(
            name: "host", path: "/account/a/b", headers: ["host": "qa.sand.example"], target: "branch", seen: "/a/b",
            route: "qa/account@branch by host"),
        Case(
            name: "host in capitals with a port", headers: ["host": "QA.Sand.Example:8080"], target: "branch",
            route: "qa/account@branch by host"),
        Case(
            name: "service from the host keeps the path", path: "/account/x",
            headers: ["host": "account.qa.sand.example"], target: "branch", seen: "/account/x",
            route: "qa/account@branch by host"),
        Case(
            name: "service from the host on the sandbox's port", path: "/x",
            headers: ["host": "payment.other.sand.example"], port: 0, target: "baseline", seen: "/x",
            route: "qa/payment@baseline by port"),
        Case(
            name: "host beats header", headers: ["host": "qa.sand.example", "x-sandbox": "other"], target: "branch",
            route: "qa/account@branch by host"),
        Case(
            name: "host too deep", headers: ["host": "a.account.qa.sand.example"], target: "baseline",
            route: "-/account@baseline by default"),
        Case(
            name: "host that merely ends alike", headers: ["host": "qa.notsand.example"], target: "baseline",
            route: "-/account@baseline by default"),
        Case(name: "header", headers: ["x-sandbox": "qa"], target: "branch", route: "qa/account@branch by header"),
        Case(
            name: "header in capitals", headers: ["X-Sandbox": "QA"], target: "branch",
            route: "qa/account@branch by header"),
        Case(
            name: "unknown host, known header", headers: ["host": "zz.sand.example", "x-sandbox": "qa"],
            target: "branch", route: "qa/account@branch by header"),
        Case(
            name: "header of a sandbox not admitted", headers: ["x-sandbox": "hidden"], target: "baseline",
            route: "-/account@baseline by default"),
        Case(
            name: "header that is a path", headers: ["x-sandbox": "../.."], target: "baseline",
            route: "-/account@baseline by default"),
        Case(
            name: "header that tries a key", headers: ["x-sandbox": "qa:account"], target: "baseline",
            route: "-/account@baseline by default"),
        Case(
            name: "header of two kilobytes", headers: ["x-sandbox": String(repeating: "q", count: 2000)],
            target: "baseline", route: "-/account@baseline by default"),
        Case(
            name: "unlisted service of a sandbox", path: "/payment/p", headers: ["x-sandbox": "qa"],
            target: "baseline", seen: "/p", route: "qa/payment@baseline by header"),
        Case(
            name: "service that nobody has", path: "/nobody", port: 0, status: 404,
            body: "no route for service nobody in sandbox qa\n", route: "qa/- by port"),
        Case(name: "no service", path: "/", status: 404, body: "the path names no service\n", route: "-/- by default"),
        Case(
            name: "a service that cannot be", path: "/%3Cscript%3E", status: 404,
            body: "the path names no service\n", route: "-/- by default"),
        Case(name: "port of nobody", port: 5, status: 404, body: "no sandbox on port PORT\n", route: "-/- by default"),
        Case(
            name: "suspended", path: "/sleepy", port: 0, status: 503, body: "sandbox qa is suspended\n",
            route: "qa/suspended by port"),
        Case(
            name: "starting", path: "/fresh", port: 0, status: 503,
            body: "service fresh of sandbox qa is starting\n", route: "qa/starting by port"),
        Case(
            name: "target down", path: "/down", port: 0, status: 503, body: "target down@gone does not answer\n",
            route: "qa/down@gone by port"),
    ]

    @Test func sendsEachRequestWhereItBelongs() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            _ = try await bench.driver.setRoute(
                key(sandbox("hidden"), "account"), to: .suspended, on: bench.gateway.name)
            _ = try await bench.driver.setRoute(key(Bench.qa, "sleepy"), to: .suspended, on: bench.gateway.name)
            _ = try await bench.driver.setRoute(key(Bench.qa, "fresh"), to: .starting, on: bench.gateway.name)
            let gone = Endpoint(scheme: .http, host: "127.0.0.1", port: FreePorts.one())
            _ = try await bench.driver.setRoute(
                key(Bench.qa, "down"), to: .endpoint(gone, label: "down@gone"), on: bench.gateway.name)

            for example in Self.cases {
                let port = example.port.map { bench.ports.lowerBound + $0 }
                let answer = try bench.ask(example.path, example.headers, port: port)
                #expect(answer.status == example.status, "\(example.name)")
                #expect(answer.route == example.route, "\(example.name)")
                if example.status == 200 {
                    #expect(answer.target == example.target, "\(example.name)")
                    #expect(answer.path == example.seen, "\(example.name)")
                } else {
                    let body = example.body.replacing("PORT", with: "\(port ?? 0)")
                    #expect(answer.body == body, "\(example.name)")
                }
            }
        }
    }

    @Test func tellsTheTargetWhoAskedAndForWhichSandbox() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let chosen = try bench.ask("/account", ["x-sandbox": "zzz"], port: bench.ports.lowerBound)
            #expect(chosen.seen("x-sandbox") == ["qa"])
            #expect(chosen.seen("x-forwarded-for") == ["127.0.0.1"])
            #expect(chosen.seen("x-forwarded-host") == ["client.example"])
            #expect(chosen.seen("x-forwarded-proto") == ["http"])
            #expect(chosen.seen("host") == ["client.example"])

            let forged = ["x-forwarded-for": "6.6.6.6", "X-Forwarded-For": "7.7.7.7, 8.8.8.8"]
            for port in [bench.web, bench.ports.lowerBound] {
                #expect(try bench.ask("/account", forged, port: port).seen("x-forwarded-for") == ["127.0.0.1"])
            }

            let refused = try bench.ask("/account", ["x-sandbox": "zzz", "x-sandbox-route": "mine"])
            #expect(refused.seen("x-sandbox") == [])
            #expect(refused.seen("x-sandbox-route") == [])
        }
    }

    @Test func aTargetNamedByDNSSeesItsOwnHost() async throws {
        try await Bench.run { bench in
            let named = Endpoint(scheme: .http, host: "localhost", port: bench.baseline.port)
            _ = try await bench.driver.setRoute(
                key(nil, "account"), to: .endpoint(named, label: "account@named"), on: bench.gateway.name)
            let answer = try bench.ask("/account")
            #expect(answer.seen("host") == ["localhost:\(bench.baseline.port)"])
            #expect(answer.seen("x-forwarded-host") == ["client.example"])
            #expect(try await bench.observed().routes[key(nil, "account")] == .endpoint(named, label: "account@named"))
        }
    }

    @Test func requestsOnOneConnectionAlternateBetweenTargets() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let wire = try #require(Wire(to: bench.web))
            for turn in 0..<300 {
                let answer = wire.ask("/account/\(turn)", turn % 2 == 0 ? [:] : ["x-sandbox": "qa"])
                #expect(answer?.target == (turn % 2 == 0 ? "baseline" : "branch"))
                #expect(answer?.path == "/\(turn)")
            }
        }
    }

    @Test func aHeaderWithAnUnderscoreSelects() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var gateway = bench.gateway
            gateway.selection = [.header("x_sandbox")]
            try await bench.driver.configure(gateway)
            #expect(try await bench.driver.survey(gateway).isCurrent)
            #expect(try bench.ask("/account", ["X_Sandbox": "qa"]).route == "qa/account@branch by header")
        }
    }

    @Test func whatCannotBeConfiguredHidesNothingThatIsLive() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let before = try await bench.observed()
            var gateway = bench.gateway
            gateway.selection = [.header("two words")]
            let observed = try await bench.driver.survey(gateway)
            #expect(observed.isRunning && before.isCurrent && !observed.isCurrent)
            #expect(observed.routes == before.routes)
            #expect(observed.sandboxes == before.sandboxes)
            let bad = gateway
            #expect(await failure { try await bench.driver.configure(bad) }?.failure == .refused)
        }
    }

    @Test func aTargetThatSomebodyWroteMayNotBeInTheNetworkOfASandbox() async throws {
        try await Bench.run { bench in
            let name = bench.gateway.name
            func lead(_ service: String, to host: String) async throws {
                let target = Endpoint(scheme: .http, host: host, port: 80, isLiteral: true)
                _ = try await bench.driver.setRoute(
                    key(Bench.qa, service), to: .endpoint(target, label: "l"), on: name)
            }
            try await bench.driver.admit(
                Bench.qa, Admission(network: Subnet("10.99.0.0/24")), to: name)
            for host in ["10.99.0.1", "10.99.0.254"] {
                let refusal = await failure { try await lead("account", to: host) }
                #expect(refusal?.failure == .refused)
                #expect(
                    refusal?.message
                        == "requests must not go to \(host): \(host) is inside 10.99.0.0/24, the network of a sandbox")
            }
            try await lead("account", to: "10.98.255.255")
            try await lead("payment", to: "10.77.0.1")
            #expect(try await bench.observed().moved == [])
            try await bench.driver.admit(
                sandbox("pr"), Admission(network: Subnet("10.77.0.0/28")), to: name)
            #expect(try await bench.observed().moved == [key(Bench.qa, "payment")])
        }
    }

    @Test func strangeHeadersNeitherBreakNorForge() async throws {
        let strange = [
            "x-sandbox: qa\r\nx-sandbox: other\r\n",
            "x-sandbox: other\r\nx-sandbox: qa\r\n",
            "x-sandbox: qa\r\n folded\r\n",
            "x-sandbox: q\u{1}a\r\n",
            "x-sandbox: qa%0d%0ax-admin: 1\r\n",
            "x-sandbox: qa\rx-admin: 1\r\n",
            "x-sandbox: \(String(repeating: "q", count: 40_000))\r\n",
            "x-sandbox : qa\r\n",
        ]
        try await Bench.run { bench in
            try await bench.lay()
            for header in strange {
                let name = Comment(rawValue: String(header.prefix(40)).debugDescription)
                let wire = try #require(Wire(to: bench.web))
                wire.send("GET /account HTTP/1.1\r\nhost: client.example\r\n\(header)\r\n")
                let answer = try #require(wire.answer(), name)
                #expect(answer.status == 200 || answer.status == 400, name)
                #expect(answer.headers["x-admin"] == nil, name)
                #expect(answer.seen("x-admin") == [], name)
                if answer.status == 200 {
                    #expect(answer.seen("x-sandbox") == (answer.target == "branch" ? ["qa"] : []), name)
                }
            }
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
        }
    }
}
