/// The steps of a plan that may run now, given those that have ended.
package struct Frontier: Sendable {
    private var waiting: [Plan.Step]
    private var finished: Set<Plan.Step.ID> = []

    package init(of plan: Plan) { waiting = plan.steps }

    /// Takes up to `limit` steps whose dependencies have all finished, in the order of the plan.
    package mutating func take(upTo limit: Int) -> [Plan.Step] {
        precondition(limit >= 0)
        let ready = waiting.filter { $0.dependencies.allSatisfy(finished.contains) }.prefix(limit)
        let taken = Set(ready.map(\.id))
        waiting.removeAll { taken.contains($0.id) }
        return Array(ready)
    }

    package mutating func finish(_ id: Plan.Step.ID) {
        let isNew = finished.insert(id).inserted
        precondition(isNew, "step \(id.index) finished twice")
    }

    /// Takes away everything that depends on a step that failed, and returns it in the order of the plan.
    package mutating func fail(_ id: Plan.Step.ID) -> [Plan.Step] {
        var lost: Set<Plan.Step.ID> = [id]
        // Dependencies point backwards only, so one walk in order finds all.
        for step in waiting where step.dependencies.contains(where: lost.contains) { lost.insert(step.id) }
        let skipped = waiting.filter { lost.contains($0.id) }
        waiting.removeAll { lost.contains($0.id) }
        return skipped
    }

    /// Takes away everything not yet begun.
    package mutating func abandon() -> [Plan.Step] {
        defer { waiting = [] }
        return waiting
    }
}
