internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A change of routes") struct ReviewTests {
        private static func rule(_ name: String, to service: String, at path: String = "/pay") -> String {
            "- {name: \(name), matches: [{path: \(path)}], service: \(service), rewrite: {prefix: /}}"
        }

        @Test("is shown before it is merged by the requests that will change target, and holds once it is merged")
        func isReviewed() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.writeRoute("shop", rules: Self.rule("pay", to: "payment"))
                try await bench.serve(until: try await bench.repository.push("a route"))
                #expect(try await bench.get("/pay/x", port: bench.webPort).text == "payment baseline")

                try bench.writeRoute("shop", rules: Self.rule("pay", to: "account"))
                let proposal = try await bench.repository.commit("account takes payments")
                try await bench.repository.propose("proposal")
                let plan = try await bench.dryRun("--revision", "proposal")
                #expect(plan.status == 2, "\(plan.output)\(plan.errors)")
                #expect(plan.output.contains("~ requests "), "\(plan.output)")
                #expect(plan.output.contains("/pay"), "\(plan.output)")
                #expect(plan.output.contains("Requests that change target: 1."), "\(plan.output)")
                #expect(try await bench.get("/pay/x", port: bench.webPort).text == "payment baseline", "not yet")

                let merged = try await bench.repository.push("Merge the proposal")
                try await bench.settle(at: merged)
                try await bench.awaitAnswer("account baseline", at: "/pay/x", port: bench.webPort)
                let mine = try await bench.get("/pay/x", port: bench.webPort, ["x-sandbox": qa])
                #expect(mine.text == "account feature-a", "\(mine.route)")
                #expect(!proposal.isEmpty)
                try await bench.expectNothingToDo()
            }
        }

        @Test("by a rule that another takes everything from is a warning, and does not keep it from being applied")
        func isShadowed() async throws {
            try await Bench.scenario { bench in
                try bench.writeRoute("shop", rules: "- {name: all, service: payment}")
                try bench.writeRoute("shop2", rules: "- {name: also, service: account}")
                let commit = try await bench.repository.push("two rules for everything")
                let check = try await bench.berth("validate", bench.repository.path, "--revision", "main")
                #expect(check.status == 0, "\(check.output)\(check.errors)")
                #expect(check.output.contains("routes/shop2.yaml:"), "\(check.output)")
                #expect(check.output.contains("warning"), "\(check.output)")
                #expect(check.output.contains("gets no request"), "\(check.output)")
                let plan = try await bench.dryRun()
                #expect((plan.output + plan.errors).contains("gets no request"), "\(plan.output)\(plan.errors)")
                try await bench.serve(until: commit)
                try await bench.awaitAnswer("payment baseline", at: "/whatever", port: bench.webPort)
            }
        }

        @Test("is refused by validate and the dry run where a test of its own fails, at the test's place")
        func isTested() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                func tests(_ service: String, _ target: String) -> String {
                    """
                    - request: {url: "http://\(qa).berth.localhost:\(bench.webPort)/pay/1", headers: {x-a: b}}
                      expect: {service: \(service), target: \(target), sandbox: \(qa)}
                    - {request: {url: "http://localhost:\(bench.webPort)/nowhere"}, expect: {status: 404}}
                    """
                }
                try bench.writeRoute(
                    "shop", rules: Self.rule("pay", to: "account"), tests: tests("account", "sandbox"))
                try await bench.repository.push("a route with tests")
                let path = bench.repository.path
                let good = try await bench.berth("validate", path, "--revision", "main")
                #expect(good.status == 0, "\(good.output)\(good.errors)")
                for (service, target) in [("payment", "baseline"), ("account", "baseline")] {
                    try bench.writeRoute(
                        "shop", rules: Self.rule("pay", to: "account"), tests: tests(service, target))
                    try await bench.repository.push("a test that fails")
                    let bad = try await bench.berth("validate", path, "--revision", "main")
                    #expect(bad.status == 1, "\(bad.output)\(bad.errors)")
                    let isPlaced = bad.output.split(separator: "\n").contains { line in
                        line.hasPrefix("routes/shop.yaml:") && line.contains("the test of route shop fails")
                    }
                    #expect(isPlaced, "\(bad.output)")
                    let dry = try await bench.dryRun()
                    #expect((dry.output + dry.errors).contains("the test of route shop fails"), "\(dry.output)")
                }
            }
        }

        @Test("leaves a receipt of each flip: when it held, and what became of the requests of before")
        func leavesReceipts() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")
                try await eventually("the old is asked", isTrue: { traffic.count(of: "account feature-a") > 20 })
                try bench.write(qa, "account: {branch: feature/b}")
                try await bench.pushAndSettle("another branch")
                try await eventually("the new is asked", isTrue: { traffic.count(of: "account feature-b") > 20 })
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                let events = try await bench.berth("events", "--data", bench.data)
                let receipt = events.output.split(separator: "\n").first {
                    $0.contains("route.flipped") && $0.contains("account → account@feature-b")
                }
                let words = try #require(receipt, "\(events.output)")
                #expect(words.contains("; effective ") && words.contains(" 0 dropped"), "\(words)")
            }
        }
    }
}
