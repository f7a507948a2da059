import Logging
import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("Every flip leaves a receipt")
struct FlipsTests {
    @Test("A flip tells when it was effective and what became of the requests of the old target")
    func receipts() async throws {
        let host = SimulatedHost(seed: 1, node: Sample.node, images: ["a:1", "a:2"], isFaulty: false)
        let bench = try await Bench(host)
        let first = Sample.desired(Sample.sandbox(["account": Sample.container("a:1")]), at: "1")
        #expect(await bench.run(toward: first).verdict == .converged)
        // New, and not announced as a flip: `starting` served nobody. It is told when it first serves.
        #expect(try await told(bench).count == 1)
        let second = Sample.desired(Sample.sandbox(["account": Sample.container("a:2")]), at: "2")
        #expect(await bench.run(toward: second).verdict == .converged)
        let replaced = try #require(try await told(bench).last)
        #expect(replaced.hasPrefix("account → account@feature-login"))
        #expect(replaced.hasSuffix("; effective 04:40:00.123Z; old target: 2 finished, 0 dropped, 0 kept"))
        let third = Sample.desired(
            Sample.sandbox(["account": Sample.baseline("acc.ocp"), "payment": Sample.baseline("pay.ocp")]), at: "3")
        #expect(await bench.run(toward: third).verdict == .converged)
        let fourth = Sample.desired(
            Sample.sandbox(["account": Sample.baseline("other.ocp"), "payment": Sample.baseline("pay.ocp")]), at: "4")
        #expect(await bench.run(toward: fourth).verdict == .converged)
        // The old baseline goes on: what it has, it keeps.
        #expect(try await told(bench).last?.hasSuffix("old target: 0 finished, 0 dropped, 2 kept") == true)
    }

    private func told(_ bench: Bench) async throws -> [String] {
        try await bench.journal.events(after: 0, sandbox: nil, limit: 1000)
            .map(\.event).filter { $0.kind == "route.flipped" }.map(\.message)
    }
}
