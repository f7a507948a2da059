import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// The promises of `design.md` §2 as properties of plans, over random manifests and random worlds.
@Suite struct PlanPropertyTests {
    static let images: Set<String> = ["a:1", "a:2", "a:3", "b:1"]

    /// A desired state as some commit might have it.
    static func randomDesired(_ random: inout SplitMix64, at digit: Character) -> DesiredState {
        var sandboxes: [DesiredSandbox] = []
        for name in ["qa", "pr-1", "pr-2", "demo"] where !random.oneIn(4) {
            var services: [String: DesiredService] = [:]
            for service in ["account", "payment", "db"] where !random.oneIn(5) {
                services[service] = randomService(&random)
            }
            var sandbox = Sample.sandbox(services, named: name, state: random.oneIn(5) ? .suspended : .active)
            if random.oneIn(6) { sandbox.gateway = nil }
            sandboxes.append(sandbox)
        }
        var desired = Sample.desired(at: digit)
        for sandbox in sandboxes { desired.sandboxes[sandbox.name] = sandbox }
        if random.oneIn(2) {
            let service: ServiceName = Sample.name("payment")
            desired.baselines[service] = DesiredBaseline(
                service: service, endpoint: Endpoint(scheme: .http, host: "pay.ocp", port: 80), place: Sample.place)
        }
        if random.oneIn(2) { lend(&desired) }
        desired.routes = randomRoutes(of: desired, &random)
        return desired
    }

    /// Looks after calls out of the sandboxes.
    private static func lend(_ desired: inout DesiredState) {
        desired.gateways[Sample.gatewayName] = Sample.insideGateway
        for name in desired.sandboxes.keys {
            guard let sandbox = desired.sandboxes[name], sandbox.gateway != nil else { continue }
            let listed = sandbox.services.filter { $0.value.container == nil }.keys
            let borrowed = Set(desired.baselines.keys).union(listed)
            desired.sandboxes[name]?.borrowed = borrowed.filter { sandbox.services[$0]?.container == nil }
        }
    }

    private static func randomRoutes(of desired: DesiredState, _ random: inout SplitMix64) -> [DesiredRoute] {
        let names = desired.sandboxes.keys.sorted()
        return (0..<Int.random(in: 0...3, using: &random)).map { index in
            let services = ["account", "payment", "db"]
            let rules = (0..<Int.random(in: 1...3, using: &random)).map { number in
                let backend = RouteBackend(
                    service: Sample.name(services.randomElement(using: &random) ?? "account"),
                    use: RouteBackend.Use.allCases.randomElement(using: &random) ?? .automatic)
                return Sample.rule(
                    "r\(index)/\(number)", RouteMatch(path: .prefix("/v\(Int.random(in: 1...4, using: &random))")),
                    [backend], fallback: random.oneIn(2) ? [.unhealthy] : [])
            }
            return DesiredRoute(
                title: "route r\(index)", gateway: Sample.gatewayName,
                sandboxes: random.oneIn(3) ? [] : Set(names.filter { _ in random.oneIn(2) }), rules: rules,
                place: Sample.place)
        }
    }

    private static func randomService(_ random: inout SplitMix64) -> DesiredService {
        guard !random.oneIn(3) else { return Sample.baseline("ocp-\(Int.random(in: 1...2, using: &random))") }
        var spec = Sample.spec(images.sorted().randomElement(using: &random) ?? "a:1")
        if random.oneIn(3) { spec.environment["LOG"] = .plain(random.oneIn(2) ? "debug" : "info") }
        if random.oneIn(3) { spec.limits.memoryBytes = 1 << 30 }
        if random.oneIn(4) { spec.ports[0].published = .automatic }
        if random.oneIn(6) { spec.ports = [] }
        return DesiredService(use: .container(spec, branch: "main"), place: Sample.place)
    }

