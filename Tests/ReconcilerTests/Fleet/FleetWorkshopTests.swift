import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("The fleet and what is made of commits", .timeLimit(.minutes(1)))
struct FleetWorkshopTests {
    static let code = Sample.code()

    /// Sandboxes that follow branches of one repository, each branch at a commit.
    static func harbour(
        following branches: [String: String], at heads: [String: Character]
    ) async throws -> Harbour {
        let harbour = try await Harbour(desired(branches))
        await harbour.world.change { world in
            world.images["runtime:1"] = "sha256:runtime:1"
            for (branch, digit) in heads { world.code[Sample.code(branch)] = .commit(Sample.commit(digit)) }
        }
        return harbour
    }

    static func desired(_ branches: [String: String], at digit: Character = "1") -> DesiredState {
        var desired = Sample.desired(at: digit)
        for (name, branch) in branches {
            let sandbox = Sample.sandbox(["account": Sample.made(of: branch)], named: name)
            desired.sandboxes[sandbox.name] = sandbox
        }
        return desired
    }

    static func push(_ branch: String, to reading: CodeReading, on harbour: Harbour) async {
        await harbour.world.change { $0.code[Sample.code(branch)] = reading }
        harbour.host.hint(.code(Sample.code(branch), what: "\(branch) moved"))
    }

    static func runs(_ sandbox: String, _ digit: Character, on harbour: Harbour) async throws {
        try await eventually("\(sandbox) runs \(digit)") {
            let commits = await harbour.world.world.containers
                .filter { $0.ownership.mark?.sandbox.text == sandbox }.map { $0.ownership.mark?.origin?.commit }
            guard commits == [Sample.commit(digit)] else { return false }
            return try await harbour.status(sandbox)?.phase == .ready
        }
    }

    @Test("Ten sandboxes on one commit build it once, and the journal shows one pass that made it")
    func once() async throws {
        let names = (0..<10).map { "s\($0)" }
        let harbour = try await Self.harbour(
            following: Dictionary(uniqueKeysWithValues: names.map { ($0, "main") }), at: ["main": "4"])
        try await harbour.whileRunning {
            for name in names { try await Self.runs(name, "4", on: harbour) }
            #expect(await Array(harbour.world.world.builds.values) == [1])
            let made = try await harbour.journal.passes(of: nil, limit: 99).filter { $0.record.piece != nil }
            #expect(made.count == 1)
            #expect(made.first?.record.origins.map(\.reference) == ["main"])
            #expect(try await harbour.events("piece.awaited").count == 10)
        }
    }

    @Test("A push to a branch of code converges the sandboxes that follow it, and touches no other")
    func push() async throws {
        let harbour = try await Self.harbour(following: ["one": "a", "two": "b"], at: ["a": "4", "b": "5"])
        try await harbour.whileRunning {
            try await Self.runs("one", "4", on: harbour)
            try await Self.runs("two", "5", on: harbour)
            let before = await harbour.world.world.containers.filter { $0.ownership.mark?.sandbox.text == "two" }
            await Self.push("a", to: .commit(Sample.commit("6")), on: harbour)
            try await Self.runs("one", "6", on: harbour)
            let after = await harbour.world.world.containers.filter { $0.ownership.mark?.sandbox.text == "two" }
            #expect(before == after)
            #expect(await harbour.world.breaches.isEmpty)
        }
    }

