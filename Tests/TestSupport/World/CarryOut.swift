package import Model
package import Planner
package import Reconciler

extension World {
    /// Plans a whole desired state against this world as it is.
    package func plan(
        _ desired: DesiredState, pools: inout AllocationTable, applied: [SandboxName: CommitID] = [:],
        consented: Int = 0
    ) -> FleetPlan {
        let look = observed(Inquiry(everythingOn: node, in: desired))
        pools.adopt(from: look)
        return FleetPlan(
            FleetPlan.Inputs(
                desired: desired, observed: [node: look], applied: applied, consentedDeletions: consented),
            drawingFrom: &pools)
    }

    /// Carries out every step of a plan, in order, without a fault.
    package mutating func carryOut(_ fleet: FleetPlan, pools: inout AllocationTable) throws(HostError) {
        for plan in fleet.plans {
            for step in plan.steps {
                try apply(step.action, as: ResourceUID("uid-\(plan.subject)-\(step.id.index)-\(containers.count)"))
            }
            pools.release(plan.releases)
        }
    }

    /// A world in which `desired` was reached.
    package static func at(
        _ desired: DesiredState, images: Set<String>, pools: inout AllocationTable
    ) throws(HostError) -> World {
        var world = World(node: Sample.node, images: images)
        try world.carryOut(world.plan(desired, pools: &pools), pools: &pools)
        return world
    }
}
