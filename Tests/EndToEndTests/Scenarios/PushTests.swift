internal import Testing

extension EndToEnd {
    @Suite("A push") struct PushTests {
        @Test("becomes healthy containers that answer by port, host and header; the rest goes to its baseline")
        func becomesRoutes() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("First berth")
                try await bench.serve(until: commit)

                let account = try await bench.container(of: "account", in: qa)
                #expect(account.config.image == "berth-test/e2e-account:feature-a")
                #expect(try await bench.containers(of: qa).count == 1, "a baseline has no container here")
                #expect(try await bench.engine.networks("berth.sandbox=\(qa)") == ["sandbox-\(qa)"])

                let port = try await bench.port(of: qa)
                #expect(bench.sandboxPorts.contains(port))
                let host = ["Host": "\(qa).berth.localhost:\(bench.webPort)"]
                for (way, answer) in [
                    ("port", try await bench.get("/account", port: port)),
                    ("host", try await bench.get("/account", port: bench.webPort, host)),
                    ("header", try await bench.ask("account", in: qa)),
                ] {
                    #expect(answer.text == "account feature-a", "by \(way)")
                    #expect(answer.route == "\(qa)/account@feature-a by \(way)")
                }
                for answer in [
                    try await bench.get("/payment", port: port),
                    try await bench.get("/payment", port: bench.webPort, host),
                    try await bench.ask("payment", in: qa),
                ] {
                    #expect(answer.text == "payment baseline", "unlisted")
                }
                #expect(try await bench.ask("account", in: nil).text == "account baseline", "everybody else")
                try await bench.expectNothingToDo()
            }
        }

        @Test(
            "moves one service from its baseline to a branch, and no request fails",
            arguments: ["\n  payment: {use: baseline}", ""])
        func movesOneService(payment: String) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}" + payment)
                try await bench.serve(until: try await bench.repository.push("account"))
                let account = try await bench.container(of: "account", in: qa)

                let traffic = bench.traffic(to: try await bench.port(of: qa), "/payment")
                try await eventually("the baseline is asked", isTrue: { traffic.count(of: "payment baseline") > 20 })
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try await bench.pushAndSettle("payment: try a branch")
                try await eventually("the branch is asked", isTrue: { traffic.count(of: "payment feature-a") > 20 })
                let tally = try await traffic.stop()

                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["payment baseline", "payment feature-a"])
                #expect(try await bench.container(of: "account", in: qa).id == account.id, "account is untouched")
                #expect(try await bench.ask("payment", in: nil).text == "payment baseline", "everybody else")
                try await bench.expectNothingToDo()
            }
        }

        @Test("is shown by a dry run with exit status 2 that touches nothing; after it, 0 and nothing to do")
        func isShownFirst() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.repository.push("First berth")
                let before = try await bench.engine.portrait()
                let first = try await bench.dryRun()
                #expect(first.status == 2, "\(first.errors)")
                #expect(first.output.contains("+ sandbox \(qa)"), "\(first.output)")
                #expect(try await bench.engine.portrait() == before, "on an engine that it has never seen")
                #expect(bench.proxies() == [])

                let applied = try await bench.reconcile()
                #expect(applied.status == 0, "\(applied.errors)")
                try await bench.expectNothingToDo()

                try bench.write(qa, "account: {branch: feature/b}")
                try await bench.repository.push("account: another branch")
                let running = try await bench.engine.portrait()
                let second = try await bench.dryRun()
                #expect(second.status == 2, "\(second.errors)")
                #expect(second.output.contains("~ sandbox \(qa)"), "\(second.output)")
                #expect(second.output.contains("feature-a → berth-test/e2e-account:feature-b"), "\(second.output)")
                #expect(try await bench.engine.portrait() == running)
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")

                #expect(try await bench.reconcile().status == 0)
                #expect(try await bench.ask("account", in: qa).text == "account feature-b")
                try await bench.expectNothingToDo()
            }
        }
    }
}
