import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("What the fleet does when something fails, and what it says of it", .timeLimit(.minutes(1)))
struct FleetTroubleTests {
    private let one: SandboxName = Sample.name("one")

    private func passes(_ harbour: Harbour) async throws -> Int {
        try await harbour.journal.passes(of: one, limit: .max).count
    }

    /// Waits until a failed pass waits for the time at which it is tried again.
    private func fails(_ harbour: Harbour) async throws {
        try await eventually("one fails and waits") {
            try await harbour.status("one")?.phase == .failed && harbour.clock.alarms.contains(.seconds(1))
        }
    }

    @Test("Neither hints nor looks that nobody asked for bring a failing sandbox back before its time")
    func keepsToTheBackoff() async throws {
        let harbour = try await Harbour(Harbour.two("a:broken", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("two", "1")
            try await fails(harbour)
            let before = try await passes(harbour)
            harbour.host.forget()
            for _ in 0..<5 { harbour.host.hint(.sandbox(one, what: "died")) }
            harbour.host.hint(.sandbox(Sample.name("two"), what: "died"))
            try await eventually("the hints are heard") { harbour.host.looks.contains(Sample.name("two")) }
            for _ in 0..<3 { try await harbour.sweeps() }
            #expect(!harbour.host.looks.contains(one))
            #expect(try await passes(harbour) == before)
            // It stays what it was; a further commit that wants the same of it is attempted as well.
            harbour.source.push(Harbour.two("a:broken", "a:1", at: "2"))
            try await eventually("commit 2 is attempted") {
                try await harbour.status("one")?.attempted == Sample.commit("2")
            }
            #expect(try await harbour.status("one")?.phase == .failed)
            #expect(!harbour.host.looks.contains(one))
            // A person does not wait.
            try await harbour.looks()
            try await eventually("one is tried again") { try await passes(harbour) > before }
        }
    }

    @Test("A commit is seen while more passes hang than run at once")
    func looksPastHangingPasses() async throws {
        let harbour = try await Harbour(Harbour.many(20, at: "1"))
        harbour.host.hold { $0 != nil }
        try await harbour.whileRunning {
            try await eventually("passes hang") { harbour.host.waiting == 16 }
            harbour.source.push(Harbour.many(20, image: "a:2", at: "2"))
            try await eventually("commit 2 is seen") { try await harbour.events("revision.seen").count == 2 }
            harbour.host.release()
            try await harbour.reaches("s19", "2")
        }
    }

    @Test("A gateway that is being configured, or cannot be, is a notice until it is done")
    func gateway() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        await harbour.world.change { $0.gateways[Sample.gatewayName]?.isRunning = false }
        harbour.host.refuse { if case .configureGateway = $0 { true } else { false } }
        // The first look at everything is the survey, the next one the gateway's pass.
        let host = harbour.host
        host.hold { $0 == nil && host.looks.filter { $0 == nil }.count > 1 }
        try await harbour.whileRunning {
            try await eventually("it is being configured") {
                try await harbour.notices == ["gateway main is being configured"]
            }
            host.release()
            try await eventually("its complaint is told") {
                try await harbour.notices.contains { $0.hasPrefix("gateway main: ") && $0.contains("refuses") }
            }
            #expect(try await harbour.notices.count == 1)
            host.refuse { _ in false }
            await harbour.fleet.lookAgain()
            try await eventually("all is well") { try await harbour.notices.isEmpty }
            try await harbour.reaches("one", "1")
        }
    }

