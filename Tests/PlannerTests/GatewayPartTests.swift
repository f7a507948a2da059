import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// What a sandbox's plan does on its gateway beside pointing routes.
@Suite("Rules, names, failing deployments and other drivers")
struct GatewayPartTests {
    static let images: Set<String> = ["a:1", "a:2"]

    private static func desired(
        _ services: [String: DesiredService], borrowed: Set<String> = [],
        gateway: DesiredGateway = Sample.insideGateway,
        routes: [DesiredRoute] = []
    ) -> DesiredState {
        var sandbox = Sample.sandbox(services)
        sandbox.borrowed = Set(borrowed.map { Sample.name($0) })
        var desired = Sample.desired(sandbox)
        desired.gateways[Sample.gatewayName] = gateway
        desired.routes = routes
        return desired
    }

    private static func route(_ rules: [DesiredRoute.Placed], of sandboxes: [String] = ["qa"]) -> DesiredRoute {
        DesiredRoute(
            title: "route login", gateway: Sample.gatewayName, sandboxes: Set(sandboxes.map { Sample.name($0) }),
            rules: rules, place: Sample.place)
    }

    // MARK: Rules

    @Test("Rules are put in place after the flips they rely on, all of a scope at once")
    func rulesFollow() throws {
        var pools = AllocationTable(held: [])
        let world = World(node: Sample.node, images: Self.images)
        let desired = Self.desired(
            ["account": Sample.container("a:1")],
            routes: [
                Self.route([Sample.rule("login/v2", RouteMatch(path: .prefix("/v2")), [Sample.backend("account")])])
            ])
        let plan = try #require(
            world.plan(desired, pools: &pools).plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        let rules = try #require(plan.steps.first { if case .setRules = $0.action { true } else { false } })
        let flip = try #require(
            plan.steps.last { if case .setRoute(_, _, .endpoint) = $0.action { true } else { false } })
        #expect(rules.dependencies.contains(flip.id))
        #expect(plan.requests == [RequestChange("*/v2/…", from: nil, to: "account")])
    }

    @Test("Rules that name a service whose branch is not made yet wait for it, and the old ones stay")
    func rulesWait() throws {
        var pools = AllocationTable(held: [])
        let first = Self.desired(["account": Sample.container("a:1")])
        let world = try World.at(first, images: Self.images, pools: &pools)
        let wanted = Self.desired(
            ["account": Sample.container("a:1"), "payment": Sample.container("missing:1")],
            routes: [Self.route([Sample.rule("login/pay", RouteMatch(), [Sample.backend("payment", .sandbox)])])])
        let plan = try #require(
            world.plan(wanted, pools: &pools).plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        #expect(!plan.steps.contains { if case .setRules = $0.action { true } else { false } })
        #expect(plan.notes.contains("its rules wait for the services they name"))
    }

    @Test("Rules of a sandbox that goes, go before its routes do; everybody's are the gateway's own")
    func rulesEnd() throws {
        var pools = AllocationTable(held: [])
        let rule = Sample.rule("login/v2", RouteMatch(), [Sample.backend("account")])
        var desired = Self.desired(
            ["account": Sample.container("a:1")], routes: [Self.route([rule]), Self.route([rule], of: [])])
        var world = try World.at(desired, images: Self.images, pools: &pools)
        #expect(world.gateways[Sample.gatewayName]?.rules.keys.sorted() == [.everybody, .sandbox(Sample.name("qa"))])
        desired.sandboxes = [:]
        desired.routes = []
        let plan = world.plan(desired, pools: &pools, consented: 9)
        let removal = try #require(plan.plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        let rules = removal.steps.firstIndex { if case .setRules(_, _, []) = $0.action { true } else { false } }
        let route = removal.steps.firstIndex { if case .removeRoute = $0.action { true } else { false } }
        let (last, first) = (try #require(rules), try #require(route))
        #expect(last < first)
        try world.carryOut(plan, pools: &pools)
        #expect(world.gateways[Sample.gatewayName]?.rules == [:])
        #expect(world.names.isEmpty)
    }

    @Test("An edited rule tells which requests go elsewhere, from what to what")
    func rulesTell() throws {
        var pools = AllocationTable(held: [])
        func desired(_ weights: (Int, Int)) -> DesiredState {
            let backends = [
                Sample.backend("account", .sandbox, weight: weights.0),
                Sample.backend("account", .baseline, weight: weights.1),
            ]
            let match = RouteMatch(
                host: .below("dev.example.com"), path: .prefix("/v2/login"), method: "POST",
                headers: [.init("x-tenant", .exact("qa"))])
            return Self.desired(
                ["account": Sample.container("a:1")], routes: [Self.route([Sample.rule("login/v2", match, backends)])])
        }
        let world = try World.at(desired((90, 10)), images: Self.images, pools: &pools)
        let plan = world.plan(desired((1, 2)), pools: &pools)
        #expect(
            plan.plans.flatMap(\.requests) == [
                RequestChange(
                    "POST *.dev.example.com/v2/login/…, header x-tenant: qa",
                    from: "account@sandbox 90 %, account@baseline 10 %",
                    to: "account@sandbox 33.3 %, account@baseline 66.7 %")
            ])
        #expect(plan.summary.contains("Requests that change target: 1."))
    }

    // MARK: Names

    @Test("A borrowed service is lent before the first container is made, which sees the file")
    func lends() throws {
        var pools = AllocationTable(held: [])
        let world = World(node: Sample.node, images: Self.images)
        let desired = Self.desired(["account": Sample.container("a:1")], borrowed: ["payment"])
        let plan = try #require(
            world.plan(desired, pools: &pools).plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        let names = try #require(
            plan.steps.first { step in
                if case .setNames(let names) = step.action { names.services == [Sample.name("payment")] } else { false }
            })
        guard case .setNames(let told) = names.action else { return }
        #expect(told.address == "10.210.0.1")
        let create = try #require(plan.steps.first { if case .create = $0.action { true } else { false } })
        #expect(create.dependencies.contains(names.id))
        guard case .create(let draft) = create.action else { return }
        #expect(
            draft.spec.mounts == [
                Mount(source: "\(World.namesRoot)/qa/hosts", target: "/etc/hosts", isReadOnly: true)
            ])
    }

    @Test("A service that gets its own deployment is found there after the flip; a running container is not made anew")
    func takesBack() throws {
        var pools = AllocationTable(held: [])
        var world = try World.at(
            Self.desired(
                ["account": Sample.container("a:1"), "payment": Sample.baseline("pay.ocp")], borrowed: ["payment"]),
            images: Self.images, pools: &pools)
        let account = try #require(world.containers.first).id
        let own = Self.desired(["account": Sample.container("a:1"), "payment": Sample.container("a:2")])
        let plan = try #require(world.plan(own, pools: &pools).plans.first)
        let flip = try #require(
            plan.steps.last { if case .setRoute(_, _, .endpoint) = $0.action { true } else { false } })
        let names = try #require(plan.steps.last { if case .setNames = $0.action { true } else { false } })
        #expect(names.dependencies.contains(flip.id))
        try world.carryOut(world.plan(own, pools: &pools), pools: &pools)
        #expect(world.names[Sample.name("qa")]?.services == [])
        #expect(world.containers.contains { $0.id == account })
        #expect(!world.plan(own, pools: &pools).hasChanges)
    }

    @Test("A service whose own deployment cannot come up is lent as before")
    func lendsOn() throws {
        var pools = AllocationTable(held: [])
        var world = try World.at(
            Self.desired(
                ["account": Sample.container("a:1"), "payment": Sample.baseline("pay.ocp")], borrowed: ["payment"]),
            images: Self.images, pools: &pools)
        let own = Self.desired(["account": Sample.container("a:1"), "payment": Sample.container("missing:1")])
        try world.carryOut(world.plan(own, pools: &pools), pools: &pools)
        #expect(world.names[Sample.name("qa")]?.services == [Sample.name("payment")])
    }

    @Test("Without ports inside nothing is mounted, and a file of names that is left goes")
    func noNames() throws {
        var pools = AllocationTable(held: [])
        let inside = Self.desired(["account": Sample.container("a:1")], borrowed: ["payment"])
        var world = try World.at(inside, images: Self.images, pools: &pools)
        let outside = Self.desired(["account": Sample.container("a:1")], gateway: Sample.gateway)
        try world.carryOut(world.plan(outside, pools: &pools), pools: &pools)
        #expect(world.names.isEmpty)
        #expect(world.containers.flatMap(\.mounts).isEmpty)
    }

    @Test("A service without a port for the gateway is found by its own name once it has proved itself")
    func takesBackWithoutRoute() throws {
        var pools = AllocationTable(held: [])
        var world = try World.at(
            Self.desired(
                ["account": Sample.container("a:1"), "cache": Sample.baseline("cache.ocp")], borrowed: ["cache"]),
            images: Self.images, pools: &pools)
        let spec = Sample.spec("a:2") { $0.ports = [ContainerPort(name: "redis", number: 6379, transport: .tcp)] }
        let cache = DesiredService(use: .container(spec, branch: "main"), place: Sample.place)
        let own = Self.desired(["account": Sample.container("a:1"), "cache": cache])
        for _ in 0..<2 { try world.carryOut(world.plan(own, pools: &pools), pools: &pools) }
        #expect(world.names[Sample.name("qa")]?.services == [])
        #expect(!world.plan(own, pools: &pools).hasChanges)
    }

    @Test("What old rules name stays until the new rules can take their place")
    func oldRulesHold() throws {
        var pools = AllocationTable(held: [])
        let old = Self.desired(
            ["account": Sample.container("a:1")],
            routes: [Self.route([Sample.rule("api/1", RouteMatch(), [Sample.backend("account", .sandbox)])])])
        var world = try World.at(old, images: Self.images, pools: &pools)
        let new = Self.desired(
            ["payment": Sample.container("missing:1")],
            routes: [Self.route([Sample.rule("api/1", RouteMatch(), [Sample.backend("payment", .sandbox)])])])
        try world.carryOut(world.plan(new, pools: &pools), pools: &pools)
        let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))
        #expect(world.serving[key] != nil)
        world.images["missing:1"] = "sha256:there"
        for _ in 0..<2 { try world.carryOut(world.plan(new, pools: &pools), pools: &pools) }
        #expect(world.serving[key] == nil)
        #expect(!world.plan(new, pools: &pools).hasChanges)
    }

    // MARK: Deployments that fail

    @Test("A failing deployment is said to fail where a rule falls back, and serves again when it does")
    func fails() throws {
        var pools = AllocationTable(held: [])
        let rule = Sample.rule("login/all", RouteMatch(), [Sample.backend("account")], fallback: [.unhealthy])
        let desired = Self.desired(["account": Sample.container("a:1")], routes: [Self.route([rule])])
        var world = try World.at(desired, images: Self.images, pools: &pools)
        let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))
        world.containers[0].health = .unhealthy
        let plan = world.plan(desired, pools: &pools)
        #expect(plan.plans.flatMap(\.steps).map(\.reason) == [.unproved])
        try world.carryOut(plan, pools: &pools)
        guard case .failing? = world.gateways[Sample.gatewayName]?.routes[key] else {
            Issue.record("it is not said to fail")
            return
        }
        #expect(!world.plan(desired, pools: &pools).hasChanges, "it is left at that while it fails")
        world.containers[0].health = .healthy
        try world.carryOut(world.plan(desired, pools: &pools), pools: &pools)
        guard case .endpoint? = world.gateways[Sample.gatewayName]?.routes[key] else {
            Issue.record("it does not serve again")
            return
        }
    }

    @Test("A dead one is said to fail before it is started again")
    func dies() throws {
        var pools = AllocationTable(held: [])
        let rule = Sample.rule("login/all", RouteMatch(), [Sample.backend("account")], fallback: [.unhealthy])
        let desired = Self.desired(["account": Sample.container("a:1")], routes: [Self.route([rule], of: [])])
        var world = try World.at(desired, images: Self.images, pools: &pools)
        world.containers[0].state = .exited
        let steps = world.plan(desired, pools: &pools).plans.flatMap(\.steps)
        let confession = steps.firstIndex { if case .setRoute(_, _, .failing) = $0.action { true } else { false } }
        let start = steps.firstIndex { if case .start = $0.action { true } else { false } }
        let again = steps.lastIndex { if case .setRoute(_, _, .endpoint) = $0.action { true } else { false } }
        let order = [try #require(confession), try #require(start), try #require(again)]
        #expect(order == order.sorted())
    }

    @Test(
        "The route to a container that is gone is taken back at once, also where no other can be made",
        arguments: [true, false])
    func isLost(fallsBack: Bool) throws {
        var pools = AllocationTable(held: [])
        let rule = Sample.rule(
            "login/all", RouteMatch(), [Sample.backend("account")], fallback: fallsBack ? [.unhealthy] : [])
        let desired = Self.desired(["account": Sample.container("a:1")], routes: [Self.route([rule])])
        var world = try World.at(desired, images: Self.images, pools: &pools)
        world.containers = []
        world.images = [:]
        try world.carryOut(world.plan(desired, pools: &pools), pools: &pools)
        let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))
        switch world.gateways[Sample.gatewayName]?.routes[key] {
        case .failing?: #expect(fallsBack)
        case .starting?: #expect(!fallsBack)
        case .endpoint?, .suspended?, nil: Issue.record("it leads to what is gone")
        }
    }

    @Test("Where no rule falls back, nobody is told that a deployment fails")
    func failsAlone() throws {
        var pools = AllocationTable(held: [])
        let desired = Self.desired(["account": Sample.container("a:1")])
        var world = try World.at(desired, images: Self.images, pools: &pools)
        world.containers[0].health = .unhealthy
        #expect(!world.plan(desired, pools: &pools).hasChanges)
    }

    // MARK: Other drivers

    private static func gateway(_ driver: DesiredGateway.Driver) -> DesiredGateway {
        DesiredGateway(name: Sample.gatewayName, node: Sample.node, driver: driver, listeners: [], place: Sample.place)
    }

    @Test("An application gateway lets a sandbox in before it is told of routes, and its baselines are what it shipped")
    func configFile() throws {
        var pools = AllocationTable(held: [])
        let gateway = Self.gateway(.configFileMap(ConfigFileMap(folder: "/srv/{sandbox}")))
        let world = World(node: Sample.node, images: Self.images)
        let desired = Self.desired(
            ["account": Sample.container("a:1"), "payment": Sample.baseline("pay.ocp")], gateway: gateway)
        let fleet = world.plan(desired, pools: &pools)
        let plan = try #require(fleet.plans.first { $0.subject == .sandbox(Sample.name("qa")) })
        let admit = try #require(plan.steps.first { if case .admit = $0.action { true } else { false } })
        for step in plan.steps {
            guard case .setRoute(_, let key, _) = step.action else { continue }
            #expect(key.service == Sample.name("account"))
            #expect(step.dependencies.contains(admit.id))
        }
        guard case .admit(_, _, let admission) = admit.action else { return }
        #expect(admission == Admission())
        var reached = world
        try reached.carryOut(fleet, pools: &pools)
        #expect(!reached.plan(desired, pools: &pools).hasChanges)
        let back = Self.desired(
            ["account": Sample.baseline("acc.ocp"), "payment": Sample.baseline("pay.ocp")], gateway: gateway)
        let steps = reached.plan(back, pools: &pools).plans.flatMap(\.steps)
        #expect(steps.contains { if case .removeRoute = $0.action { true } else { false } })
    }

    @Test("A Traefik is told by labels alone")
    func traefik() throws {
        var pools = AllocationTable(held: [])
        let gateway = Self.gateway(.traefikLabels(TraefikLabels()))
        func desired(_ host: String) -> DesiredState {
            let spec = Sample.spec("a:1") { $0.labels = ["traefik.http.routers.a.rule": "Host(`\(host)`)"] }
            let service = DesiredService(use: .container(spec, branch: "main"), place: Sample.place)
            return Self.desired(["account": service], gateway: gateway)
        }
        var world = World(node: Sample.node, images: Self.images)
        let fleet = world.plan(desired("a.dev"), pools: &pools)
        let onGateway = fleet.plans.flatMap(\.steps).filter { step in
            switch step.action {
            case .configureGateway, .admit, .setRoute, .setRules: true
            default: false
            }
        }
        #expect(onGateway.isEmpty)
        try world.carryOut(fleet, pools: &pools)
        #expect(!world.plan(desired("a.dev"), pools: &pools).hasChanges)
        // What another driver had before ends.
        var left = world
        left.gateways[Sample.gatewayName] = ObservedGateway(isRunning: true)
        let ending = left.plan(desired("a.dev"), pools: &pools).plans.flatMap(\.steps).map(\.action)
        #expect(ending.contains(.dismantleGateway(Sample.gatewayName)))
        let moved = world.plan(desired("b.dev"), pools: &pools)
        let fields = moved.plans.flatMap(\.services).flatMap(\.fields).map(\.field)
        #expect(fields == ["labels.traefik.http.routers.a.rule"])
    }
}
