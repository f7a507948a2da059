internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// Rules as the live gateway follows them. That it follows them as the law does is tested on random ones.
@Suite(.serialized) struct RuleTests {
    @Test func rulesAreReadBackAsTheyWereGiven() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let gateway = bench.gateway.name
            for rules in [[Self.full, Self.plain("second")], [Self.plain("only")]] {
                try await bench.driver.setRules(rules, of: .everybody, on: gateway)
                try await bench.driver.setRules(rules, of: .sandbox(Bench.qa), on: gateway)
                let observed = try await bench.observed()
                #expect(observed.rules == [.everybody: rules, .sandbox(Bench.qa): rules])
                #expect(observed.isCurrent)
                let entries = try bench.byHand("show map \(bench.folder)/rules.map").split(separator: "\n")
                #expect(entries.count == rules.count, "two scopes with the same rules share them, and old ones go")
            }
            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().rules.count == 2)
            for scope in [RouteScope.everybody, .sandbox(Bench.qa)] {
                try await bench.driver.setRules([], of: scope, on: gateway)
            }
            #expect(try await bench.observed().rules == [:])
            #expect(try bench.byHand("show map \(bench.folder)/rules.map").isEmpty)
        }
    }

    @Test func aThousandRulesAreTakenAndNotOneMore() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let rules = (0..<1_001).map { number in
                RouteRule(
                    title: "r\(number)", match: RouteMatch(host: .exact("h\(number).example")),
                    backends: [RouteBackend(service: key(nil, "payment").service)])
            }
            let refusal = await failure {
                try await bench.driver.setRules(rules, of: .everybody, on: bench.gateway.name)
            }
            #expect(refusal?.failure == .refused)
            #expect(refusal?.message.hasPrefix("a gateway takes 1000 for everybody") == true)
            try await bench.driver.setRules(Array(rules.dropLast()), of: .everybody, on: bench.gateway.name)
            #expect(try await bench.observed().isCurrent)
            #expect(
                try bench.ask("/x", ["host": "h999.example"]).route == "-/payment@baseline by default, rule r999")
        }
    }

    @Test(arguments: [
        ("content-length", "1"), ("transfer-encoding", "x"), ("x y", "1"), ("x-a", "1\r\nx-b: 2"), ("host", "h"),
    ])
    func aRuleCannotBreakMessages(header: String, value: String) async throws {
        var rule = Self.plain("bad")
        rule.requestHeaders.set = [header: value]
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        let name = try GatewayName("main")
        let bad = rule
        let refusal = await failure { try await driver.setRules([bad], of: .everybody, on: name) }
        #expect(refusal?.failure == .refused)
    }

    @Test func aRuleTooLongForATableIsRefusedWithASentence() async throws {
        var rule = Self.plain("long")
        rule.responseHeaders.set = ["x-long": String(repeating: "l", count: 12_000)]
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        let name = try GatewayName("main")
        let long = rule
        let refusal = await failure { try await driver.setRules([long], of: .everybody, on: name) }
        #expect(refusal?.failure == .refused)
        #expect(refusal?.message.contains("of the 12000 that a gateway's table has for a rule") == true)
    }

    @Test func weightsAreSharesAndACookieKeepsAClientAtItsOwn() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var rule = Self.plain("canary")
            rule.backends = [
                RouteBackend(service: key(nil, "account").service, use: .sandbox, weight: 1),
                RouteBackend(service: key(nil, "account").service, use: .baseline, weight: 3),
            ]
            try await bench.driver.setRules([rule], of: .sandbox(Bench.qa), on: bench.gateway.name)
            let wire = try #require(Wire(to: bench.ports.lowerBound))
            let count = 2_000
            let branch = (0..<count).count { _ in wire.ask("/x")?.target == "branch" }
            // Five standard deviations of 2,000 draws of one in four.
            #expect((403...597).contains(branch))

            rule.stickyCookie = "lane"
            try await bench.driver.setRules([rule], of: .sandbox(Bench.qa), on: bench.gateway.name)
            for _ in 0..<20 {
                let first = try #require(wire.ask("/x"))
                let cookie = try #require(first.headers["set-cookie"]?.wholeMatch(of: /(lane=[0-9a-f]{8}); Path=\//)).1
                for _ in 0..<5 {
                    let next = wire.ask("/x", ["cookie": "a=b; \(cookie)"])
                    #expect(next?.target == first.target)
                    #expect(next?.headers["set-cookie"] == nil)
                }
            }
        }
    }

    @Test func aRulesTimeoutIsItsTargets() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var rule = Self.plain("quick")
            rule.match.path = .prefix("/quick")
            rule.timeoutMillis = 300
            try await bench.driver.setRules([rule], of: .everybody, on: bench.gateway.name)
            let answer = try bench.ask("/quick/slow")
            #expect(answer.status == 504)
            #expect(answer.body == "target account@baseline took too long to answer\n")
        }
    }

    @Test func fallsBackWhereTheRuleSaysSo() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let gateway = bench.gateway.name
            var rule = Self.plain("api")
            func route() throws -> String { try bench.ask("/x", port: bench.ports.lowerBound).route }
            for (target, fallback) in [
                (RouteTarget.starting, RouteRule.Fallback.unhealthy), (.suspended, .suspended),
                (.failing(Endpoint(scheme: .http, host: "127.0.0.1", port: 1), label: "account@gone"), .unhealthy),
            ] {
                _ = try await bench.driver.setRoute(key(Bench.qa, "account"), to: target, on: gateway)
                rule.fallback = [fallback]
                try await bench.driver.setRules([rule], of: .everybody, on: gateway)
                #expect(try route() == "qa/account@baseline by port, rule api, fallback")
                #expect(try await bench.observed().routes[key(Bench.qa, "account")] == target)
                rule.fallback = []
                try await bench.driver.setRules([rule], of: .everybody, on: gateway)
                #expect(try route().hasPrefix("qa/"))
                #expect(try bench.ask("/x", port: bench.ports.lowerBound).status == 503)
            }
        }
    }

    static func plain(_ title: String) -> RouteRule {
        RouteRule(title: title, backends: [RouteBackend(service: key(nil, "account").service)])
    }

    /// One of everything, with every letter that means something to somebody on the way.
    static let full = RouteRule(
        title: "route \"all\"; <<\\ |,:=%ü/1",
        match: RouteMatch(
            host: .below("shop.example"), path: .regex(#"/a\|b(c|d)?"#), method: "POST",
            headers: [
                .init("x-a", .exact("a,b:c|d;e\\f<<g h")), .init("x-b", .present), .init("x-c", .regex(#"\d+;"#)),
            ],
            cookies: [.init("c", .exact(""))], query: [.init("q", .regex("a|b"))]),
        backends: [
            RouteBackend(service: key(nil, "account").service, use: .sandbox, weight: 0),
            RouteBackend(service: key(nil, "payment").service, use: .baseline, weight: 1_000_000),
        ],
        stickyCookie: "lane", rewrite: .prefix("/x;y%20z"),
        requestHeaders: HeaderChanges(set: ["x-one": "1; 2 | 3, 4: 5 \\ ü"], remove: ["x-two", "x-three"]),
        responseHeaders: HeaderChanges(set: ["x-four": ""], remove: ["server"]), timeoutMillis: 1_500,
        fallback: [.unhealthy, .suspended])
}
