import Model
import Planner
import Reconciler
import TestSupport
import Testing

@Suite("The fleet", .timeLimit(.minutes(1)))
struct FleetTests {
    @Test("A push starts passes of the sandboxes that differ, and of no other")
    func push() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.forget()
            harbour.source.push(Harbour.two("a:2", "a:1", at: "2"))
            try await harbour.reaches("one", "2")
            try await harbour.reaches("two", "2")
            #expect(await harbour.running == ["one": ["a:2"], "two": ["a:1"]])
            #expect(harbour.host.looks.contains(Sample.name("one")))
            #expect(!harbour.host.looks.contains(Sample.name("two")))
            let passes = try await harbour.journal.passes(of: Sample.name("two"), limit: 9)
            #expect(passes.map(\.record.revision) == [Sample.commit("1")])
        }
    }

    @Test("Once a commit is reached, looking again does nothing")
    func quiet() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "b:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            try await harbour.looks()
            harbour.host.forget()
            for _ in 0..<3 { try await harbour.looks() }
            #expect(harbour.host.deeds.isEmpty)
            #expect(harbour.host.looks.allSatisfy { $0 == nil })
        }
    }

    @Test("Attempted, applied and healthy are three revisions: a broken image is attempted and nothing more")
    func threeRevisions() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            harbour.source.push(Harbour.two("a:broken", "a:1", at: "2"))
            try await eventually("the pass of one fails") { try await harbour.status("one")?.phase == .failed }
            let status = try #require(try await harbour.status("one"))
            #expect(status.attempted == Sample.commit("2"))
            #expect(status.applied == Sample.commit("1"))
            #expect(status.healthy == Sample.commit("1"))
            #expect(status.message.contains("does not serve"))
            // What served still does, and the other one is not held up.
            let route = RouteKey(sandbox: Sample.name("one"), service: Sample.name("account"))
            let serving = await harbour.world.world.serving[route]
            #expect(await harbour.world.world.containers.first { $0.id == serving }?.image == "a:1")
            try await harbour.reaches("two", "2")
            #expect(try await !harbour.events("pass.failed").isEmpty)
        }
    }

    @Test("A pass that ends after a newer commit was reached does not take its status back")
    func lateEnd() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.host.hold(Sample.name("two"))
            harbour.host.hint(.sandbox(Sample.name("two"), what: "died"))
            try await eventually("a pass looks at two") { harbour.host.waiting == 1 }
            harbour.source.push(Harbour.two("a:1", "a:1", at: "2"))
            try await harbour.reaches("two", "2")
            harbour.host.release()
            try await harbour.looks()
            let told = await harbour.journal.told.filter { $0.sandbox == Sample.name("two") }.map(\.healthy)
            #expect(told.last == Sample.commit("2"))
            #expect(told.drop { $0 != Sample.commit("2") }.allSatisfy { $0 == Sample.commit("2") })
        }
    }

    @Test("A newer commit of a sandbox stops its older pass, and is what runs in the end")
    func preempts() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            harbour.host.hold(Sample.name("one"))
            harbour.source.push(Harbour.two("a:broken", "a:1", at: "2"))
            try await eventually("a pass looks at one") { harbour.host.waiting == 1 }
            harbour.source.push(Harbour.two("a:2", "a:1", at: "3"))
            try await eventually("commit 3 is seen") { try await harbour.events("revision.seen").count == 3 }
            harbour.host.forget()
            harbour.host.release()
            try await harbour.reaches("one", "3")
            #expect(await harbour.running["one"] == ["a:2"])
            #expect(!harbour.host.deeds.contains { "\($0)".contains("broken") })
            let passes = try await harbour.journal.passes(of: Sample.name("one"), limit: 9)
            #expect(passes.map(\.outcome) == [.applied, .superseded, .applied])
        }
    }

    @Test("A look repairs what a person broke, and says that it was drift")
    func drift() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            await harbour.world.change { $0.containers.removeAll { $0.ownership.mark?.sandbox.text == "one" } }
            // Nobody says so: the sweep finds it.
            try await eventually("an alarm is set") { harbour.clock.alarms.contains { $0 <= Harbour.interval } }
            harbour.clock.advance(by: Harbour.interval)
            try await eventually("one runs again") { await harbour.running["one"] == ["a:1"] }
            try await eventually("it is told") { try await harbour.events("drift").count == 1 }
            #expect(try await harbour.events("drift").first?.sandbox == Sample.name("one"))
        }
    }

    @Test("A hint of one sandbox starts a pass of that sandbox only")
    func hint() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            try await harbour.looks()
            harbour.host.forget()
            await harbour.world.change { $0.containers.removeAll() }
            harbour.host.hint(.sandbox(Sample.name("one"), what: "container died 12:04:11"))
            try await eventually("one runs again") { await harbour.running["one"] == ["a:1"] }
            #expect(await harbour.running["two"] == nil)
            #expect(harbour.host.looks.allSatisfy { $0 == Sample.name("one") })
            let drift = try #require(try await harbour.events("drift").first)
            #expect(drift.cause.contains("container died 12:04:11"))
            harbour.host.hint(.everything)
            try await eventually("two runs again") { await harbour.running["two"] == ["a:1"] }
        }
    }

    @Test("A hint of a sandbox that is none of ours does nothing")
    func foreignHint() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            try await harbour.looks()
            harbour.host.forget()
            harbour.host.hint(.sandbox(Sample.name("nobody"), what: "died"))
            harbour.host.hint(.sandbox(Sample.name("one"), what: "died"))
            try await eventually("one is looked at") { harbour.host.looks.contains(Sample.name("one")) }
            #expect(!harbour.host.looks.contains(Sample.name("nobody")))
            #expect(harbour.host.deeds.isEmpty)
        }
    }

    @Test("After a failure a sandbox is tried again, at twice the wait each time, up to the longest")
    func backoff() async throws {
        // Every retry must come before the sweep, which would look by itself.
        let harbour = try await Harbour(Harbour.two("a:broken", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("two", "1")
            for (attempt, wait) in [1, 2, 4, 8].enumerated() {
                let due = harbour.clock.elapsed + .seconds(wait)
                try await eventually("attempt \(attempt + 1) fails and the next is due in \(wait) s") {
                    let failures = try await harbour.events("pass.failed").count
                    return failures == attempt + 1 && harbour.clock.alarms.contains(due)
                }
                harbour.clock.advance(by: .seconds(wait) - .milliseconds(1))
                harbour.clock.advance(by: .milliseconds(1))
            }
            try await eventually("the fifth attempt fails") {
                try await harbour.events("pass.failed").count == 5
            }
            // A newer commit does not wait.
            harbour.source.push(Harbour.two("a:1", "a:1", at: "2"))
            try await harbour.reaches("one", "2")
        }
    }

    @Test("A source that is away changes nothing that runs, and is mentioned once")
    func away() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        try await harbour.whileRunning {
            try await harbour.reaches("one", "1")
            try await harbour.reaches("two", "1")
            harbour.source.goAway()
            try await eventually("it is mentioned") {
                try await harbour.notices.contains { $0.contains("what runs is kept as it is") }
            }
            harbour.host.forget()
            for _ in 0..<4 { try await harbour.looks() }
            #expect(try await harbour.events("notice").count == 1)
            #expect(harbour.host.deeds.isEmpty)
            // What it knows already it still keeps.
            await harbour.world.change { $0.containers.removeAll { $0.ownership.mark?.sandbox.text == "one" } }
            try await harbour.looks()
            try await eventually("one runs again") { await harbour.running["one"] == ["a:1"] }
            harbour.source.push(Harbour.two("a:2", "a:1", at: "2"))
            try await harbour.reaches("one", "2")
            try await eventually("the notice is gone") { try await harbour.notices.isEmpty }
        }
    }

    @Test("A node that is away is a notice, and when it comes back all goes on")
    func nodeAway() async throws {
        let harbour = try await Harbour(Harbour.two("a:1", "a:1", at: "1"))
        harbour.host.go(away: true)
        try await harbour.whileRunning {
            try await eventually("it is mentioned") {
                try await harbour.notices.contains { $0.contains("node local is away") }
            }
            #expect(await harbour.running.isEmpty)
            harbour.host.go(away: false)
            harbour.host.hint(.everything)
            try await harbour.reaches("one", "1")
            try await eventually("the notice is gone") { try await harbour.notices.isEmpty }
        }
    }
}
