import Commands
import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("What a reconcile comes to")
struct ConclusionTests {
    private static let head = Sample.commit("9")
    private static let older = Sample.commit("1")

    private static func status(
        _ phase: SandboxStatus.Phase, at attempted: CommitID = head, _ message: String = "", name: String = "qa"
    ) -> SandboxStatus {
        SandboxStatus(
            sandbox: Sample.name(name), title: name, phase: phase, message: message, attempted: attempted,
            applied: older, healthy: older, cause: "", updatedAt: Timestamp(milliseconds: 0))
    }

    private static func judge(_ statuses: SandboxStatus..., notices: [String] = []) -> Follow.Ending {
        var standings = Standings()
        return standings.judge(statuses, notices, at: head)
    }

    @Test("What was tried last decides, not what is healthy")
    func settles() {
        #expect(Self.judge(Self.status(.ready)) == .settled)
        #expect(Self.judge(Self.status(.suspended)) == .settled)
        #expect(Self.judge(Self.status(.held, at: Self.older)) == .settled)
        #expect(Self.judge(Self.status(.ready, at: Self.older)) == .timedOut(["qa is not at 9999999 yet"]))
        let kept = "kept at its last good version, of 1111111; the newest is broken: berth validate"
        #expect(Self.judge(Self.status(.ready, at: Self.older, kept)) == .settled)
    }

    @Test("A failure waits for what moves, and is told with it")
    func failsLast() {
        let failed = Self.status(.failed, Self.head, "no image", "qa")
        #expect(Self.judge(failed) == .failed(["qa: no image"]))
        let moving = Self.status(.progressing, name: "qb")
        #expect(Self.judge(failed, moving) == .timedOut(["qb is progressing", "qa: no image"]))
    }

    @Test("A failed sandbox that is tried again at the same commit is no reason to wait; at the next one it is")
    func retries() {
        var standings = Standings()
        let other = Self.status(.progressing, name: "qb")
        let first = standings.judge([Self.status(.failed, Self.head, "no image", "qa"), other], [], at: Self.head)
        #expect(first == .timedOut(["qb is progressing", "qa: no image"]))
        let retry = Self.status(.progressing, Self.head, "no image", "qa")
        let second = standings.judge([retry, Self.status(.ready, name: "qb")], [], at: Self.head)
        #expect(second == .failed(["qa: no image"]))
        let next = Self.status(.progressing, at: Sample.commit("a"))
        #expect(standings.judge([next], [], at: Sample.commit("a")) == .timedOut(["qa is progressing"]))
    }

    @Test("A gateway that is being configured moves; a gateway's complaint is a failure")
    func gateways() {
        let moving = "gateway edge is being configured"
        #expect(Self.judge(Self.status(.ready), notices: [moving]) == .timedOut([moving]))
        let complaint = "gateway edge: the port 80 is taken"
        #expect(Self.judge(Self.status(.ready), notices: [complaint]) == .failed([complaint]))
    }

    @Test(
        "The exit code: problems before blind spots before held deletions",
        arguments: [
            ([], .success),
            (["gateway edge is being configured"], .success),
            (["3 deletion(s) wait for consent"], .deletionsHeld),
            (["3 deletion(s) wait for consent", "node micro is away: refused"], .incomplete),
            (["sandbox qa is placed on node b, which nobody serves"], .incomplete),
            (["node micro is away: refused", "a.yaml:1:1: error: unknown key"], .failure),
            (["gateway edge: the port 80 is taken"], .failure),
            (["bundle runtimes: the archive's SHA-256 is another"], .failure),
            (["workpiece account-4be1c2d9f0a1-1f2e3d4c: build account main @ 4be1c2d: exit code 2"], .failure),
        ] as [([String], Commands.ExitStatus)])
    func codes(notices: [String], expected: Commands.ExitStatus) {
        let conclusion = Conclusion(.settled, [Self.status(.ready)], notices: notices, timeout: .seconds(1))
        #expect(conclusion.status == expected)
        #expect(conclusion.sentences == notices.filter { !$0.hasSuffix("being configured") })
    }

    @Test("A held sandbox asks for consent, a failed one is a failure, and nothing is told twice")
    func statuses() {
        #expect(Conclusion(.settled, [Self.status(.held)], notices: [], timeout: .seconds(1)).status == .deletionsHeld)
        let failed = Self.status(.failed, Self.head, "no image", "qa")
        let conclusion = Conclusion(.failed(["qa: no image"]), [failed], notices: ["no image"], timeout: .seconds(1))
        #expect(conclusion.status == .failure)
        #expect(conclusion.sentences == ["qa: no image"])
        let late = Conclusion(.timedOut(["qb is progressing"]), [failed], notices: [], timeout: .seconds(1))
        #expect(late.sentences == ["not there after 1.0 s: qb is progressing", "qa: no image"])
        let open = ["qb is progressing", "qa: no image"]
        let more = Conclusion(.timedOut(open), [failed], notices: [], timeout: .seconds(1))
        #expect(more.sentences == ["not there after 1.0 s: 2 are open"] + open)
    }

    @Test("What nobody uses may be removed at any time: that it is still there is no failure")
    func tidying() throws {
        let piece = try #require(Workpiece.ID("account-444444444444-0a1b2c3d"))
        var observed = ObservedNode(node: Sample.node)
        observed.workshop.pieces[piece] = ObservedWorkpiece(
            condition: .ready, repository: Sample.repository.name, commit: Sample.commit("4"), idleMillis: .max)
        var desired = DesiredState(revision: Sample.revision())
        desired.nodes = [Sample.node: DesiredNode(name: Sample.node)]
        let plan = Self.plan(desired, observed)
        #expect(plan.hasChanges)
        #expect(Conclusion(.settled, [], notices: [], plan: plan, timeout: .seconds(1)).status == .success)
    }

    @Test("A repository that does not answer makes what is known incomplete, and is told")
    func silence() {
        let desired = Sample.desired(Sample.sandbox(["account": Sample.made()]))
        var observed = ObservedNode(node: Sample.node, images: ["runtime:1": "sha256:1"])
        observed.workshop.readings[Sample.code()] = .asked
        let plan = Self.plan(desired, observed)
        let conclusion = Conclusion(.timedOut([]), [], notices: [], plan: plan, timeout: .seconds(1))
        #expect(plan.unanswered.allSatisfy(conclusion.sentences.contains))
        #expect(Conclusion(.stopped, [], notices: [], plan: plan, timeout: .seconds(1)).status == .incomplete)
    }

    private static func plan(_ desired: DesiredState, _ observed: ObservedNode) -> FleetPlan {
        var pools = AllocationTable(held: [])
        return FleetPlan(
            FleetPlan.Inputs(desired: desired, observed: [Sample.node: observed]), drawingFrom: &pools)
    }

    private static func status(
        _ phase: SandboxStatus.Phase, _ attempted: CommitID, _ message: String, _ name: String
    ) -> SandboxStatus { status(phase, at: attempted, message, name: name) }
}