    @Test("A sandbox kept at its last good version is applied and healthy at that; what differs there is drift")
    func lastGood() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[one]?.lastGood = Sample.commit("1")
            harbour.source.push(next)
            try await harbour.reaches("two", "2")
            try await eventually("commit 2 is attempted") {
                try await harbour.status("one")?.attempted == Sample.commit("2")
            }
            let status = try #require(try await harbour.status("one"))
            #expect(status.phase == .ready)
            #expect(status.applied == Sample.commit("1") && status.healthy == Sample.commit("1"))
            await harbour.world.change { $0.containers.removeAll { $0.ownership.mark?.sandbox.text == "one" } }
            harbour.host.hint(.sandbox(one, what: "died"))
            try await eventually("one runs again") { await harbour.running["one"] == ["a:1"] }
            #expect(try await harbour.events("drift").count == 1)
        }
    }

    @Test("A suspended sandbox is applied, and nothing says that it is healthy")
    func suspended() async throws {
        var desired = Harbour.two("a:1", "a:1", at: "1")
        desired.sandboxes[one]?.state = .suspended
        let harbour = try await Harbour(desired)
        try await harbour.whileRunning {
            try await eventually("one is suspended") { try await harbour.status("one")?.applied != nil }
            let status = try #require(try await harbour.status("one"))
            #expect(status.phase == .suspended && status.healthy == nil)
        }
    }

    @Test("What is told of the whole is as old as the beginning of the look")
    func beganBefore() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            let told = try #require(try await harbour.journal.fleetStatus())
            let seen = try #require(try await harbour.events("revision.seen").first)
            #expect(told.updatedAt < seen.at)
        }
    }

    @Test("A deletion that fails says why, until it succeeds")
    func failedDeletion() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.refuse { if case .remove = $0 { true } else { false } }
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[one] = nil
            harbour.source.push(next)
            try await fails(harbour)
            for _ in 0..<3 { try await harbour.sweeps() }
            let status = try #require(try await harbour.status("one"))
            #expect(status.phase == .failed && status.message.contains("refuses"))
            harbour.host.refuse { _ in false }
            harbour.clock.advance(by: .seconds(1))
            try await eventually("one is forgotten") { try await harbour.status("one") == nil }
        }
    }

    @Test("A sandbox that is only blocked fails once and stays so, however often it is looked at and tried")
    func blocked() async throws {
        let harbour = try await Harbour(Harbour.two("a:absent", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("two", "1")
            try await fails(harbour)
            // Whatever can be done of it is done first.
            try await harbour.looks()
            let told = await harbour.journal.told.filter { $0.sandbox == one }.count
            let failures = try await harbour.events("pass.failed").count
            for _ in 0..<3 {
                harbour.host.forget()
                try await harbour.looks()
                try await eventually("one is tried again") { harbour.host.looks.contains(one) }
                try await harbour.sweeps()
            }
            #expect(await harbour.journal.told.filter { $0.sandbox == one }.count == told)
            #expect(try await harbour.events("pass.failed").count == failures)
        }
    }

    @Test("Of what is gone, and of what never was, nothing is remembered")
    func forgets() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.hint(.sandbox(Sample.name("nobody"), what: "died"))
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[one] = nil
            harbour.source.push(next)
            try await eventually("one is forgotten") { try await harbour.status("one") == nil }
            harbour.host.hint(.sandbox(one, what: "was removed"))
            harbour.host.forget()
            harbour.host.hint(.sandbox(Sample.name("two"), what: "died"))
            try await eventually("the hints are heard") { harbour.host.looks.contains(Sample.name("two")) }
            try await eventually("only two is remembered") {
                await harbour.fleet.remembered == [.sandbox(Sample.name("two"))]
            }
        }
    }

    @Test("A look that began before a deletion ended does not bring the sandbox back")
    func lateLook() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.hold(one)
            var next = Harbour.two("a:1", "a:1", at: "2")
            next.sandboxes[one] = nil
            harbour.source.push(next)
            try await eventually("the deletion looks at one") { harbour.host.waiting == 1 }
            try await harbour.sweeps()
            harbour.host.hold { $0 == nil || $0 == one }
            harbour.source.speak()
            try await eventually("a look has seen one") { harbour.host.waiting == 2 }
            harbour.host.hold { $0 == nil }
            try await eventually("one is forgotten") { try await harbour.status("one") == nil }
            let told = await harbour.journal.told.filter { $0.sandbox == one }.count
            harbour.host.release()
            try await harbour.sweeps()
            #expect(try await harbour.status("one") == nil)
            #expect(await harbour.journal.told.filter { $0.sandbox == one }.count == told)
        }
    }

    @Test("After a revert the sandbox ends where the revert wants it, though a pass was on its way elsewhere")
    func revert() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.hold(one)
            harbour.source.push(Harbour.two("a:broken", "a:1", at: "2"))
            try await eventually("a pass looks at one") { harbour.host.waiting == 1 }
            harbour.source.push(Harbour.two("a:1", "a:1", at: "3"))
            try await harbour.reaches("one", "3")
            harbour.host.release()
            try await eventually("the pass is over") {
                try await harbour.journal.passes(of: one, limit: 1).first?.outcome == .superseded
            }
            try await harbour.reaches("one", "3")
            #expect(await harbour.running["one"] == ["a:1"])
        }
    }
}
