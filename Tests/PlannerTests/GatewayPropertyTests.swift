import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// What rules and names promise at every step of every plan, over random manifests and worlds.
@Suite("Rules and names at every step")
struct GatewayPropertyTests {
    @Test("A name that led somewhere and will, leads somewhere at every step", arguments: 0..<300 as Range<UInt64>)
    func namesLead(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        let before = PlanPropertyTests.randomDesired(&random, at: "1")
        var world = try World.at(before, images: PlanPropertyTests.images, pools: &pools)
        // What comes up in the first plan is found by its own name only in the second.
        try world.carryOut(world.plan(before, pools: &pools), pools: &pools)
        let after = PlanPropertyTests.randomDesired(&random, at: "2")
        for plan in world.plan(after, pools: &pools, consented: 9).plans {
            guard case .sandbox(let name) = plan.subject, after.gateways[Sample.gatewayName] == Sample.insideGateway,
                before.gateways[Sample.gatewayName] == Sample.insideGateway
            else { continue }
            // Where old and new want one node port, nobody serves for a while, and the plan says so.
            let interrupted = plan.services.filter(\.isInterrupted).map(\.service)
            let kept = before.reachable(inside: name).intersection(after.reachable(inside: name))
                .subtracting(interrupted)
            for step in plan.steps {
                try world.apply(step.action, as: ResourceUID("u-\(name)-\(step.id.index)"))
                for service in kept {
                    #expect(
                        world.leads(service, inside: name),
                        "seed \(seed): after \(step.action) \(service) leads nowhere in \(name)")
                }
            }
        }
    }

    @Test("No rule names a service that has no way", arguments: 0..<300 as Range<UInt64>)
    func rulesLead(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = try World.at(
            PlanPropertyTests.randomDesired(&random, at: "1"), images: PlanPropertyTests.images, pools: &pools)
        let desired = PlanPropertyTests.randomDesired(&random, at: "2")
        let plan = world.plan(desired, pools: &pools, consented: 9)
        for (subject, step) in plan.plans.flatMap({ plan in plan.steps.map { (plan.subject, $0) } }) {
            if case .setRules(let gateway, .sandbox(let name), let rules) = step.action {
                for backend in rules.flatMap(\.backends) where backend.use == .sandbox {
                    let service = desired.sandboxes[name]?.services[backend.service]
                    guard service?.container?.routedPort != nil else { continue }
                    let key = RouteKey(sandbox: name, service: backend.service)
                    #expect(
                        world.gateways[gateway]?.routes[key] != nil,
                        "seed \(seed): the rules of \(subject) name \(backend.service), which has no route")
                }
            }
            try world.apply(step.action, as: ResourceUID("u-\(subject)-\(step.id.index)"))
        }
    }
}

extension DesiredState {
    /// Services that containers of a sandbox find by name.
    fileprivate func reachable(inside name: SandboxName) -> Set<ServiceName> {
        guard let sandbox = sandboxes[name], sandbox.state == .active, sandbox.gateway != nil,
            sandbox.services.values.contains(where: { $0.container != nil })
        else { return [] }
        let own = sandbox.services.filter { $0.value.container?.routedPort != nil }.keys
        return sandbox.borrowed.union(own)
    }
}

extension World {
    fileprivate func leads(_ service: ServiceName, inside name: SandboxName) -> Bool {
        if names[name]?.services.contains(service) == true { return true }
        return containers.contains { container in
            container.state == .running && container.ownership.mark?.sandbox == name
                && container.attachments.values.contains { $0.aliases.contains(service.text) }
        }
    }
}
