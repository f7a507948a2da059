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

        func perform(_ action: Action, as uid: ResourceUID) async throws(HostError) {
            switch action {
            case .create, .createNetwork:
                made.append(uid)
                if await journal.open[uid] == nil { missing.append("\(action)") }
            default: break
            }
            try await host.perform(action, as: uid)
        }

        nonisolated func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
    }

    @Test("has everything before it is made, and nothing after it is gone")
    func isAhead() async throws {
        let journal = MemoryJournal()
        let auditor = Auditor(journal)
        let pass = Pass(
            hosts: [Sample.node: auditor], journal: journal, pools: try await Pools(journal: journal),
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
