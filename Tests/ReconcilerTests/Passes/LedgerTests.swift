import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("The ledger")
struct LedgerTests {
    /// A host that, whenever something is made, looks whether the ledger has it.
    actor Auditor: Host {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["a:1"], isFaulty: false)
        let journal: MemoryJournal
        var made: [ResourceUID] = []
        var missing: [String] = []

        init(_ journal: MemoryJournal) { self.journal = journal }

        func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode { try await host.observe(inquiry) }

        func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
            -> Receipt?
        {
            switch action {
            case .create, .createNetwork, .checkout: await audit(action, uid)
            case .build(let piece) where piece.image != nil: await audit(action, uid)
            default: break
            }
            return try await host.perform(action, as: uid)
        }

        private func audit(_ action: Action, _ uid: ResourceUID) async {
            made.append(uid)
            if await journal.open[uid] == nil { missing.append("\(action)") }
        }

        nonisolated func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
    }

    @Test(
        "has a workpiece before it is made, and not after it is gone",
        arguments: [
            Recipe.worktree(build: HostBuild(command: ["make"]), target: "/src"), .image(ImageBuild()),
        ])
    func pieces(recipe: Recipe) async throws {
        let journal = MemoryJournal()
        let auditor = Auditor(journal)
        let pass = Pass(
            hosts: FixedHosts([Sample.node: auditor]), journal: journal, pools: try await Pools(journal: journal),
            surroundings: .silent())
        let piece = Workpiece(
            repository: Sample.repository, reference: "main", commit: Sample.commit("4"), recipe: recipe)
        var goal = Pass.Goal(desired: Sample.desired())
        goal.order = PieceOrder(piece: piece, node: Sample.node, sandboxes: [Sample.name("qa")])
        #expect(await pass.run(.workpiece(piece.id), toward: goal).verdict == .converged)
        #expect(await auditor.missing.isEmpty)
        #expect(await journal.open.values.map(\.name) == [piece.id.text])
        #expect(await Set(journal.open.keys).isSubset(of: auditor.made))

        goal.order = nil
        await auditor.host.change { $0.workshop.pieces[piece.id]?.idleMillis = PlanPolicy.standardKeepMillis }
        #expect(await pass.run(.workpiece(piece.id), toward: goal).verdict == .converged)
        #expect(await journal.open.isEmpty)
    }

    @Test("has everything before it is made, and nothing after it is gone")
    func isAhead() async throws {
        let journal = MemoryJournal()
        let auditor = Auditor(journal)
        let pass = Pass(
            hosts: FixedHosts([Sample.node: auditor]), journal: journal, pools: try await Pools(journal: journal),
            surroundings: .silent())
        let qa: SandboxName = Sample.name("qa")
        let desired = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]))
        #expect(await pass.run(.sandbox(qa), toward: Pass.Goal(desired: desired)).verdict == .converged)
        #expect(await auditor.made.count == 2)
        #expect(await auditor.missing.isEmpty)
        #expect(Set(await journal.open.keys) == Set(await auditor.made))

        #expect(await pass.run(.sandbox(qa), toward: Pass.Goal(desired: Sample.desired(at: "2"))).verdict == .converged)
        #expect(await journal.open.isEmpty)
        #expect(await journal.held.isEmpty)
    }
}