    @Test("After an apply the next plan is empty", arguments: 0..<300 as Range<UInt64>)
    func stays(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: Self.images)
        for digit in ["1", "2", "3"] as [Character] {
            let desired = Self.randomDesired(&random, at: digit)
            // A stop-first service needs the old one gone before its port is free: two plans at most.
            for _ in 0..<2 { try world.carryOut(world.plan(desired, pools: &pools, consented: 9), pools: &pools) }
            let next = world.plan(desired, pools: &pools, consented: 9)
            #expect(!next.hasChanges, "\(PlanText(of: next, heading: "seed \(seed)").text)")
            if random.oneIn(2) {
                world.disturb(using: &random)
                for _ in 0..<2 { try world.carryOut(world.plan(desired, pools: &pools, consented: 9), pools: &pools) }
                let mended = world.plan(desired, pools: &pools, consented: 9)
                #expect(!mended.hasChanges, "\(PlanText(of: mended, heading: "seed \(seed), mended").text)")
            }
        }
    }

    @Test("The order of observation does not matter", arguments: 0..<100 as Range<UInt64>)
    func ignoresOrder(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = try World.at(Self.randomDesired(&random, at: "1"), images: Self.images, pools: &pools)
        let desired = Self.randomDesired(&random, at: "2")
        var first = pools
        let plan = world.plan(desired, pools: &first)
        world.containers.shuffle(using: &random)
        world.networks.shuffle(using: &random)
        var second = pools
        #expect(world.plan(desired, pools: &second).plans == plan.plans)
    }

    @Test(
        "Nothing healthy is stopped before what replaces it is healthy and routed", arguments: 0..<300 as Range<UInt64>)
    func provesFirst(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        let world = try World.at(Self.randomDesired(&random, at: "1"), images: Self.images, pools: &pools)
        let desired = Self.randomDesired(&random, at: "2")
        for plan in world.plan(desired, pools: &pools, consented: 9).plans {
            guard case .sandbox(let name) = plan.subject, let sandbox = desired.sandboxes[name],
                sandbox.state == .active
            else { continue }
            for stop in plan.steps {
                guard case .stop = stop.action, let service = stop.service,
                    sandbox.services[service]?.container != nil,
                    !plan.services.contains(where: { $0.service == service && $0.isInterrupted })
                else { continue }
                let proofs = plan.steps.filter { step in
                    if case .awaitHealthy = step.action { step.service == service } else { false }
                }
                #expect(
                    proofs.contains { Self.step(stop, dependsOn: $0.id, in: plan) },
                    "seed \(seed): \(stop.action) waits for no proof of \(service)")
            }
        }
    }

    @Test("What is not ours is in no step", arguments: 0..<100 as Range<UInt64>)
    func leavesForeigners(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = try World.at(Self.randomDesired(&random, at: "1"), images: Self.images, pools: &pools)
        let foreign = ObservedContainer(
            id: ContainerID("foreign"), name: "sandbox-demo-db",
            ownership: random.oneIn(2) ? .foreign : .theirs(InstallationID("other")))
        world.containers.removeAll { $0.name == foreign.name }
        world.containers.append(foreign)
        let plan = world.plan(Self.randomDesired(&random, at: "2"), pools: &pools, consented: 9)
        for step in plan.plans.flatMap(\.steps) {
            #expect(!"\(step.action)".hasSuffix(" sandbox-demo-db"), "\(step.action)")
            if case .create(let draft) = step.action { #expect(draft.name != foreign.name) }
        }
    }

    @Test("No port, subnet or address is given twice", arguments: 0..<100 as Range<UInt64>)
    func givesOnce(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: Self.images)
        for digit in ["1", "2"] as [Character] {
            try world.carryOut(
                world.plan(Self.randomDesired(&random, at: digit), pools: &pools, consented: 9), pools: &pools)
            let running = world.containers.filter { $0.state == .running }
            let ports = running.flatMap(\.published.values)
            #expect(Set(ports).count == ports.count)
            let addresses = world.containers.flatMap { $0.attachments.values.map(\.address) }
            #expect(Set(addresses).count == addresses.count)
            let listeners = world.gateways.values.flatMap { $0.sandboxes.values.compactMap(\.port) }
            #expect(Set(listeners).count == listeners.count)
        }
    }

    /// Whether `step` comes after `other` by its dependencies, and not only by its place in the list.
    private static func step(_ step: Plan.Step, dependsOn other: Plan.Step.ID, in plan: Plan) -> Bool {
        step.dependencies.contains { id in
            id == other || Self.step(plan.steps[id.index - 1], dependsOn: other, in: plan)
        }
    }
}
