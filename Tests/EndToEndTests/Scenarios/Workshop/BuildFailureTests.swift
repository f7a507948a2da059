internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A build that fails") struct BuildFailureTests {
        struct Way: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let recipe: String
            /// Of a shell that ends with an error, or does not end.
            let build: String
            let words: [String]
        }

        private static let sleeper = Sleeper()
        private static let ways = [
            Way(
                testDescription: "by its exit status", recipe: Manifests.hostBuild,
                build: "echo compiling; echo 'main.c:3: no such thing' >&2; exit 3",
                words: ["build of account (feature/a", "exited with 3", "main.c:3: no such thing", "berth retry"]),
            Way(
                testDescription: "by taking too long",
                recipe: Manifests.hostBuild.replacing("timeout: 2m", with: "timeout: 2s"),
                build: "echo waiting for a licence; \(sleeper.lines)",
                words: ["build of account (feature/a", "not done within 2", "waiting for a licence"]),
        ]

        @Test("keeps container and route, says which stage of which commit, and is not tried again", arguments: ways)
        func keepsWhatWorks(_ way: Way) async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount(by: way.recipe)
                try await source.push("feature/a", "account of a")
                let (qa, other) = (bench.name("qa"), bench.name("other"))
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let before = try await bench.container(of: "account", in: qa)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                let broken = try await source.push("feature/a", "account broken", build: way.build)
                try await bench.eventuallySays(way.words + [String(broken.prefix(7))], of: qa)
                #expect(try await bench.container(of: "account", in: qa).id == before.id)
                #expect(try await bench.ask("account", in: qa).text == "account of a")
                #expect(Self.sleeper.processes == [])

                try bench.write(other, "payment: {branch: main}")
                try await bench.repository.push("something else")
                try await bench.eventuallyAnswers("payment main", "payment", in: other)
                #expect(source.builds(of: broken) == 1, "it would fail again")
                let dry = try await bench.dryRun()
                #expect(dry.output.contains(String(broken.prefix(7))), "\(dry.output)")

                let retry = try await bench.berth("retry", qa, "--data", bench.data)
                #expect(retry.status == 0, "\(retry.output)\(retry.errors)")
                try await eventually("it is tried again", within: Bench.makingBound) {
                    source.builds(of: broken) == 2 ? true : nil
                }
                try await bench.eventuallySays(way.words + [String(broken.prefix(7))], of: qa)

                try await source.push("feature/a", "account mended")
                try await bench.eventuallyMade("account mended", in: qa)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account of a", "account mended"])
                try await bench.settle(at: try await bench.repository.push("nothing"), within: Bench.makingBound)
                try await bench.expectNothingToDo()
            }
        }

        @Test("is told by `berth logs --build`, by `berth history` and by `berth reconcile`, which ends with 1")
        func isTold() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let broken = try await source.push("feature/a", "account of a", build: "echo 'no such thing'; exit 3")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.repository.push("account")
                let done = try await bench.reconcile("--timeout", "60s")
                #expect(done.status == 1, "\(done.output)\(done.errors)")
                #expect((done.output + done.errors).contains("no such thing"), "\(done.output)\(done.errors)")
                let again = try await bench.reconcile("--timeout", "60s")
                #expect(again.status == 1, "\(again.output)\(again.errors)")
                #expect(source.builds == [broken])
                let log = try await bench.berth("logs", "\(qa)/account", "--build", "--data", bench.data)
                #expect(log.output.contains("no such thing"), "\(log.output)\(log.errors)")
                let history = try await bench.berth("history", qa, "--data", bench.data)
                for word in ["feature/a", String(broken.prefix(7)), "Ada", "build"] {
                    #expect(history.output.contains(word), "\(history.output)\(history.errors)")
                }
                #expect(try await bench.containers(of: qa).map(\.name) == [])
            }
        }
    }
}
