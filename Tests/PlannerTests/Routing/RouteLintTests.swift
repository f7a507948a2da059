import Model
import Planner
import TestSupport
import Testing

@Suite("What is wrong with rules that read well")
struct RouteLintTests {
    private static func problems(
        _ rules: [DesiredRoute.Placed], tests: [RouteTest] = [], sandboxes: Set<SandboxName> = []
    ) -> [String] {
        var desired = Sample.desired(
            Sample.sandbox(["account": Sample.container("a:1"), "payment": Sample.baseline("pay.ocp")]),
            Sample.sandbox([:], named: "other"))
        desired.gateways[Sample.gatewayName] = RoutingSample.gateway
        desired.routes = [
            DesiredRoute(
                title: "route login", gateway: Sample.gatewayName, sandboxes: sandboxes, rules: rules, tests: tests,
                place: Sample.place)
        ]
        return RouteLint.problems(of: desired).map { "\($0)" }
    }

    private static func test(
        _ request: GatewayRequest, _ service: String?, _ target: RouteTest.Target? = nil, sandbox: String? = nil
    ) -> RouteTest {
        RouteTest(
            request: request, service: service.map { Sample.name($0) }, target: target,
            sandbox: sandbox.map { Sample.name($0) }, place: Place(file: "manifests/routes.yaml", line: 20, column: 3))
    }

    @Test("A test that holds says nothing; one that fails says what happens instead")
    func tests() {
        let rules = [Sample.rule("login/v2", RouteMatch(path: .prefix("/v2")), [Sample.backend("account")])]
        let request = RoutingSample.request("/v2/login", [("x-sandbox", "qa")])
        #expect(Self.problems(rules, tests: [Self.test(request, "account", .sandbox, sandbox: "qa")]).isEmpty)
        #expect(Self.problems(rules, tests: [Self.test(RoutingSample.request("/"), nil)]).isEmpty)
        #expect(
            Self.problems(rules, tests: [Self.test(request, "account", .baseline)]) == [
                "manifests/routes.yaml:20:3: error: the test of route login fails: GET gw/v2/login is to go to account of "
                    + "the baseline, and goes to qa/account@feature-login by header, rule login/v2"
            ])
        #expect(
            Self.problems(rules, tests: [Self.test(request, "account", sandbox: "other")]) == [
                "manifests/routes.yaml:20:3: error: the test of route login fails: GET gw/v2/login is to select sandbox "
                    + "other, and selects sandbox qa"
            ])
        #expect(Self.problems(rules, tests: [Self.test(request, nil)]).count == 1)
        let payment = RoutingSample.request("/payment/x", [("x-sandbox", "qa")])
        #expect(Self.problems(rules, tests: [Self.test(payment, "payment", .baseline)]).isEmpty)
        #expect(Self.problems(rules, tests: [Self.test(payment, "payment", .sandbox)]).count == 1)
    }

    @Test("A rule whose requests another takes is told, with the place of the other")
    func shadows() {
        let wide = Sample.rule("login/all", RouteMatch(method: "GET"), [Sample.backend("account")], line: 3)
        let narrow = Sample.rule(
            "login/one", RouteMatch(headers: [.init("a", .exact("1"))]), [Sample.backend("account")], line: 9)
        #expect(Self.problems([wide, narrow]).isEmpty, "another method remains")
        let twin = Sample.rule("login/two", RouteMatch(method: "GET"), [Sample.backend("payment")], line: 12)
        #expect(
            Self.problems([wide, twin]) == [
                "manifests/routes.yaml:12:5: warning: rule login/two gets no request: login/all at "
                    + "manifests/routes.yaml:3 takes all of GET */…; remove one, or make the other narrower"
            ])
    }

    @Test("A rule for everybody that refuses those who name no sandbox is told")
    func refusing() {
        let rule = Sample.rule("login/all", RouteMatch(), [Sample.backend("account", .sandbox)])
        #expect(Self.problems([rule]).first?.contains("answers 404 to requests outside every sandbox") == true)
        #expect(Self.problems([rule], sandboxes: [Sample.name("qa")]).isEmpty)
    }

    @Test("A port that is given out later cannot be tested, and is said so")
    func ports() {
        let test = Self.test(RoutingSample.request(port: 18085), "account")
        #expect(Self.problems([], tests: [test]).first?.contains("name the sandbox by host or header") == true)
    }

    @Test("A rule whose host selects another sandbox is told")
    func unreachable() {
        let rule = Sample.rule(
            "login/all", RouteMatch(host: .exact("other.dev.example.com")), [Sample.backend("account")])
        #expect(Self.problems([rule], sandboxes: [Sample.name("qa")]).first?.contains("selects sandbox other") == true)
        #expect(Self.problems([rule], sandboxes: [Sample.name("other")]).isEmpty)
    }
}
