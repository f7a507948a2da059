import Model
import Planner
import TestSupport
import Testing

@Suite("Which sandbox a request is for")
struct SelectionLawTests {
    @Test(
        "Each carrier names a sandbox",
        arguments: [
            (RoutingSample.request(port: 18080), "qa/account@4be1c2d by port"),
            (RoutingSample.request(from: "10.210.0.5"), "qa/account@4be1c2d by network"),
            (RoutingSample.request(host: "qa.dev.example.com"), "qa/account@4be1c2d by host"),
            (RoutingSample.request("/x", host: "account.qa.dev.example.com"), "qa/account@4be1c2d by host"),
            (RoutingSample.request([("x-sandbox", "QA")]), "qa/account@4be1c2d by header"),
            (RoutingSample.request([("x-sandbox", " qa\t")]), "qa/account@4be1c2d by header"),
            (RoutingSample.request([("baggage", "a=1, sandbox = qa ;p=1, b=2")]), "qa/account@4be1c2d by baggage"),
            (
                RoutingSample.request([("baggage", "a=1"), ("baggage", "sandbox=q%61")]),
                "qa/account@4be1c2d by baggage"
            ),
            (RoutingSample.request([("tracestate", "v=1,sandbox=qa")]), "qa/account@4be1c2d by tracestate"),
            (RoutingSample.request(query: "a=1&__sandbox=qa"), "qa/account@4be1c2d by query"),
            (RoutingSample.request([("cookie", "a=b; __sandbox=qa.good")]), "qa/account@4be1c2d by cookie"),
            (RoutingSample.request(), "-/account@baseline by default"),
            (RoutingSample.request(host: "dev.example.com"), "-/account@baseline by default"),
            (RoutingSample.request(host: "a.b.qa.dev.example.com"), "-/account@baseline by default"),
        ])
    func carriers(request: GatewayRequest, shown: String) {
        let decision = RoutingSample.decide(request)
        #expect(decision.shownAll == [shown])
        #expect(decision.selection.conflicts.isEmpty)
    }

    @Test(
        "The first that names a sandbox wins; what contradicts it, is unknown or cannot be read is told",
        arguments: [
            (
                RoutingSample.request(port: 18080, [("x-sandbox", "other")]), "qa/account@4be1c2d by port",
                ["header=other"]
            ),
            (
                RoutingSample.request(
                    host: "qa.dev.example.com", [("x-sandbox", "qa"), ("baggage", "sandbox=nobody")]),
                "qa/account@4be1c2d by host", ["baggage=nobody?"]
            ),
            (
                RoutingSample.request([("x-sandbox", "typo"), ("baggage", "sandbox=qa")]),
                "qa/account@4be1c2d by baggage", ["header=typo?"]
            ),
            (RoutingSample.request([("x-sandbox", "no name!")]), "-/account@baseline by default", ["header=?"]),
            (RoutingSample.request([("cookie", "__sandbox=qa.forged")]), "-/account@baseline by default", ["cookie=?"]),
            (RoutingSample.request([("cookie", "__sandbox=qa")]), "-/account@baseline by default", ["cookie=?"]),
            (RoutingSample.request(host: "typo.dev.example.com"), "-/account@baseline by default", ["host=typo?"]),
            (
                RoutingSample.request(
                    query: "__sandbox=other", [("x-sandbox", "qa"), ("tracestate", "sandbox=other")]),
                "qa/account@4be1c2d by header", ["tracestate=other", "query=other"]
            ),
        ])
    func order(request: GatewayRequest, shown: String, conflicts: [String]) {
        let decision = RoutingSample.decide(request)
        #expect(decision.shownAll == [shown])
        #expect(decision.selection.conflicts == conflicts)
    }

