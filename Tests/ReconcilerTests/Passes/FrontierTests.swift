import Model
import TestSupport
import Testing

@testable import Planner

@Suite("Frontier")
struct FrontierTests {
    @Test("No step runs before what it needs, and each runs once", arguments: 0..<300 as Range<UInt64>)
    func order(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let plan = Plan.random(using: &random)
        var frontier = Frontier(of: plan)
        var running: [Plan.Step] = []
        var finished: [Plan.Step.ID] = []
        let width = Int.random(in: 1...4, using: &random)
        while true {
            let taken = frontier.take(upTo: width - running.count)
            for step in taken { #expect(step.dependencies.allSatisfy(finished.contains)) }
            running += taken
            #expect(running.count <= width)
            guard let index = running.indices.randomElement(using: &random) else { break }
            let done = running.remove(at: index)
            finished.append(done.id)
            frontier.finish(done.id)
        }
        #expect(finished.count == plan.steps.count)
        #expect(Set(finished) == Set(plan.steps.map(\.id)))
    }

    @Test("A failure takes along what depends on it, and nothing else", arguments: 0..<300 as Range<UInt64>)
    func failure(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let plan = Plan.random(using: &random)
        var frontier = Frontier(of: plan)
        var running: [Plan.Step] = []
        var finished: Set<Plan.Step.ID> = []
        var failed: Set<Plan.Step.ID> = []
        var lost: Set<Plan.Step.ID> = []
        while true {
            running += frontier.take(upTo: Int.random(in: 1...3, using: &random))
            guard let index = running.indices.randomElement(using: &random) else { break }
            let step = running.remove(at: index)
            guard random.oneIn(5) else {
                finished.insert(step.id)
                frontier.finish(step.id)
                continue
            }
            failed.insert(step.id)
            let skipped = frontier.fail(step.id)
            #expect(skipped.map(\.id) == skipped.map(\.id).sorted())
            #expect(Set(skipped.map(\.id)) == plan.dependents(of: step.id).subtracting(lost))
            lost.formUnion(skipped.map(\.id))
        }
        // Everything ended in exactly one way.
        #expect(finished.union(failed).union(lost) == Set(plan.steps.map(\.id)))
        #expect(finished.count + failed.count + lost.count == plan.steps.count)
        #expect(lost == failed.reduce(into: []) { $0.formUnion(plan.dependents(of: $1)) })
    }

    @Test("What is abandoned is everything not begun, and nothing comes after it", arguments: 0..<50 as Range<UInt64>)
    func abandoned(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let plan = Plan.random(using: &random)
        var frontier = Frontier(of: plan)
        let begun = frontier.take(upTo: 2)
        let rest = frontier.abandon()
        #expect((begun + rest).map(\.id).sorted() == plan.steps.map(\.id))
        for step in begun { frontier.finish(step.id) }
        #expect(frontier.take(upTo: 9).isEmpty)
    }
}

extension Plan {
    /// Up to 20 steps, each needing some of the earlier ones; step 3 pulls the image `step-3`.
    static func random(using random: inout SplitMix64) -> Plan {
        var plan = Plan(of: .sandbox(Sample.name("qa")), on: Sample.node, cause: .observation("a test"))
        for index in 0..<Int.random(in: 0...20, using: &random) {
            let needs = plan.steps.map(\.id).filter { _ in random.oneIn(3) }
            plan.append(.pull(Sample.image("step-\(index + 1)")), because: .missing, after: needs)
        }
        return plan
    }

    /// Steps that pull `step-1`, `step-2`, …, each after those whose numbers it is given.
    static func of(_ needs: [[Int]]) -> Plan {
        var plan = Plan(of: .sandbox(Sample.name("qa")), on: Sample.node, cause: .observation("a test"))
        for (index, needs) in needs.enumerated() {
            plan.append(
                .pull(Sample.image("step-\(index + 1)")), because: .missing, after: needs.map(Step.ID.init(index:)))
        }
        return plan
    }

    /// All that need `id`, directly or not, found by walking forward from it.
    fileprivate func dependents(of id: Step.ID) -> Set<Step.ID> {
        var found: Set<Step.ID> = []
        var edge: Set<Step.ID> = [id]
        while !edge.isEmpty {
            edge = Set(steps.filter { !edge.isDisjoint(with: $0.dependencies) }.map(\.id)).subtracting(found)
            found.formUnion(edge)
        }
        return found
    }
}
