import Model
import Planner
import TestSupport
import Testing

/// The plan as people read it, one text a case. The world is made by carrying out an earlier plan.
@Suite struct PlanGoldenTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var before: DesiredState?
        var hands: @Sendable (inout World) -> Void = { _ in }
        let after: DesiredState
        var isApplied = false
        var testDescription: String { name }
    }

    static let account = Sample.container("shop/account:feature-login")
    static let first = Sample.desired(
        Sample.sandbox(["account": account, "payment": Sample.baseline("pay.ocp")]), at: "1")

    static func with(_ change: (inout ContainerSpec) -> Void) -> DesiredState {
        let service = DesiredService(
            use: .container(Sample.spec("shop/account:feature-login", change), branch: "feature/login"),
            place: Sample.place)
        return Sample.desired(Sample.sandbox(["account": service, "payment": Sample.baseline("pay.ocp")]))
    }

    static let cases: [Case] = [
        Case(name: "first-deploy", after: first),
        Case(name: "unchanged", before: first, after: with { _ in }),
        Case(
            name: "new-branch", before: first,
            after: Sample.desired(
                Sample.sandbox([
                    "account": Sample.container("shop/account:feature-retry", branch: "feature/retry"),
                    "payment": Sample.baseline("pay.ocp"),
                ]))),
        Case(
            name: "baseline-to-branch", before: first,
            after: Sample.desired(
                Sample.sandbox(["account": account, "payment": Sample.container("shop/payment:main", branch: "main")]))),
        Case(
            name: "branch-to-baseline", before: first,
            after: Sample.desired(
                Sample.sandbox(["account": Sample.baseline("acc.ocp"), "payment": Sample.baseline("pay.ocp")]))),
        Case(name: "environment", before: first, after: with { $0.environment = ["LOG": .plain("debug")] }),
        Case(
            name: "suspend", before: first,
            after: Sample.desired(
                Sample.sandbox(["account": account, "payment": Sample.baseline("pay.ocp")], state: .suspended))),
        Case(name: "removed", before: first, after: Sample.desired()),
        Case(
            name: "killed", before: first, hands: { $0.containers[0].state = .exited }, after: with { _ in },
            isApplied: true),
        Case(
            name: "container-gone", before: first, hands: { $0.containers.removeAll() }, after: with { _ in },
            isApplied: true),
        Case(
            name: "memory-drift", before: first, hands: { $0.containers[0].limits.memoryBytes = 1 << 30 },
            after: with { _ in }, isApplied: true),
        Case(
            name: "route-edited-by-hand", before: first,
            hands: { world in
                let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))
                world.gateways[Sample.gatewayName]?.routes[key] = .endpoint(
                    Endpoint(scheme: .http, host: "10.0.0.9", port: 1), label: "x")
            }, after: with { _ in }, isApplied: true),
        Case(
            name: "foreign-squatter",
            hands: {
                $0.containers.append(
                    ObservedContainer(id: ContainerID("f1"), name: "sandbox-qa-account", ownership: .foreign))
            },
            after: first),
        Case(
            name: "image-missing-offline",
            after: Sample.desired(Sample.sandbox(["account": Sample.container("shop/account:unknown")]))),
        Case(
            name: "fixed-port-is-stop-first",
            before: Sample.desired(Sample.sandbox(["db": Self.database("db:1")]), at: "1"),
            after: Sample.desired(Sample.sandbox(["db": Self.database("db:2")]))),
    ]

    static func database(_ image: String) -> DesiredService {
        var spec = ContainerSpec(image: Sample.image(image))
        spec.ports = [ContainerPort(name: "pg", number: 5432, transport: .tcp, published: .automatic)]
        return DesiredService(use: .container(spec, branch: nil), place: Sample.place)
    }

    static let images: Set<String> = [
        "shop/account:feature-login", "shop/account:feature-retry", "shop/payment:main", "db:1", "db:2",
    ]

    @Test(arguments: cases)
    func plans(_ example: Case) throws {
        var pools = AllocationTable(held: [])
        var world =
            try example.before.map { try World.at($0, images: Self.images, pools: &pools) }
            ?? World(node: Sample.node, images: Self.images)
        example.hands(&world)
        let applied = example.isApplied ? [Sample.name("qa", SandboxName.self): Sample.commit("9")] : [:]
        let plan = world.plan(example.after, pools: &pools, applied: applied)
        let steps = plan.plans.flatMap(\.steps).map {
            "#\($0.id.index) \($0.action) (\($0.reason))"
                + ($0.dependencies.isEmpty
                    ? "" : " after " + $0.dependencies.map { "#\($0.index)" }.joined(separator: " "))
        }
        let text = PlanText(of: plan, heading: "Revision  main \(plan.revision.commit.short)").text
        try expectGolden(text + "\n\nSteps:\n" + steps.joined(separator: "\n"), example.name)
    }
}
