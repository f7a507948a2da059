import Logging
import Model
import Planner
import Reconciler
import ServiceLifecycle
import TestSupport
import Testing

@Suite("What the fleet deletes, and when it ends", .timeLimit(.minutes(1)))
struct FleetDeletionTests {
    private func settled(_ harbour: Harbour, _ count: Int) async throws {
        for number in 0..<count { try await harbour.reaches("s\(number)", "1") }
    }

    @Test("A deletion within the budget leaves nothing behind, not even a status")
    func deletes() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[Sample.name("one")] = nil
            harbour.source.push(next)
            try await eventually("one is forgotten") { try await harbour.status("one") == nil }
            #expect(await harbour.running == ["two": ["a:1"]])
            let world = await harbour.world.world
            #expect(world.networks.count == 1)
            #expect(world.gateways[Sample.gatewayName]?.sandboxes.keys.map(\.text) == ["two"])
            #expect(!world.serving.keys.contains { $0.sandbox?.text == "one" })
            try await eventually("nothing is held for it") {
                let holders = await Set(harbour.journal.held.values)
                let open = await Set(harbour.journal.open.values.map(\.sandbox))
                return holders == [Sample.name("two")] && open == [Sample.name("two")]
            }
            let told = try await harbour.events("pass.converged").filter { $0.sandbox == Sample.name("one") }
            #expect(told.last?.cause == "removed in 2222222")
        }
    }

    @Test("More deletions than the budget wait and name the command; a person's consent lets them go")
    func overBudget() async throws {
        let harbour = try await Harbour(Harbour.many(6, at: "1"))
        try await harbour.whileRunning {
            try await settled(harbour, 6)
            harbour.source.push(Harbour.many(2, at: "2"))
            try await eventually("the notice names the command") {
                try await harbour.notices.contains { $0.contains("berth reconcile --allow-deletions 4") }
            }
            for _ in 0..<3 { try await harbour.looks() }
            #expect(await harbour.running.count == 6)
            #expect(try await harbour.status("s5") != nil)
            // Consent to fewer, or to another commit, is none.
            try await harbour.journal.consent(
                to: 3, at: Sample.commit("2"), by: "Achmad", time: Timestamp(milliseconds: 1))
            try await harbour.journal.consent(
                to: 9, at: Sample.commit("1"), by: "Achmad", time: Timestamp(milliseconds: 1))
            for _ in 0..<3 { try await harbour.looks() }
            #expect(await harbour.running.count == 6)
            try await harbour.journal.consent(
                to: 4, at: Sample.commit("2"), by: "Achmad", time: Timestamp(milliseconds: 2))
            await harbour.fleet.lookAgain()
            try await eventually("four are gone") { await harbour.running.count == 2 }
            try await eventually("the notice is gone") {
                await harbour.fleet.lookAgain()
                return try await harbour.notices.isEmpty
            }
            try await eventually("only the two are told of") {
                await harbour.fleet.lookAgain()
                return try await harbour.journal.statuses().map(\.sandbox.text) == ["s0", "s1"]
            }
        }
    }

    @Test("While a file cannot be read nothing is deleted, whoever consents")
    func held() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[Sample.name("one")] = nil
            next.deletionsHeld = ManifestProblem(at: Sample.place, code: "utf8", "not UTF-8")
            try await harbour.journal.consent(
                to: 9, at: Sample.commit("2"), by: "Achmad", time: Timestamp(milliseconds: 1))
            harbour.source.push(next)
            try await eventually("it is mentioned") {
                try await harbour.notices.contains { $0.contains("cannot be read") }
            }
            for _ in 0..<3 { try await harbour.looks() }
            #expect(await harbour.running["one"] == ["a:1"])
        }
    }

    @Test("A frozen sandbox is failed in every word and untouched in the world", arguments: [true, false])
    func frozen(journalIsLost: Bool) async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
        }
        if journalIsLost { try await harbour.journal.forget(Sample.name("one", SandboxName.self)) }
        var next = Harbour.two("a:1", "a:2", at: "2")
        next.sandboxes[Sample.name("one")] = nil
        next.frozen[Sample.name("one")] = ManifestProblem(at: Sample.place, code: "unknown-key", "no such key")
        let later = try await Harbour(next, taking: harbour)
        try await later.whileRunning {
            try await later.reaches("two", "2")
            try await later.looks()
            #expect(await later.running["one"] == ["a:1"])
            #expect(!later.host.deeds.contains { "\($0)".contains("one") })
            let status = try #require(try await later.status("one"))
            #expect(status.phase == .failed)
            #expect(status.message.contains("left as it is") && status.message.contains("no such key"))
            #expect(status.healthy == (journalIsLost ? nil : Sample.commit("1")))
        }
    }

    @Test("A status of what is neither declared nor there is forgotten")
    func vanished() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.journal.put(
            SandboxStatus(
                sandbox: Sample.name("gone"), title: "GONE", phase: .ready, cause: "x",
                updatedAt: Timestamp(milliseconds: 0)))
        try await harbour.whileRunning {
            try await eventually("gone is forgotten") { try await harbour.status("gone") == nil }
            try await harbour.reaches("one", "1")
        }
    }

    @Test("Started anew it takes over what runs, restarts nothing, and keeps the revisions")
    func startedAnew() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
        }
        let later = try await Harbour(Harbour.two("a:1", "a:1", at: "2"), taking: harbour)
        try await later.whileRunning {
            try await later.reaches("one", "2")
            try await later.reaches("two", "2")
            #expect(later.host.deeds.isEmpty)
        }
    }

    @Test("Told to stop, it ends, though sleepers wait and a source and a node still speak")
    func gracefulShutdown() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:broken", at: "1"))
        let group = ServiceGroup(
            services: [harbour.fleet], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await harbour.reaches("one", "1")
            try await eventually("a retry is due") { harbour.clock.alarms.contains(.seconds(1)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(harbour.clock.alarms.isEmpty)
        // Nothing new begins afterwards.
        harbour.host.forget()
        await harbour.fleet.lookAgain()
        #expect(harbour.host.looks.isEmpty)
    }

    @Test("Told to stop in the middle of a pass, it lets what has begun end and begins nothing more")
    func shutdownInAPass() async throws {
        let harbour = try await Harbour(Harbour.many(3, at: "1"))
        let group = ServiceGroup(
            services: [harbour.fleet], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await eventually("something is done") { !harbour.host.deeds.isEmpty }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        // Whatever was begun has an end in the history.
        let steps = await harbour.journal.steps
        let begun = steps.filter { $0.result == .started }.count
        #expect(begun == steps.filter { $0.result == .completed || $0.result == .failed }.count)
        #expect(await harbour.journal.summaries.allSatisfy { $0.outcome != nil })
    }
}
