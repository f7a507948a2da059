import Manifest
import Model
import Testing

/// What the manifests of routes and deployments come to.
@Suite struct RouteTests {
    private static let gate = """
        gateway: g
        listeners:
        - {name: web, port: 8000, baseDomain: dev.example.com}
        - {name: tls, port: 8443, tls: {certFile: /etc/berth/web.pem}}
        - {name: phones, from: 9000, to: 9010}
        ---

        """

    private func routes(_ text: String) throws -> [DesiredRoute] {
        let repository = Repository.with(Self.gate + text)
        #expect(repository.report == "")
        return repository.resolution.routes.inOrder
    }

    private func rule(_ text: String) throws -> RouteRule {
        let route = try #require(try routes("route: r\nrules:\n- {\(text)}\n").first)
        return try #require(route.rules.first).rule
    }

    // MARK: Rules

    @Test func everyHostWithEveryMatchIsARule() throws {
        let route = try #require(
            try routes(
                """
                route: Login API
                hosts: [api.Example.com, "*.dev.example.com"]
                rules:
                - name: V2
                  matches: [{path: /v2/}, {path: {exact: /}}]
                  service: account
                - service: payment
                """
            ).first)
        #expect(route.title == "route login-api")
        #expect(route.gateway.text == "g" && route.sandboxes.isEmpty)
        #expect(
            route.rules.map(\.rule.match) == [
                RouteMatch(host: .exact("api.example.com"), path: .prefix("/v2")),
                RouteMatch(host: .exact("api.example.com"), path: .exact("/")),
                RouteMatch(host: .below("dev.example.com"), path: .prefix("/v2")),
                RouteMatch(host: .below("dev.example.com"), path: .exact("/")),
                RouteMatch(host: .exact("api.example.com")), RouteMatch(host: .below("dev.example.com")),
            ])
        #expect(Set(route.rules.map(\.rule.title)) == ["login-api/v2", "login-api/2"])
        #expect(route.rules.map(\.place.line) == [10, 10, 10, 10, 13, 13])
        #expect(route.rules.last?.rule.backends == [RouteBackend(service: try service("payment"))])
    }

    static let paths: [(text: String, path: RouteMatch.Path)] = [
        ("/api", .prefix("/api")), ("/api/", .prefix("/api")), ("/", .any), ("//", .any),
        ("{prefix: /a/b//}", .prefix("/a/b")), ("{prefix: /}", .any), ("{exact: /a/}", .exact("/a/")),
        ("{regex: '/v[0-9]+/.*'}", .regex("/v[0-9]+/.*")), ("/%C3%A9", .prefix("/%C3%A9")),
    ]

    @Test(arguments: paths) func pathsAreOfOneForm(text: String, path: RouteMatch.Path) throws {
        #expect(try rule("service: user, matches: [{path: \(text)}]").match.path == path)
    }

    @Test func matchHoldsEveryCondition() throws {
        let rule = try rule(
            """
            service: user, matches: [{method: POST, headers: [{name: X-Tenant, exact: qa}, {name: x-b, present: true}],
            cookies: [{name: Beta, exact: "1"}], query: [{name: debug, regex: "[01]"}]}]
            """)
        #expect(
            rule.match
                == RouteMatch(
                    method: "POST",
                    headers: [RouteMatch.Value("x-tenant", .exact("qa")), RouteMatch.Value("x-b", .present)],
                    cookies: [RouteMatch.Value("Beta", .exact("1"))],
                    query: [RouteMatch.Value("debug", .regex("[01]"))]))
    }

    @Test func backendsHaveSharesAndUses() throws {
        let rule = try rule(
            "backends: [user, {service: user, use: baseline, weight: 0}, {service: account, use: sandbox, weight: 9}]")
        #expect(
            rule.backends == [
                RouteBackend(service: try service("user")),
                RouteBackend(service: try service("user"), use: .baseline, weight: 0),
                RouteBackend(service: try service("account"), use: .sandbox, weight: 9),
            ])
    }

    @Test func whatBecomesOfARequest() throws {
        let rule = try rule(
            """
            service: user, matches: [{path: /v2}], sticky: {cookie: __sv}, rewrite: {prefix: /login/}, timeouts: {request: 30s},
            headers: {request: {set: {X-Env: qa}, remove: [X-Debug]}, response: {set: {x-a: ""}}},
            fallback: {when: [unhealthy, suspended], to: baseline}
            """)
        #expect(rule.stickyCookie == "__sv")
        #expect(rule.rewrite == .prefix("/login"))
        #expect(rule.timeoutMillis == 30_000)
        #expect(rule.requestHeaders == HeaderChanges(set: ["x-env": "qa"], remove: ["x-debug"]))
        #expect(rule.responseHeaders == HeaderChanges(set: ["x-a": ""]))
        #expect(rule.fallback == [.unhealthy, .suspended])
    }

    static let fallbacks: [(text: String, fallback: Set<RouteRule.Fallback>)] = [
        ("never", []), ("unhealthy", [.unhealthy]), ("suspended", [.suspended]), ("[]", []), ("[never]", []),
        ("[suspended, suspended]", [.suspended]),
    ]

    @Test(arguments: fallbacks) func fallbackIsAWordOrAList(text: String, fallback: Set<RouteRule.Fallback>) throws {
        #expect(try rule("service: user, fallback: {when: \(text)}").fallback == fallback)
        #expect(try rule("service: user, rewrite: {path: /a/}").rewrite == .path("/a/"))
        #expect(try rule("service: user, matches: [{path: /a}], rewrite: {prefix: /}").rewrite == .prefix("/"))
    }

    // MARK: Whose rules

    @Test func routesOfSandboxesAreTheirOwn() throws {
        let routes = try routes(
            """
            route: r
            sandboxes: [X, y]
            rules: [{backends: [{service: user, use: sandbox}]}]
            ---
            template: t
            parameters: [{name: tenant}]
            routes:
              login: {rules: [{service: account, matches: [{headers: [{name: x-tenant, exact: $(tenant)}]}]}]}
              pay: {rules: [{service: payment}]}
            ---
            sandbox: x
            template: {name: t, parameters: {tenant: qa}}
            services: {user: {target: "http://friend"}}
            routes: {Pay: {hosts: [pay.example.com], rules: [{name: all, service: user}]}}
            ---
            sandbox: y
            """)
        #expect(
            routes.map(\.title) == ["route r", "route login of sandbox x", "route pay of sandbox x"])
        #expect(routes.map { $0.sandboxes.map(\.text).sorted() } == [["x", "y"], ["x"], ["x"]])
        #expect(routes[1].rules.first?.rule.match.headers == [RouteMatch.Value("x-tenant", .exact("qa"))])
        #expect(routes[1].rules.map(\.rule.title) == ["x/login/1"])
        #expect(routes[2].rules.map(\.rule.title) == ["x/pay/all"])
        #expect(routes[2].rules.map(\.rule.match.host) == [.exact("pay.example.com")])
    }

    @Test func everythingInARouteCanBeAParameter() throws {
        let routes = try routes(
            """
            template: t
            parameters: [{name: p}, {name: s}, {name: n, type: integer}]
            routes:
              a:
                hosts: [$(p).example.com]
                rules:
                - name: $(p)
                  matches: [{path: {prefix: $(p)}, method: $(s), query: [{name: $(p), exact: $(p)}]}, {path: "/$(p)"}]
                  backends: [{service: $(p), use: $(p), weight: $(n)}, $(p)]
                  sticky: {cookie: $(p)}
                  rewrite: {prefix: /$(p)}
                  headers: {request: {set: {x-a: $(p)}, remove: [$(p)]}}
                  timeouts: {request: $(n)s}
                  fallback: {when: [never]}
                - {service: $(p), matches: [{path: {exact: /$(p)}}], fallback: {when: never, to: $(p)}}
                tests:
                - {request: {url: "http://$(p)/", port: $(n)}, expect: {service: $(p), target: $(p)}}
                - {request: {url: "http://$(p)/", from: $(p)}, expect: {status: $(n)}}
            """)
        #expect(routes.isEmpty)
        let filled = try self.routes(
            """
            template: t
            parameters: [{name: s}, {name: n, type: integer}, {name: m}]
            routes:
              a:
                hosts: [$(s).example.com]
                rules:
                - {name: $(s), matches: [{path: /$(s), method: $(m)}], backends: [{service: $(s), weight: $(n)}], rewrite: {prefix: /$(s)}}
                tests: [{request: {url: "http://$(s)/", port: $(n)}, expect: {service: $(s)}}]
            ---
            sandbox: x
            template: {name: t, parameters: {s: user, n: 8000, m: PUT}}
            """)
        #expect(
            filled.first?.rules.map(\.rule) == [
                RouteRule(
                    title: "x/a/user",
                    match: RouteMatch(host: .exact("user.example.com"), path: .prefix("/user"), method: "PUT"),
                    backends: [RouteBackend(service: try service("user"), weight: 8000)], rewrite: .prefix("/user"))
            ])
        #expect(filled.first?.tests.map(\.request) == [GatewayRequest(host: "user", port: 8000)])
    }

    @Test func routesAreKeptByTheManifestTheyStandIn() throws {
        let repository = Repository.with(
            Self.gate
                + """
                sandbox: x
                routes: {a: {rules: [{service: user}]}, b: {rules: [{service: user}]}}
                ---
                sandbox: bad
                services: {usr: {}}
                routes: {a: {rules: [{service: user}]}}
                ---
                route: r
                sandboxes: [bad]
                rules: [{backends: [{service: user, use: sandbox}]}]
                ---
                route: wrong
                rules: [{service: usr}]
                ---
                deployment: d
                domain: localhost
                service: user
                """)
        let resolution = repository.resolution
        #expect(resolution.routes.keys.sorted().map(\.description) == ["deployment d", "route r", "sandbox x"])
        #expect(resolution.routes[ObjectID(kind: .sandbox, name: "x")]?.count == 2)
        #expect(resolution.brokenObjects.keys.sorted().map(\.description) == ["route wrong", "sandbox bad"])
    }

    @Test func sandboxThatLosesItsPlaceLosesItsRules() throws {
        let repository = Repository.with(
            Self.gate
                + "sandbox: x\ngateway: {port: 9000}\n---\nsandbox: y\ngateway: {port: 9000}\n"
                + "routes: {a: {rules: [{service: user}]}}\n")
        #expect(repository.resolution.sandboxes.keys.map(\.text) == ["x"])
        #expect(repository.resolution.routes.isEmpty)
    }

    @Test func rulesMayFillAScopeAndNoMore() {
        func report(_ count: Int) -> [String] {
            let matches = (0..<50).map { "{path: /\($0)}" }.joined(separator: ", ")
            let rules = Array(repeating: "{service: user, matches: [\(matches)]}", count: count / 50)
            return Repository.with(Self.gate + "route: r\nrules: [\(rules.joined(separator: ", "))]\n").resolution
                .problems.map(\.code)
        }
        #expect(report(RouteLimits.rules) == [])
        #expect(report(RouteLimits.rules + 50) == ["limit-rules"])
    }

    // MARK: Tests

    static let requests: [(text: String, request: GatewayRequest)] = [
        ("url: 'http://QA.dev.example.com'", GatewayRequest(host: "qa.dev.example.com", port: 8000)),
        (
            "url: 'https://qa.dev.example.com/v2/login/x?a=1', method: POST",
            GatewayRequest(method: "POST", host: "qa.dev.example.com", port: 8443, path: "/v2/login/x", query: "a=1")
        ),
        ("url: 'http://localhost:9003/'", GatewayRequest(host: "localhost", port: 9003)),
        ("url: 'https://localhost:444?a'", GatewayRequest(host: "localhost", port: 8443, query: "a")),
        ("url: 'http://a?', port: 9010", GatewayRequest(host: "a", port: 9010, query: "")),
        (
            "url: 'http://a/?x=1', query: {b: 'c d&é', d: 1}",
            GatewayRequest(host: "a", port: 8000, query: "x=1&b=c%20d%26%C3%A9&d=1")
        ),
        (
            "url: 'http://a', headers: {X-Tenant: qa}, cookies: {beta: 1, __sandbox: x}, from: 10.210.0.18",
            GatewayRequest(
                host: "a", port: 8000,
                headers: [
                    GatewayRequest.Header("x-tenant", "qa"), GatewayRequest.Header("cookie", "beta=1; __sandbox=x"),
                ], source: "10.210.0.18")
        ),
    ]

    @Test(arguments: requests) func requestsOfTestsAreWhatTheGatewaySees(text: String, request: GatewayRequest) throws {
        let route = try #require(
            try routes(
                "route: r\nrules: [{service: user}]\ntests: [{request: {\(text)}, expect: {service: user}}]\n"
            ).first)
        #expect(route.tests.map(\.request) == [request])
    }

    @Test func testsSayWhatTheyExpect() throws {
        let route = try #require(
            try routes(
                """
                sandbox: x
                ---
                route: r
                rules: [{service: user}]
                tests:
                - {request: {url: "http://a"}, expect: {service: User, target: sandbox, sandbox: X}}
                - {request: {url: "http://a"}, expect: {status: 404}}
                """
            ).first)
        #expect(route.tests.map(\.service) == [try service("user"), nil])
        #expect(route.tests.map(\.target) == [.sandbox, nil])
        #expect(route.tests.map(\.sandbox) == [try sandbox("x"), nil])
        #expect(route.tests.map(\.place.line) == [12, 13])
    }

    // MARK: Deployments

    static let deployments: [(text: String, match: RouteMatch, rewrite: RouteRewrite?)] = [
        ("domain: LocalHost", RouteMatch(host: .exact("localhost")), nil),
        (
            "domain: localhost\npath: /demo/", RouteMatch(host: .exact("localhost"), path: .prefix("/demo")),
            .prefix("/")
        ),
        (
            "domain: a.example\npath: /a/b\nstripPath: false",
            RouteMatch(host: .exact("a.example"), path: .prefix("/a/b")), nil
        ),
    ]

    @Test(arguments: deployments)
    func deploymentIsARuleForEverybody(text: String, match: RouteMatch, rewrite: RouteRewrite?) throws {
        let route = try #require(try routes("deployment: Demo\n\(text)\nservice: user\n").first)
        #expect(route.title == "deployment demo")
        #expect(route.sandboxes.isEmpty)
        #expect(
            route.rules.map(\.rule) == [
                RouteRule(
                    title: "demo", match: match, backends: [RouteBackend(service: try service("user"))],
                    rewrite: rewrite)
            ])
    }

    @Test func deploymentsOfOneDomainHavePathsOfTheirOwn() throws {
        let repository = Repository.with(
            Self.gate
                + "deployment: a\ndomain: localhost\nservice: user\n---\n"
                + "deployment: b\ndomain: localhost\npath: /b\nservice: user\n---\n"
                + "deployment: c\ndomain: localhost\npath: /b/\nservice: account\n")
        #expect(repository.resolution.routes.keys.sorted().map(\.name) == ["a", "b"])
        #expect(repository.resolution.problems.map(\.code) == ["name-clash"])
    }
}
