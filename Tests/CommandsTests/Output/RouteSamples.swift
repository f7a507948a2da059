import Model
import Planner
import TestSupport

#if canImport(Output)
    import Output
#else
    import Commands
#endif

/// One gateway with two sandboxes, rules and baselines, as the manifests have it and as it is seen.
enum RouteSample {
    static let account: ServiceName = Sample.name("account")
    static let payment: ServiceName = Sample.name("payment")
    static let user: ServiceName = Sample.name("user")
    static let qa: SandboxName = Sample.name("qa")
    static let dev: SandboxName = Sample.name("dev")

    static func place(_ line: Int, of file: String = "manifests/routes.yaml") -> Place {
        Place(file: file, line: line, column: 5)
    }

    static let gateway: DesiredGateway = {
        var gateway = DesiredGateway(
            name: Sample.gatewayName, node: Sample.node,
            listeners: [
                GatewayListener(name: "sandboxes", .sandboxes(18080...18099)),
                GatewayListener(name: "web", .web(18000)),
                GatewayListener(name: "edge", .web(18443), isPublic: true),
                GatewayListener(name: "inside", .inside([8080])),
            ], baseDomain: "dev.example.com", place: place(1, of: "manifests/gateway.yaml"))
        gateway.probes = [payment: BaselineProbe(healthPath: "/health")]
        return gateway
    }()

    static let login = RouteRule(
        title: "login-api/v2",
        match: RouteMatch(
            host: .below("dev.example.com"), path: .prefix("/v2/login"), method: "POST",
            headers: [RouteMatch.Value("x-tenant", .exact("qa"))]),
        backends: [
            RouteBackend(service: account, weight: 90), RouteBackend(service: account, use: .baseline, weight: 10),
        ],
        stickyCookie: "login-api", rewrite: .prefix("/login"),
        requestHeaders: HeaderChanges(set: ["x-api": "2"], remove: ["x-debug"]), fallback: [.unhealthy])
    static let beta = RouteRule(
        title: "beta", match: RouteMatch(path: .prefix("/v2"), cookies: [RouteMatch.Value("beta", .exact("2"))]),
        backends: [RouteBackend(service: user)])
    static let all = RouteRule(
        title: "everything", match: RouteMatch(path: .prefix("/v2")), backends: [RouteBackend(service: payment)])

    static let desired: DesiredState = {
        let sandbox = DesiredSandbox(
            name: qa, node: Sample.node, gateway: Sample.gatewayName, listener: .fixed(18080),
            services: [
                account: Sample.container("shop/account:1"), user: Sample.baseline("user.shared.example"),
            ], place: Sample.place, changedBy: Sample.revision())
        var other = sandbox
        other = DesiredSandbox(
            name: dev, state: .suspended, node: Sample.node, gateway: Sample.gatewayName, listener: .fixed(18081),
            services: [account: Sample.container("shop/account:1")], place: place(9, of: "manifests/dev.yaml"))
        var desired = Sample.desired(sandbox, other)
        desired.gateways = [Sample.gatewayName: gateway]
        for (index, service) in [account, payment, user].enumerated() {
            desired.baselines[service] = DesiredBaseline(
                service: service,
                endpoint: Endpoint(scheme: .https, host: "\(service).shared.example", port: 443),
                place: place(10 + index, of: "manifests/services.yaml"))
        }
        desired.routes = [
            DesiredRoute(
                title: "route login-api", gateway: Sample.gatewayName, sandboxes: [qa],
                rules: [DesiredRoute.Placed(rule: login, place: place(12))], place: place(1),
                changedBy: Sample.revision()),
            DesiredRoute(
                title: "route shared", gateway: Sample.gatewayName,
                rules: [
                    DesiredRoute.Placed(rule: beta, place: place(30)), DesiredRoute.Placed(rule: all, place: place(40)),
                ], place: place(20)),
        ]
        return desired
    }()

    static let live: ObservedGateway = {
        var live = ObservedGateway(isRunning: true, isCurrent: true)
        live.sandboxes = [
            qa: Admission(port: 18080, network: Subnet("10.210.0.0/28")),
            dev: Admission(port: 18081, network: Subnet("10.210.0.16/28")),
            Sample.name("stray"): Admission(port: 18099),
        ]
        for service in [account, payment, user] {
            live.routes[RouteKey(sandbox: nil, service: service)] = .endpoint(
                desired.baselines[service]?.endpoint ?? Endpoint(scheme: .http, host: "none", port: 80),
                label: "\(service)@baseline")
        }
        live.routes[RouteKey(sandbox: qa, service: account)] = .endpoint(
            Endpoint(scheme: .http, host: "10.210.0.2", port: 8080), label: "account@4be1c2d")
        live.routes[RouteKey(sandbox: qa, service: user)] = live.routes[RouteKey(sandbox: nil, service: user)]
        live.routes[RouteKey(sandbox: dev, service: account)] = .suspended
        live.routes[RouteKey(sandbox: Sample.name("stray"), service: payment)] = .failing(
            Endpoint(scheme: .http, host: "10.210.0.40", port: 8080), label: "payment@1234567")
        live.rules = desired.rules(of: Sample.gatewayName)
        live.baselines = [
            payment: ObservedBaseline(version: "2026.11.3"),
            user: ObservedBaseline(complaint: "GET /health answered 503"),
        ]
        return live
    }()
}
