import Model
import Planner
import TestSupport
import Testing

/// Plans of services that are made of commits, as people read them.
@Suite struct WorkshopGoldenTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        /// What was reached before, with the branch at commit 4.
        var before: DesiredState?
        var hands: @Sendable (inout World) -> Void = { _ in }
        var after: DesiredState = Self.desired(Sample.made())
        var isApplied = false
        var testDescription: String { name }

        static func desired(_ service: DesiredService, bundles: [DesiredBundle] = []) -> DesiredState {
            var desired = Sample.desired(Sample.sandbox(["account": service]))
            desired.bundles = Dictionary(uniqueKeysWithValues: bundles.map { ($0.name, $0) })
            return desired
        }
    }

    static let code = Sample.code()
    static let dockerfile = Recipe.image(ImageBuild())
    static let built = Sample.desired(Sample.sandbox(["account": Sample.made()]), at: "9")
    static let bundle = DesiredBundle(
        name: Sample.name("base"), images: [.init(Sample.image("runtime:2"))], archive: "/srv/base.tar",
        sha256: String(repeating: "0", count: 64), place: Place(file: "manifests/images.yaml", line: 1, column: 1))

    static let cases: [Case] = [
        Case(name: "code-first"),
        Case(name: "code-dockerfile", after: Case.desired(Sample.made(by: dockerfile))),
        Case(name: "code-unchanged", before: built, isApplied: true),
        Case(
            name: "code-pushed", before: built, hands: { $0.code[code] = .commit(Sample.commit("5")) }, isApplied: true),
        Case(
            name: "code-pushed-and-built", before: built,
            hands: { world in
                world.code[code] = .commit(Sample.commit("5"))
                world.finish("5")
            }, isApplied: true),
        Case(
            name: "code-pushed-while-container-is-dead", before: built,
            hands: { world in
                world.code[code] = .commit(Sample.commit("5"))
                world.containers[0].state = .exited
            }, isApplied: true),
        Case(name: "code-branch-gone", before: built, hands: { $0.code[code] = .gone }, isApplied: true),
        Case(name: "code-branch-never-was", hands: { $0.code[code] = .gone }),
        Case(
            name: "code-silent-repository", before: built,
            hands: { $0.code[code] = .unreachable("git.corp did not answer within 20 s") }, isApplied: true),
        Case(name: "code-not-answered-yet", hands: { $0.code[code] = .asked }),
        Case(
            name: "code-build-failed", before: built,
            hands: { world in
                world.code[code] = .commit(Sample.commit("5"))
                world.finish("5", as: .failed(.build, message: "exit status 2; main.go:3: undefined: x"))
            }, isApplied: true),
        Case(name: "code-runtime-image-missing", after: Case.desired(Sample.made(image: "runtime:2"))),
        Case(
            name: "code-runtime-image-in-bundle",
            after: Case.desired(Sample.made(image: "runtime:2"), bundles: [bundle])),
        Case(
            name: "code-base-image-missing",
            hands: { $0.workshop.bases[World.piece("4", dockerfile).id] = [Sample.image("php:8.3-apache")] },
            after: Case.desired(Sample.made(by: dockerfile))),
        Case(
            name: "code-environment-while-branch-gone", before: built, hands: { $0.code[code] = .gone },
            after: Case.desired(Sample.made { $0.environment = ["LOG": .plain("debug")] })),
        Case(
            name: "code-unused-piece", before: built,
            hands: { world in
                world.finish("6")
                world.workshop.pieces[World.piece("6").id]?.idleMillis = PlanPolicy.standardKeepMillis
                world.workshop.pieces[World.piece("4").id]?.idleMillis = PlanPolicy.standardKeepMillis
            }, isApplied: true),
    ]

    @Test(arguments: cases)
    func plans(_ example: Case) throws {
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: ["runtime:1"])
        world.code[Self.code] = .commit(Sample.commit("4"))
        if let before = example.before { try world.reach(before, pools: &pools) }
        example.hands(&world)
        let applied = example.isApplied ? [Sample.name("qa", SandboxName.self): Sample.commit("9")] : [:]
        let plan = world.plan(example.after, pools: &pools, applied: applied)
        let steps = plan.plans.flatMap(\.steps).map { "#\($0.id.index) \($0.action) (\($0.reason))" }
        let text = PlanText(of: plan, heading: "Revision  main \(plan.revision.commit.short)").text
        try expectGolden(text + "\n\nSteps:\n" + steps.joined(separator: "\n"), example.name)
    }
}

extension World {
    static func piece(
        _ digit: Character, _ recipe: Recipe = .worktree(build: HostBuild(command: ["make"]), target: "/src")
    ) -> Workpiece {
        Workpiece(
            repository: Sample.repository, reference: "feature/login", commit: Sample.commit(digit), recipe: recipe)
    }

