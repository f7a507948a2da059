import Model
import Planner
import TestSupport
import Testing

@Suite("Deletions wait for consent when they are more than the budget allows")
struct BudgetTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let existing: Int
        let leaving: Int
        var consented = 0
        let isHeld: Bool
        var testDescription: String { "\(leaving) of \(existing), consent to \(consented)" }
    }

    @Test(arguments: [
        Case(existing: 1, leaving: 1, isHeld: false),
        Case(existing: 5, leaving: 3, isHeld: false),
        Case(existing: 5, leaving: 4, isHeld: true),
        Case(existing: 20, leaving: 4, isHeld: false),
        Case(existing: 20, leaving: 5, isHeld: true),
        Case(existing: 20, leaving: 5, consented: 4, isHeld: true),
        Case(existing: 20, leaving: 5, consented: 5, isHeld: false),
        // A commit without any sandbox is rather a mistake than a wish.
        Case(existing: 2, leaving: 2, isHeld: true),
        Case(existing: 2, leaving: 2, consented: 2, isHeld: false),
    ])
    func holds(_ example: Case) throws {
        var pools = AllocationTable(held: [])
        var before = Sample.desired(at: "1")
        for number in 0..<example.existing {
            let sandbox = Sample.sandbox(["account": Sample.baseline("ocp")], named: "s\(number)")
            before.sandboxes[sandbox.name] = sandbox
        }
        let world = try World.at(before, images: [], pools: &pools)
        var after = before
        after.revision = Sample.revision("2")
        for number in 0..<example.leaving { after.sandboxes[Sample.name("s\(number)")] = nil }
        let plan = world.plan(after, pools: &pools, consented: example.consented)
        #expect((plan.heldDeletions != nil) == example.isHeld)
        let removals = plan.plans.filter { $0.kind == .remove }
        #expect(removals.count == example.leaving)
        #expect(removals.allSatisfy { $0.isEmpty == example.isHeld })
        if let held = plan.heldDeletions {
            #expect(held.sentence.hasSuffix("berth reconcile --allow-deletions \(example.leaving)"))
        }
    }

    @Test("An unreadable file that may declare them holds every deletion, consent or not")
    func heldByUnreadable() throws {
        var pools = AllocationTable(held: [])
        let sandbox = Sample.sandbox(["account": Sample.baseline("ocp")])
        let world = try World.at(Sample.desired(sandbox, at: "1"), images: [], pools: &pools)
        var after = Sample.desired(at: "2")
        after.deletionsHeld = ManifestProblem(at: Sample.place, code: "not-utf-8", "the file is not UTF-8")
        let plan = world.plan(after, pools: &pools, consented: 9)
        #expect(plan.heldDeletions?.sentence.contains(Sample.place.file) == true)
        let removals = plan.plans.filter { $0.kind == .remove }
        #expect(removals.allSatisfy { $0.isEmpty })
    }
}
