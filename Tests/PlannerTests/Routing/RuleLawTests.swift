import Model
import Planner
import TestSupport
import Testing

@Suite("What becomes of a request")
struct RuleLawTests {
    @Test(
        "A rule is for the requests that fit all of it",
        arguments: [
            (RouteMatch(path: .prefix("/v2/login")), RoutingSample.request("/v2/login"), true),
            (RouteMatch(path: .prefix("/v2/login")), RoutingSample.request("/v2/login/x"), true),
            (RouteMatch(path: .prefix("/v2/login")), RoutingSample.request("/v2/loginx"), false),
            (RouteMatch(path: .exact("/v2")), RoutingSample.request("/v2/"), false),
            (RouteMatch(path: .exact("/v2")), RoutingSample.request("/v2"), true),
            (RouteMatch(path: .regex("/v[0-9]+/(a|b)")), RoutingSample.request("/v12/b"), true),
            (RouteMatch(path: .regex("/v[0-9]+/(a|b)")), RoutingSample.request("/v12/bc"), false),
            (RouteMatch(host: .exact("shop.example.com")), RoutingSample.request(host: "shop.example.com"), true),
            (RouteMatch(host: .below("example.com")), RoutingSample.request(host: "a.b.example.com"), true),
            (RouteMatch(host: .below("example.com")), RoutingSample.request(host: "example.com"), false),
            (RouteMatch(method: "POST"), RoutingSample.request(method: "GET"), false),
            (RouteMatch(headers: [.init("x-tenant", .exact("qa"))]), RoutingSample.request([("x-tenant", "qa")]), true),
            (
                RouteMatch(headers: [.init("x-tenant", .exact("qa"))]),
                RoutingSample.request([("x-tenant", "a"), ("x-tenant", "qa")]), true
            ),
            (RouteMatch(headers: [.init("x-tenant", .present)]), RoutingSample.request(), false),
            (
                RouteMatch(cookies: [.init("beta", .exact("1"))]), RoutingSample.request([("cookie", "a=2; beta=1")]),
                true
            ),
            (
                RouteMatch(cookies: [.init("beta", .exact("1"))]),
                RoutingSample.request([("cookie", "beta=2; beta=1")]), false
            ),
            (RouteMatch(query: [.init("debug", .exact("a b"))]), RoutingSample.request(query: "debug=a%20b"), true),
            (RouteMatch(query: [.init("debug", .regex("[0-9]+"))]), RoutingSample.request(query: "debug=12"), true),
            (RouteMatch(query: [.init("debug", .present)]), RoutingSample.request(query: "x&debug"), true),
        ])
    func matching(match: RouteMatch, request: GatewayRequest, isTaken: Bool) {
        let rule = Sample.rule("r/1", match, [Sample.backend("payment", .baseline)])
        let decision = RoutingSample.decide(request, by: RoutingSample.table([.everybody: [rule]]))
        #expect((decision.rule != nil) == isTaken)
    }

    @Test("A sandbox's own rules are asked before everybody's")
    func scopes() {
        let own = Sample.rule("own/1", RouteMatch(), [Sample.backend("payment")])
        let shared = Sample.rule("all/1", RouteMatch(path: .prefix("/v1")), [Sample.backend("account")])
        let table = RoutingSample.table([.sandbox(Sample.name("qa")): [own], .everybody: [shared]])
        let mine = RoutingSample.decide(RoutingSample.request("/v1/x", [("x-sandbox", "qa")]), by: table)
        #expect(mine.shownAll == ["qa/payment@baseline by header, rule own/1"])
        let theirs = RoutingSample.decide(RoutingSample.request("/v1/x"), by: table)
        #expect(theirs.shownAll == ["-/account@baseline by default, rule all/1"])
    }

    @Test("Weights give shares, and a cookie one of them for ever")
    func weights() {
        let rule = Sample.rule(
            "r/1", RouteMatch(),
            [
                Sample.backend("account", .sandbox, weight: 90), Sample.backend("account", .baseline, weight: 10),
                Sample.backend("payment", .baseline, weight: 0),
            ])
        let decision = RoutingSample.decide(
            RoutingSample.request([("x-sandbox", "qa")]), by: RoutingSample.table([.everybody: [rule]]))
        #expect(decision.outcomes.map(\.weight) == [90, 10])
        var counts: [String: Int] = [:]
        for number in 0..<10_000 {
            counts[decision.shown(decision.outcome(sticking: "client-\(number)")), default: 0] += 1
        }
        let share = counts["qa/account@4be1c2d by header, rule r/1", default: 0]
        #expect((8_700...9_300).contains(share), "\(counts)")
        #expect(decision.outcome(sticking: "a") == decision.outcome(sticking: "a"))
    }