    mutating func finish(_ digit: Character, as condition: ObservedWorkpiece.Condition = .ready) {
        workshop.pieces[Self.piece(digit).id] = ObservedWorkpiece(
            condition: condition, repository: Sample.repository.name, commit: Sample.commit(digit))
    }

    /// Plans and carries out until there is nothing left to do.
    mutating func reach(_ desired: DesiredState, pools: inout AllocationTable) throws {
        for _ in 0..<4 {
            let plan = plan(desired, pools: &pools)
            guard plan.plans.contains(where: { !$0.isEmpty }) else { return }
            try carryOut(plan, pools: &pools)
        }
        Issue.record("there is still something to do after four rounds")
    }
}

/// What holds of every plan of services that are made of commits.
@Suite struct WorkshopPropertyTests {
    static let recipes: [Recipe] = [
        .worktree(build: nil, target: "/app"), .worktree(build: HostBuild(command: ["make"]), target: "/src"),
        .image(ImageBuild()),
    ]

    @Test(
        "Whatever is pushed, gone, killed and broken: what served serves, and the end is an empty plan",
        arguments: 0..<400)
    func histories(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: ["runtime:1"])
        world.code[Sample.code()] = .commit(Sample.commit("1"))
        let recipe = Self.recipes[Int(seed % 3)]
        let desired = Sample.desired(Sample.sandbox(["account": Sample.made(by: recipe)]))
        var trace: [String] = []
        for _ in 0..<12 {
            let commit = Sample.commit(Array("12345678").randomElement(using: &random) ?? "1")
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: world.code[Sample.code()] = .commit(commit)
            case 2: world.code[Sample.code()] = .gone
            case 3: world.code[Sample.code()] = .unreachable("silent")
            case 4: world.brokenCommits.formSymmetricDifference([commit])
            default: if !world.containers.isEmpty { world.containers[0].state = .exited }
            }
            let before = world.serving
            for plan in world.plan(desired, pools: &pools).plans {
                for step in plan.steps {
                    trace.append("\(step.action)")
                    do {
                        try world.apply(step.action, as: ResourceUID("u\(trace.count)"))
                    } catch {
                        trace.append("  \(error)")
                        break
                    }
                    let breaches = world.breaches(since: before, by: step.action)
                    #expect(breaches.isEmpty, "\(breaches)\n\(trace.joined(separator: "\n"))")
                }
            }
        }
        // At last a commit that can be built.
        world.brokenCommits = []
        world.code[Sample.code()] = .commit(Sample.commit("9"))
        try world.reach(desired, pools: &pools)
        #expect(world.containers.map(\.ownership.mark?.origin?.commit) == [Sample.commit("9")])
        #expect(world.plan(desired, pools: &pools).plans.isEmpty, Comment(rawValue: trace.joined(separator: "\n")))
        #expect(world.serving.count == 1)
    }

    @Test("A commit is built once, whoever waits for it")
    func once() throws {
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: ["runtime:1"])
        world.code[Sample.code()] = .commit(Sample.commit("4"))
        var desired = Sample.desired()
        for number in 0..<10 {
            let sandbox = Sample.sandbox(["account": Sample.made()], named: "s\(number)")
            desired.sandboxes[sandbox.name] = sandbox
        }
        let plan = world.plan(desired, pools: &pools)
        #expect(plan.orders.map(\.sandboxes.count) == [10])
        #expect(plan.plans.flatMap(\.steps).count { if case .build = $0.action { true } else { false } } == 1)
        try world.reach(desired, pools: &pools)
        #expect(world.containers.count == 10)
        #expect(Array(world.builds.values) == [1])
    }

    @Test("Nothing that is wanted, used or young is ever discarded", arguments: 0..<100)
    func discards(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var pools = AllocationTable(held: [])
        var world = World(node: Sample.node, images: ["runtime:1"])
        world.code[Sample.code()] = .commit(Sample.commit("1"))
        let desired = Sample.desired(Sample.sandbox(["account": Sample.made()]))
        try world.reach(desired, pools: &pools)
        for digit in "2345" { world.finish(digit) }
        for id in world.workshop.pieces.keys {
            world.workshop.pieces[id]?.idleMillis = random.oneIn(2) ? PlanPolicy.standardKeepMillis : 0
        }
        world.code[Sample.code()] = .commit(Sample.commit(Array("12345").randomElement(using: &random) ?? "1"))
        let used = Set(world.containers.compactMap { $0.ownership.mark?.origin?.commit })
        var wanted = used
        if case .commit(let head)? = world.code[Sample.code()] { wanted.insert(head) }
        for plan in world.plan(desired, pools: &pools).plans where plan.kind == .remove {
            guard case .workpiece(let id) = plan.subject else { continue }
            let piece = try #require(world.workshop.pieces[id])
            #expect(!wanted.contains(piece.commit))
            #expect(piece.idleMillis >= PlanPolicy.standardKeepMillis)
        }
    }
}
