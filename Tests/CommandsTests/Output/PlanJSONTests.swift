import Foundation
import Model
import Planner
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What a dry run says to tools")
struct PlanJSONTests {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Fleets that between them have every part of a plan.
    static let fleets: [String: FleetPlan] = {
        let qa = Sample.sandbox(["account": Sample.container("shop/account:1"), "payment": Sample.baseline("pay")])
        let image = ["shop/account:1": "sha256:1"]
        var broken = Sample.desired(qa)
        broken.problems = OutputSample.problems
        broken.frozen = [Sample.name("old"): OutputSample.problems[1]]
        var changed = ObservedNode(node: Sample.node, images: image)
        changed.containers = [container("qa", "account", "shop/account:0")]
        let made = Sample.desired(Sample.sandbox(["account": Sample.made()]))
        let runtime = ["runtime:1": "sha256:1"]
        var bundled = Sample.desired()
        bundled.bundles = [
            Sample.name("runtimes"): DesiredBundle(
                name: Sample.name("runtimes"), images: [DesiredBundle.Image(Sample.image("runtime:1"))],
                archive: "/srv/runtimes.tar",
                sha256: String(repeating: "0", count: 64), place: Sample.place)
        ]
        var unused = ObservedNode(node: Sample.node)
        unused.workshop.pieces[PieceProgressTests.piece] = ObservedWorkpiece(
            condition: .ready, repository: Sample.repository.name, commit: Sample.commit("4"), idleMillis: .max)
        return [
            "create": plan(Sample.desired(qa), ObservedNode(node: Sample.node, images: image)),
            "change": plan(Sample.desired(qa), changed),
            "blocked": plan(Sample.desired(qa), ObservedNode(node: Sample.node)),
            "broken": plan(broken, ObservedNode(node: Sample.node, images: image)),
            "away": FleetPlan.of(
                FleetPlan.Inputs(desired: Sample.desired(qa), observed: [:], away: [Sample.node: "refused"])),
            "held": plan(Sample.desired(), strangers(5)),
            "removed": plan(Sample.desired(qa), strangers(1)),
            "made": plan(
                made, ObservedNode(node: Sample.node, images: runtime, workshop: workshop(.commit(Sample.commit("4"))))),
            "silent": plan(made, ObservedNode(node: Sample.node, images: runtime, workshop: workshop(.asked))),
            "loaded": plan(bundled, ObservedNode(node: Sample.node)),
            "unused": plan(
                DesiredState(revision: Sample.revision(), nodes: [Sample.node: DesiredNode(name: Sample.node)]),
                unused),
            "nothing": plan(DesiredState(revision: Sample.revision()), ObservedNode(node: Sample.node)),
        ]
    }()

