internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A new version") struct ReplacementTests {
        @Test("is started before the old one goes, takes its name, and no request fails")
        func startsFirst() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let old = try await bench.container(of: "account", in: qa)

                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")
                try await eventually("the old is asked", isTrue: { traffic.count(of: "account feature-a") > 20 })
                let start = Date()
                try bench.write(qa, "account: {branch: feature/b}")
                try await bench.pushAndSettle("account: another branch")
                try await eventually("the new is asked", isTrue: { traffic.count(of: "account feature-b") > 20 })
                let tally = try await traffic.stop()

                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account feature-a", "account feature-b"])
                let new = try await bench.container(of: "account", in: qa)
                #expect(new.id != old.id)
                #expect(try await bench.engine.container(old.id) == nil, "the old one is gone")
                let events = try await bench.engine.events("berth.sandbox=\(qa)", since: start)
                let started = try #require(events.firstIndex(of: "start feature-b"), "\(events)")
                let ended = try #require(events.firstIndex(of: "die feature-a"), "\(events)")
                #expect(started < ended, "\(events)")
                try await bench.expectNothingToDo()
            }
        }

        @Test("is also what an image is whose tag was moved")
        func followsTheTag() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let image = "berth-test/e2e-account:moving-\(bench.tail)"
                try await bench.engine.docker("tag", "berth-test/e2e-account:feature-a", image)
                try bench.write(qa, "account: {branch: moving-\(bench.tail)}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let old = try await bench.container(of: "account", in: qa)
                try await bench.engine.docker("tag", "berth-test/e2e-account:feature-b", image)
                try await bench.eventuallyAnswers("account feature-b", "account", in: qa)
                try await eventually("the old one is gone", isTrue: { try await bench.engine.container(old.id) == nil })
                try await bench.engine.docker("rmi", image)
            }
        }

        @Test(
            "that never gets healthy leaves what runs untouched and says why; a good one after it mends that",
            arguments: [("broken", "cannot open the database"), ("deaf", "waiting for a licence")])
        func failsSafely(branch: String, lastWords: String) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let old = try await bench.container(of: "account", in: qa)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                try bench.write(qa, "account: {branch: \(branch)}")
                let bad = try await bench.repository.push("account: a bad branch")
                let failed = try await eventually("it fails", within: .seconds(30)) {
                    try await bench.status()?[qa].flatMap { $0.phase == "Failed" ? $0 : nil }
                }
                #expect(failed.attempted == bad)
                #expect(failed.healthy != bad)
                #expect(failed.message.contains(lastWords), "\(failed.message)")
                #expect(try await bench.berth("status", "--data", bench.data).status == 1)
                let kept = try #require(try await bench.engine.container(old.id))
                #expect(kept.isRunning)
                #expect(kept.state.startedAt == old.state.startedAt)

                try bench.write(qa, "account: {branch: feature/b}")
                try await bench.pushAndSettle("account: a good branch")
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order.first == "account feature-a")
                #expect(try await bench.container(of: "account", in: qa).id != old.id)
                #expect(try await bench.ask("account", in: qa).text == "account feature-b")
                try await bench.expectNothingToDo()
            }
        }
    }
}