    @Test("Once what it waited for is there, the status says so no longer, however long the replacement takes")
    func waitsNoLonger() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        harbour.host.hang { if case .build = $0 { true } else { false } }
        try await harbour.whileRunning {
            try await eventually("it waits") {
                try await harbour.status("one")?.message.contains("waits until a @ 4444444") == true
            }
            harbour.host.hang { if case .awaitHealthy = $0 { true } else { false } }
            try await eventually("it is being proved") {
                harbour.host.deeds.contains { if case .awaitHealthy = $0 { true } else { false } }
            }
            let status = try #require(try await harbour.status("one"))
            #expect(status.phase == .progressing)
            #expect(status.message == "")
            harbour.host.hang { _ in false }
            try await Self.runs("one", "4", on: harbour)
        }
    }

    @Test("A build that fails leaves what serves, says what failed, and is not tried again before the next commit")
    func failure() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        await harbour.world.change { $0.brokenCommits = [Sample.commit("5")] }
        try await harbour.whileRunning {
            try await Self.runs("one", "4", on: harbour)
            let serving = await harbour.world.world.serving
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await eventually("it says so") { try await harbour.status("one")?.phase == .failed }
            let message = try #require(try await harbour.status("one")?.message)
            #expect(message.contains("build of account (a @ 5555555) failed"), "\(message)")
            #expect(message.contains("berth retry one/account"))
            for _ in 0..<3 { try await harbour.sweeps() }
            try await harbour.looks()
            #expect(await harbour.world.world.builds.values.sorted() == [1, 1])
            #expect(await harbour.world.world.serving == serving)
            await Self.push("a", to: .commit(Sample.commit("6")), on: harbour)
            try await Self.runs("one", "6", on: harbour)
        }
    }

    @Test("What was forgiven is tried again at the next look")
    func retry() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        await harbour.world.change { $0.brokenCommits = [Sample.commit("4")] }
        try await harbour.whileRunning {
            try await eventually("it fails") { try await harbour.status("one")?.phase == .failed }
            await harbour.world.change { world in
                world.brokenCommits = []
                world.workshop.pieces = [:]
            }
            await harbour.fleet.lookAgain()
            try await Self.runs("one", "4", on: harbour)
        }
    }

    @Test("A branch that is gone keeps what runs and says so; when it is back, it is followed again")
    func gone() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        try await harbour.whileRunning {
            try await Self.runs("one", "4", on: harbour)
            await Self.push("a", to: .gone, on: harbour)
            try await eventually("it says so") {
                try await harbour.status("one")?.message.contains("a is gone from repository account") == true
            }
            #expect(try await harbour.status("one")?.phase == .ready)
            await harbour.world.change { $0.containers[0].state = .exited }
            harbour.host.hint(.sandbox(Sample.name("one"), what: "account died"))
            try await eventually("it is healed at its old commit") {
                await harbour.world.world.containers.map(\.state) == [.running]
            }
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await Self.runs("one", "5", on: harbour)
            #expect(try await harbour.status("one")?.message == "")
        }
    }

    @Test("A newer commit gives up a build that nobody needs any more")
    func cancelled() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        harbour.host.hang { if case .build(let piece) = $0 { piece.commit == Sample.commit("4") } else { false } }
        try await harbour.whileRunning {
            try await eventually("it builds") {
                harbour.host.deeds.contains { if case .build = $0 { true } else { false } }
            }
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await Self.runs("one", "5", on: harbour)
            try await eventually("the older build is given up") { harbour.host.givenUp.count == 1 }
            try await eventually("the journal says so") {
                let ended = try await harbour.journal.passes(of: nil, limit: 99).filter { $0.record.piece != nil }
                return Set(ended.compactMap(\.outcome)) == [.applied, .superseded]
            }
        }
    }

    @Test("A build that somebody else still needs goes on")
    func stillNeeded() async throws {
        let harbour = try await Self.harbour(following: ["one": "a", "two": "b"], at: ["a": "4", "b": "4"])
        harbour.host.hang { if case .build(let piece) = $0 { piece.commit == Sample.commit("4") } else { false } }
        try await harbour.whileRunning {
            try await eventually("both wait") { try await harbour.events("piece.awaited").count == 2 }
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await Self.runs("one", "5", on: harbour)
            #expect(harbour.host.givenUp.isEmpty)
            harbour.host.hang { _ in false }
            try await Self.runs("two", "4", on: harbour)
        }
    }

    @Test("Builds that hang hold up no repair, however many there are")
    func repairsGoOn() async throws {
        var branches = Dictionary(uniqueKeysWithValues: (0..<30).map { ("s\($0)", "b\($0)") })
        branches["live"] = "main"
        let all = branches
        let harbour = try await Self.harbour(following: branches, at: ["main": "f"])
        // Each at a commit of its own: more workpieces than passes of sandboxes run at once.
        await harbour.world.change { world in
            for number in 0..<30 {
                guard let commit = CommitID("\(number + 10)" + String(repeating: "a", count: 38)) else { continue }
                world.code[Sample.code("b\(number)")] = .commit(commit)
            }
        }
        harbour.host.hang {
            switch $0 {
            case .build(let piece), .fetch(let piece): piece.commit != Sample.commit("f")
            default: false
            }
        }
        try await harbour.whileRunning {
            harbour.source.push(Self.desired(["live": "main"], at: "2"))
            try await Self.runs("live", "f", on: harbour)
            harbour.source.push(Self.desired(all, at: "3"))
            try await eventually("they hang") {
                harbour.host.deeds.count { if case .fetch = $0 { true } else { false } } > 8
            }
            await harbour.world.change { $0.containers[0].state = .exited }
            harbour.host.hint(.sandbox(Sample.name("live"), what: "account died"))
            try await eventually("it is repaired") {
                await harbour.world.world.containers.allSatisfy { $0.state == .running }
            }
        }
    }

    @Test("No more builds run at once than the node allows")
    func width() async throws {
        let branches = Dictionary(uniqueKeysWithValues: (0..<6).map { ("s\($0)", "b\($0)") })
        let heads = Dictionary(uniqueKeysWithValues: (0..<6).map { ("b\($0)", Array("123456")[$0]) })
        let harbour = try await Self.harbour(following: branches, at: heads)
        harbour.host.hang { if case .build = $0 { true } else { false } }
        let builds = { @Sendable in harbour.host.deeds.count { if case .build = $0 { true } else { false } } }
        try await harbour.whileRunning {
            try await eventually("two build") { builds() == DesiredNode.standardBuildWidth }
            try await harbour.looks()
            #expect(builds() == DesiredNode.standardBuildWidth)
            harbour.host.hang { _ in false }
            for number in 0..<6 { try await Self.runs("s\(number)", Array("123456")[number], on: harbour) }
        }
    }

    @Test("A build that waits for its turn can be given up, and its turn goes to the next")
    func givenUpInLine() async throws {
        let harbour = try await Self.harbour(
            following: ["s0": "b0", "s1": "b1", "s2": "b2", "s3": "b3"],
            at: ["b0": "1", "b1": "2", "b2": "3", "b3": "4"])
        harbour.host.hang { if case .build = $0 { true } else { false } }
        try await harbour.whileRunning {
            try await eventually("all are fetched and two build") {
                harbour.host.deeds.count { if case .checkout = $0 { true } else { false } } == 4
                    && harbour.host.deeds.count { if case .build = $0 { true } else { false } } == 2
            }
            let begun = Set(
                harbour.host.deeds.compactMap { if case .build(let piece) = $0 { piece.reference } else { nil } })
            let idle = try #require(["b0", "b1", "b2", "b3"].first { !begun.contains($0) })
            await Self.push(idle, to: .commit(Sample.commit("9")), on: harbour)
            try await eventually("the older one is given up") {
                try await harbour.journal.passes(of: nil, limit: 99).contains { $0.outcome == .superseded }
            }
            harbour.host.hang { _ in false }
            try await Self.runs("s" + idle.dropFirst(), "9", on: harbour)
            let built = harbour.host.deeds.count { if case .build = $0 { true } else { false } }
            #expect(built == 4)
        }
    }

    @Test("A bundle brings the image that a sandbox waits for; where it cannot, the sandbox says why")
    func bundle() async throws {
        var desired = Self.desired(["one": "a"])
        let bundle = DesiredBundle(
            name: Sample.name("base"), images: [.init(Sample.image("runtime:1"))], archive: "/srv/base.tar",
            sha256: String(repeating: "0", count: 64), place: Sample.place)
        desired.bundles[bundle.name] = bundle
        let harbour = try await Harbour(desired)
        await harbour.world.change { $0.code[Sample.code("a")] = .commit(Sample.commit("4")) }
        harbour.host.refuse { if case .load = $0 { true } else { false } }
        try await harbour.whileRunning {
            try await eventually("it says why") {
                let status = try await harbour.status("one")
                return status?.phase == .failed && status?.message.contains("load base") == true
            }
            harbour.host.refuse { _ in false }
            await harbour.fleet.lookAgain()
            try await Self.runs("one", "4", on: harbour)
        }
    }

    @Test("The ledger forgets a workpiece that was given up before there was anything of it")
    func givenUpEarly() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        harbour.host.refuse { if case .checkout(let piece) = $0 { piece.commit == Sample.commit("4") } else { false } }
        try await harbour.whileRunning {
            try await eventually("it is entered") {
                try await harbour.journal.openEntries().contains { $0.kind == .worktree }
            }
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await Self.runs("one", "5", on: harbour)
            try await harbour.looks()
            let names = try await harbour.journal.openEntries().filter { $0.sandbox == nil }.map(\.name)
            #expect(names.count == 1)
            #expect(names.first?.contains("-555555555555-") == true)
        }
    }

    @Test("What nobody refers to is discarded after its time, and its ledger entry settled")
    func discarded() async throws {
        let harbour = try await Self.harbour(following: ["one": "a"], at: ["a": "4"])
        try await harbour.whileRunning {
            try await Self.runs("one", "4", on: harbour)
            await Self.push("a", to: .commit(Sample.commit("5")), on: harbour)
            try await Self.runs("one", "5", on: harbour)
            #expect(await harbour.world.world.workshop.pieces.count == 2)
            await harbour.world.change { world in
                for id in world.workshop.pieces.keys {
                    world.workshop.pieces[id]?.idleMillis = PlanPolicy.standardKeepMillis
                }
            }
            try await harbour.looks()
            try await eventually("only what is used is left") {
                await harbour.world.world.workshop.pieces.values.map(\.commit) == [Sample.commit("5")]
            }
            try await eventually("the ledger holds that and no more") {
                try await harbour.journal.openEntries().filter { $0.kind == .worktree }.count == 1
            }
        }
    }
}