    @Test(
        "A path is rewritten where the rule says so, and the query stays without what was for the gateway",
        arguments: [
            (RouteMatch.Path.prefix("/v2/login"), RouteRewrite.prefix("/login"), "/v2/login/x", "/login/x?a=1"),
            (.prefix("/v2/login"), .prefix("/"), "/v2/login/x", "/x?a=1"),
            (.prefix("/v2/login"), .prefix("/"), "/v2/login", "/?a=1"),
            (.prefix("/v2"), .path("/all"), "/v2/x", "/all?a=1"),
            (.any, .prefix("/p/"), "/v2/x", "/p?a=1"),
        ])
    func rewriting(path: RouteMatch.Path, rewrite: RouteRewrite, asked: String, sent: String) {
        var rule = Sample.rule("r/1", RouteMatch(path: path), [Sample.backend("account")])
        rule.rule.rewrite = rewrite
        let decision = RoutingSample.decide(
            RoutingSample.request(asked, query: "__sandbox=qa&a=1"), by: RoutingSample.table([.everybody: [rule]]))
        #expect(decision.sent == sent)
    }

    @Test("Requests fall back to the baseline when the rule says so, and only then")
    func fallback() {
        func shown(_ target: RouteTarget?, _ fallback: Set<RouteRule.Fallback>, use: RouteBackend.Use = .sandbox)
            -> [String]
        {
            let rule = Sample.rule("r/1", RouteMatch(), [Sample.backend("account", use)], fallback: fallback)
            var table = RoutingSample.table([.everybody: [rule]])
            table.routes[RoutingSample.key("qa", "account")] = target
            return RoutingSample.decide(RoutingSample.request([("x-sandbox", "qa")]), by: table).shownAll
        }
        let failing = RouteTarget.failing(
            Endpoint(scheme: .http, host: "10.210.0.2", port: 8080), label: "account@4be1c2d")
        #expect(shown(failing, []) == ["qa/account@4be1c2d by header, rule r/1"])
        #expect(shown(failing, [.suspended]) == ["qa/account@4be1c2d by header, rule r/1"])
        #expect(shown(failing, [.unhealthy]) == ["qa/account@baseline by header, rule r/1, fallback"])
        #expect(shown(.starting, [.unhealthy]) == ["qa/account@baseline by header, rule r/1, fallback"])
        #expect(shown(.starting, []) == ["qa/starting by header, rule r/1"])
        #expect(shown(.suspended, [.suspended]) == ["qa/account@baseline by header, rule r/1, fallback"])
        #expect(shown(.suspended, [.unhealthy]) == ["qa/suspended by header, rule r/1"])
        #expect(shown(nil, []) == ["qa/- by header, rule r/1"])
        #expect(shown(nil, [], use: .automatic) == ["qa/account@baseline by header, rule r/1"])
    }

    @Test("Without a rule, the host or the first part of the path names the service")
    func services() {
        #expect(RoutingSample.decide(RoutingSample.request("/account/a/b?")).sent == "/a/b?")
        #expect(RoutingSample.decide(RoutingSample.request("/account")).sent == "/")
        #expect(RoutingSample.decide(RoutingSample.request("/")).statuses == [404])
        #expect(RoutingSample.decide(RoutingSample.request("/Nobody/x")).statuses == [404])
        let decision = RoutingSample.decide(RoutingSample.request("/payment/x", host: "account.qa.dev.example.com"))
        #expect(decision.sent == "/payment/x")
        #expect(decision.service == .host)
    }

    @Test("A request that came by too often goes in a circle")
    func circles() {
        let via = { (count: Int) in
            RoutingSample.request([("via", Array(repeating: "1.1 berth-main", count: count).joined(separator: ", "))])
        }
        #expect(RoutingSample.decide(via(CarrierBounds.hops - 1)).statuses == [200])
        #expect(RoutingSample.decide(via(CarrierBounds.hops)).statuses == [508])
    }

    @Test("Precedence is that of the Gateway API, whatever the order in the file")
    func precedence() {
        let matches: [RouteMatch] = [
            RouteMatch(host: .exact("a.example.com"), path: .exact("/x")),
            RouteMatch(host: .exact("a.example.com"), path: .prefix("/x/y")),
            RouteMatch(host: .exact("a.example.com"), path: .prefix("/x"), method: "GET"),
            RouteMatch(
                host: .exact("a.example.com"), path: .prefix("/x"),
                headers: [.init("a", .present), .init("b", .present)]),
            RouteMatch(host: .exact("a.example.com"), path: .prefix("/x"), headers: [.init("a", .present)]),
            RouteMatch(host: .exact("a.example.com"), path: .prefix("/x"), query: [.init("a", .present)]),
            RouteMatch(host: .exact("a.example.com"), path: .prefix("/x")),
            RouteMatch(host: .exact("a.example.com"), path: .regex("/x.*")),
            RouteMatch(host: .exact("a.example.com")), RouteMatch(host: .below("b.example.com"), path: .exact("/x")),
            RouteMatch(host: .below("example.com"), path: .exact("/x")), RouteMatch(path: .exact("/x")), RouteMatch(),
        ]
        for seed in 0..<20 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let rules = matches.enumerated().shuffled(using: &random).map { index, match in
                Sample.rule("\(index)", match, [Sample.backend("account")])
            }
            var desired = Sample.desired()
            desired.routes = [
                DesiredRoute(title: "route r", gateway: Sample.gatewayName, rules: rules, place: Sample.place)
            ]
            let ordered = desired.rules(of: Sample.gatewayName)[.everybody] ?? []
            #expect(ordered.map(\.title) == matches.indices.map(String.init))
        }
    }
}