    @Test("The plan as JSON", arguments: ["create", "change", "removed", "broken"])
    func golden(name: String) throws {
        try expectGolden(PlanJSON(of: try #require(Self.fleets[name])).text, "plan-\(name)")
    }

    @Test("Every plan keeps to schemas/plan.v1.json", arguments: fleets.keys.sorted())
    func schema(name: String) throws {
        let file = Self.root.appending(path: "schemas/plan.v1.json")
        let validator = SchemaValidator(try jsonObject(String(contentsOf: file, encoding: .utf8)))
        let object = try jsonObject(PlanJSON(of: try #require(Self.fleets[name])).text)
        #expect(validator.problems(of: object) == [])
    }

    @Test("The schema notices a key that is gone, one that is new, and a word that is not one of ours")
    func schemaIsStrict() throws {
        let file = Self.root.appending(path: "schemas/plan.v1.json")
        let validator = SchemaValidator(try jsonObject(String(contentsOf: file, encoding: .utf8)))
        let good = try jsonObject(PlanJSON(of: try #require(Self.fleets["create"])).text)
        for key in good.keys {
            #expect(!validator.problems(of: good.filter { $0.key != key }).isEmpty, "\(key) is missing")
        }
        #expect(!validator.problems(of: good.merging(["extra": 1]) { $1 }).isEmpty)
        #expect(!validator.problems(of: good.merging(["version": 2]) { $1 }).isEmpty)
    }

    @Test("Steps depend only on earlier ones, and the counts are those of the summary's sentence")
    func counts() throws {
        let plan = try #require(Self.fleets["create"])
        let object = try jsonObject(PlanJSON(of: plan).text)
        let plans = try #require(object["plans"] as? [[String: Any]])
        var total = 0
        for one in plans {
            for step in try #require(one["steps"] as? [[String: Any]]) {
                let id = try #require(step["id"] as? Int)
                #expect(try #require(step["dependencies"] as? [Int]).allSatisfy { $0 < id })
                total += 1
            }
        }
        let summary = try #require(object["summary"] as? [String: Any])
        #expect(summary["steps"] as? Int == total)
        #expect(summary["text"] as? String == plan.summary)
    }

    @Test(
        "The exit code says what keeps the plan from being trusted before what is in it",
        arguments: [
            ("nothing", 0), ("create", 2), ("change", 2), ("removed", 2), ("held", 3), ("away", 5), ("broken", 1),
            ("blocked", 2), ("made", 2), ("silent", 5), ("loaded", 2), ("unused", 2),
        ] as [(String, Int32)])
    func exitStatus(name: String, code: Int32) throws {
        #expect(verdict(of: try #require(Self.fleets[name])) == code)
    }

    @Test("Of several verdicts the gravest counts: 1, then 5, then 3, then 2")
    func precedence() {
        var desired = Sample.desired()
        var inputs = FleetPlan.Inputs(desired: desired, observed: [Sample.node: Self.strangers(5)])
        #expect(verdict(of: .of(inputs)) == 3)
        inputs.away = [Sample.name("micro-92"): "refused"]
        #expect(verdict(of: .of(inputs)) == 5)
        desired.problems = [OutputSample.problems[0]]
        inputs.desired = desired
        #expect(verdict(of: .of(inputs)) == 5)
        inputs.desired.problems = OutputSample.problems
        #expect(verdict(of: .of(inputs)) == 1)
    }

    private static func plan(_ desired: DesiredState, _ observed: ObservedNode) -> FleetPlan {
        .of(FleetPlan.Inputs(desired: desired, observed: [Sample.node: observed]))
    }

    /// A workshop whose one repository says `reading` of the branch.
    private static func workshop(_ reading: CodeReading) -> ObservedWorkshop {
        ObservedWorkshop(root: "/data/sources/pieces", readings: [Sample.code(): reading])
    }

    @Test("A plan that waits for a build tells of what, and the build has a plan of its own before it")
    func waits() throws {
        let object = try jsonObject(PlanJSON(of: try #require(Self.fleets["made"])).text)
        let plans = try #require(object["plans"] as? [[String: Any]])
        let subjects = plans.compactMap { ($0["subject"] as? [String: Any])?["kind"] as? String }
        let making = try #require(subjects.firstIndex(of: "workpiece"))
        let sandbox = try #require(subjects.firstIndex(of: "sandbox"))
        #expect(making < sandbox)
        let wait = try #require((plans[sandbox]["waits"] as? [[String: Any]])?.first)
        #expect(wait["kind"] as? String == "workpiece")
        #expect(wait["commit"] as? String == Sample.commit("4").text)
        #expect(wait["reference"] as? String == "feature/login")
        #expect((plans[making]["steps"] as? [Any])?.count == 3)
    }

    @Test("A repository that does not say where its branch is makes the plan incomplete")
    func unanswered() throws {
        let object = try jsonObject(PlanJSON(of: try #require(Self.fleets["silent"])).text)
        #expect((object["unanswered"] as? [String])?.count == 1)
    }

    /// A node with sandboxes that no manifest declares.
    private static func strangers(_ count: Int) -> ObservedNode {
        ObservedNode(node: Sample.node, containers: (1...count).map { container("pr-\($0)", "web", "shop/web:1") })
    }

    private static func container(_ sandbox: String, _ service: String, _ image: String) -> ObservedContainer {
        ObservedContainer(
            id: ContainerID("id-\(sandbox)"), name: "sandbox-\(sandbox)-\(service)",
            ownership: .ours(
                .init(
                    sandbox: Sample.name(sandbox), service: Sample.name(service), uid: ResourceUID("u-\(sandbox)"),
                    digest: Digest(of: image))), image: image)
    }
}

extension FleetPlan {
    static func of(_ inputs: Inputs) -> FleetPlan {
        var pools = AllocationTable(held: [])
        return FleetPlan(inputs, drawingFrom: &pools)
    }
}

/// Testing has a type of the same name.
private func verdict(of plan: FleetPlan) -> Int32 { PlanJSON(of: plan).status.rawValue }
