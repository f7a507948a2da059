internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A rule") struct RuleTests {
        private static let rules = """
            - name: v2
              matches: [{path: {prefix: /v2/login}}]
              backends: [{service: account, weight: 3}, {service: payment, use: baseline, weight: 1}]
              sticky: {cookie: __sv}
              rewrite: {prefix: /seen}
            - name: exact
              matches:
              - path: {exact: /v2/login/deep}
                method: POST
                headers: [{name: x-tenant, exact: qa}]
                cookies: [{name: beta, present: true}]
                query: [{name: debug, regex: "[0-9]+"}]
              service: payment
              rewrite: {path: /headers}
              headers: {request: {set: {x-env: qa}, remove: [x-debug]}, response: {set: {x-served: by-rule}}}
            """

        @Test("shares requests by weight, keeps a client where it was, and writes paths and headers anew")
        func decides() async throws {
            try await Bench.scenario { bench in
                let (qa, qb) = (bench.name("qa"), bench.name("qb"))
                for name in [qa, qb] { try bench.write(name, "account: {branch: feature/a}") }
                try bench.writeRoute("login", for: qa, rules: Self.rules)
                try await bench.serve(until: try await bench.repository.push("a route"))
                let web = bench.webPort
                let mine = ["x-sandbox": qa]
                let (own, shared) = ("account feature-a GET /seen/x?y=1", "payment baseline GET /seen/x?y=1")

                var counts: [String: Int] = [:]
                var cookies: [String: String] = [:]
                for _ in 1...120 {
                    let answer = try await bench.get("/v2/login/x?y=1", port: web, mine)
                    #expect(answer.route.hasSuffix(" by header, rule login/v2"), "\(answer.route)")
                    counts[answer.text, default: 0] += 1
                    let cookie = try #require(answer.cookie("__sv"), "\(answer.headers)")
                    cookies[answer.text] = cookie
                }
                #expect(Set(counts.keys) == [own, shared], "\(counts)")
                // Three of four; what is beyond these bounds happens once in a million times.
                #expect((60...114).contains(counts[own, default: 0]), "\(counts)")
                for (text, cookie) in cookies {
                    for _ in 1...10 {
                        let again = try await bench.get(
                            "/v2/login/x?y=1", port: web, mine.merging(["Cookie": "__sv=\(cookie)"]) { $1 })
                        #expect(again.text == text, "it sticks")
                    }
                }

                let whole = [
                    "x-sandbox": qa, "x-tenant": "qa", "Cookie": "beta=1", "x-debug": "on",
                ]
                let answer = try await blocking {
                    try Wire(peer: .port(web)).get("/v2/login/deep?debug=12", whole, method: "POST")
                }
                #expect(answer.route == "\(qa)/payment@baseline by header, rule login/exact")
                #expect(answer.seen("x-env") == "qa", "\(answer.text)")
                #expect(answer.seen("x-debug") == nil, "\(answer.text)")
                #expect(answer.headers["x-served"] == "by-rule")
                for less in ["x-tenant", "Cookie"] {
                    let headers = whole.filter { $0.key != less }
                    let other = try await blocking {
                        try Wire(peer: .port(web)).get("/v2/login/deep?debug=12", headers, method: "POST")
                    }
                    #expect(other.route.hasSuffix("rule login/v2"), "without \(less): \(other.route)")
                }
                let neighbour = try await bench.get("/v2/login/x", port: web, ["x-sandbox": qb])
                #expect(neighbour.status == 404, "rules of a sandbox are its own")
                let near = try await bench.get("/v2/loginx", port: web, mine)
                #expect(near.status == 404, "a prefix ends with a segment: \(near.text) [\(near.route)]")
            }
        }

        @Test("of everybody, of a host and of a domain and path decide where no sandbox has one of its own")
        func decidesForAll() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.repository.write(
                    "routes/shop.yaml",
                    """
                    route: shop
                    hosts: [shop.example.com, "*.shops.example.com"]
                    rules: [{matches: [{path: /pay}], service: payment, rewrite: {prefix: /}}, {service: account}]
                    """)
                try bench.repository.write(
                    "routes/demo.yaml",
                    """
                    deployment: demo
                    domain: demo.example.com
                    path: /demo
                    service: account
                    ---
                    deployment: demo-pay
                    domain: demo.example.com
                    path: /demo/pay
                    service: payment
                    """)
                try await bench.serve(until: try await bench.repository.push("routes"))
                let table: [(host: String, path: String, text: String)] = [
                    ("shop.example.com", "/pay/seen/x", "payment baseline GET /seen/x"),
                    ("eu.shops.example.com", "/pay/seen", "payment baseline GET /seen"),
                    ("shop.example.com", "/seen/x", "account baseline GET /seen/x"),
                    ("demo.example.com", "/demo/seen/1", "account baseline GET /seen/1"),
                    ("demo.example.com", "/demo/pay/seen/1", "payment baseline GET /seen/1"),
                ]
                for (host, path, text) in table {
                    let answer = try await bench.get(path, port: bench.webPort, ["Host": host])
                    #expect(answer.text == text, "\(host)\(path) [\(answer.route)]")
                    let inside = try await bench.get(path, port: bench.webPort, ["Host": host, "x-sandbox": qa])
                    let own = text.replacing("account baseline", with: "account feature-a")
                    #expect(inside.text == own, "\(host)\(path) [\(inside.route)]")
                }
            }
        }

        @Test("with a fallback sends to the baseline while the sandbox's own is unwell, and back when it is well")
        func fallsBack() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.writeRoute(
                    "safe", for: qa,
                    rules: """
                        - {matches: [{path: /safe}], service: account, rewrite: {prefix: /}, fallback: {when: unhealthy}}
                        - {matches: [{path: /proud}], service: account, rewrite: {prefix: /}}
                        """)
                try await bench.serve(until: try await bench.repository.push("a fallback"))
                let mine = ["x-sandbox": qa]
                let before = try await bench.get("/safe", port: bench.webPort, mine)
                #expect(before.text == "account feature-a")
                try await bench.inAccount(of: qa, "touch /tmp/sick")
                let during = try await bench.awaitAnswer("account baseline", at: "/safe", port: bench.webPort, mine)
                #expect(during.route.hasPrefix("\(qa)/account@baseline by header"), "\(during.route)")
                #expect(during.route.hasSuffix(", fallback"), "\(during.route)")
                let proud = try await bench.get("/proud", port: bench.webPort, mine)
                #expect(proud.text == "account feature-a", "a rule without one does not")
                try await bench.inAccount(of: qa, "rm -f /tmp/sick")
                let after = try await bench.awaitAnswer("account feature-a", at: "/safe", port: bench.webPort, mine)
                #expect(!after.route.contains("fallback"))
            }
        }

        @Test("with a fallback is answered while a lost container is made anew, and while its sandbox sleeps")
        func fallsBackFromTheDead() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                // It takes its time to start, so that it can be seen that meanwhile somebody else answers.
                let image = "berth-test/e2e-account:slow-\(bench.tail)"
                let draft = try await bench.engine.docker("create", "berth-test/e2e-account:feature-a")
                try await bench.engine.docker(
                    "commit", "--change", #"CMD ["/bin/sh", "-c", "sleep 5; exec /bin/serve"]"#, draft, image)
                try await bench.engine.docker("rm", draft)
                let patient = Manifests.service("account", baseline: bench.account.port)
                try bench.repository.write(
                    "account.yaml", patient.replacing("startPeriod: 3s", with: "startPeriod: 20s"))
                try bench.write(qa, "account: {branch: slow-\(bench.tail)}")
                try bench.writeRoute(
                    "safe", for: qa,
                    rules: "- {matches: [{path: /safe}], service: account, rewrite: {prefix: /}, "
                        + "fallback: {when: [unhealthy, suspended]}}")
                try await bench.serve(until: try await bench.repository.push("a fallback"))
                let mine = ["x-sandbox": qa]
                let container = try await bench.container(of: "account", in: qa)
                try await bench.engine.docker("rm", "--force", container.id)
                try await bench.awaitAnswer("account baseline", at: "/safe", port: bench.webPort, mine)
                try await bench.awaitAnswer("account feature-a", at: "/safe", port: bench.webPort, mine)

                try bench.write(qa, "account: {branch: slow-\(bench.tail)}", state: "Suspended")
                try await bench.pushAndSettle("Good night")
                let asleep = try await bench.get("/safe", port: bench.webPort, mine)
                #expect(asleep.text == "account baseline")
                #expect(asleep.route.hasSuffix(", fallback"), "\(asleep.route)")
                #expect(try await bench.ask("account", in: qa).status == 503, "by no rule there is no fallback")
                try bench.write(qa, "account: {branch: slow-\(bench.tail)}")
                try await bench.pushAndSettle("Good morning")
                try await bench.awaitAnswer("account feature-a", at: "/safe", port: bench.webPort, mine)
            }
        }
    }
}