    @Test(
        "What is over the bounds names nothing",
        arguments: [
            ("baggage", String(repeating: "a=1,", count: 64) + "sandbox=qa", "baggage=?"),
            ("baggage", "p=" + String(repeating: "x", count: 8200) + ",sandbox=qa", "baggage=?"),
            ("tracestate", String(repeating: "a=1,", count: 32) + "sandbox=qa", "tracestate=?"),
            ("tracestate", "p=" + String(repeating: "x", count: 520) + ",sandbox=qa", "tracestate=?"),
            ("cookie", "a=" + String(repeating: "x", count: 8200) + "; __sandbox=qa.good", "cookie=?"),
            ("cookie", String(repeating: "a=1;", count: 128) + "__sandbox=qa.good", "cookie=?"),
        ])
    func bounds(header: String, value: String, conflict: String) {
        let decision = RoutingSample.decide(RoutingSample.request([(header, value)]))
        #expect(decision.selection.sandbox == nil)
        #expect(decision.selection.conflicts == [conflict])
    }

    @Test("A query over the bounds names nothing, and is sent on as it is")
    func longQuery() {
        let query = "__sandbox=qa&p=" + String(repeating: "x", count: CarrierBounds.queryBytes)
        let decision = RoutingSample.decide(RoutingSample.request(query: query))
        #expect(decision.selection.sandbox == nil)
        #expect(decision.sent == "/x?\(query)")
    }

    @Test("A public listener believes what proves something, and nothing else")
    func publicListener() {
        let claims = RoutingSample.request(
            port: 18443, query: "__sandbox=qa",
            [("x-sandbox", "qa"), ("baggage", "sandbox=qa"), ("tracestate", "sandbox=qa")])
        #expect(RoutingSample.decide(claims).shownAll == ["-/account@baseline by default"])
        let proved = RoutingSample.request(port: 18443, [("cookie", "__sandbox=qa.good"), ("x-sandbox", "other")])
        #expect(RoutingSample.decide(proved).shownAll == ["qa/account@4be1c2d by cookie"])
        #expect(
            RoutingSample.decide(RoutingSample.request(host: "qa.dev.example.com", port: 18443)).shownAll
                == ["qa/account@4be1c2d by host"])
    }

    @Test("A port without a sandbox is refused, and so is a port for calls from inside when called from elsewhere")
    func ports() {
        #expect(RoutingSample.decide(RoutingSample.request(port: 18085)).statuses == [404])
        #expect(RoutingSample.decide(RoutingSample.request(port: 80)).statuses == [404])
        #expect(
            RoutingSample.decide(RoutingSample.request(port: 80, from: "10.210.0.5", to: "10.210.0.17")).statuses == [
                404
            ])
    }

    @Test("A call out of a sandbox is its own, even on a port that is another's, and its host is a service")
    func inside() {
        let call = { (host: String, port: UInt16) in
            RoutingSample.decide(
                RoutingSample.request("/x", host: host, port: port, from: "10.210.0.5", to: "10.210.0.1"))
        }
        #expect(call("payment", 80).shownAll == ["qa/payment@baseline by network"])
        #expect(call("account", 8080).shownAll == ["qa/account@4be1c2d by network"])
        #expect(call("payment", 18081).shownAll == ["qa/payment@baseline by network"])
        #expect(call("nobody", 80).statuses == [404])
        // A rule for any host is not for the names of services.
        let table = RoutingSample.table([
            .everybody: [Sample.rule("all/x", RouteMatch(path: .prefix("/x")), [Sample.backend("account")])]
        ])
        let ruled = RoutingSample.request("/x", host: "payment", port: 80, from: "10.210.0.5", to: "10.210.0.1")
        #expect(RoutingSample.decide(ruled, by: table).shownAll == ["qa/payment@baseline by network"])
        // Called by the machine's own address, a port is the sandbox's it belongs to.
        let outside = RoutingSample.request(port: 18081, from: "10.210.0.5", to: "192.168.1.1")
        #expect(RoutingSample.decide(outside).shownAll == ["other/suspended by port"])
    }
}
