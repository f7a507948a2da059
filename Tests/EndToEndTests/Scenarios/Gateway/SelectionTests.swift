internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A request") struct SelectionTests {
        @Test("names its sandbox by each carrier, and the next hop is told by all of them")
        func isSelected() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.layGateway()
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let own = try await bench.port(of: qa)
                let web = bench.webPort
                let entry = try await bench.get("/account?__sandbox=\(qa)", port: web)
                let cookie = try #require(entry.cookie("__sandbox"), "\(entry.headers)")
                #expect(cookie.wholeMatch(of: /[a-z0-9-]+\.[0-9a-f]{64}/) != nil, "\(cookie)")

                let ways: [(by: String, path: String, port: UInt16, headers: [String: String])] = [
                    ("port", "/account/headers", own, [:]),
                    ("host", "/account/headers", web, ["Host": "\(qa).berth.localhost"]),
                    ("host", "/headers", web, ["Host": "account.\(qa).berth.localhost:\(web)"]),
                    ("header", "/account/headers", web, ["X-Sandbox": qa]),
                    ("baggage", "/account/headers", web, ["baggage": "who=ada,sandbox=\(qa);safe=1,more=2"]),
                    ("tracestate", "/account/headers", web, ["tracestate": "other=1,sandbox=\(qa)"]),
                    ("query", "/account/headers?__sandbox=\(qa)", web, [:]),
                    ("cookie", "/account/headers", web, ["Cookie": "theme=dark; __sandbox=\(cookie)"]),
                ]
                for (by, path, port, headers) in ways {
                    let answer = try await bench.get(path, port: port, headers)
                    #expect(answer.status == 200, "by \(by): \(answer.text)")
                    #expect(answer.route == "\(qa)/account@feature-a by \(by)")
                    #expect(answer.headers["x-sandbox-conflict"] == nil, "by \(by)")
                    #expect(answer.seen("x-sandbox") == qa, "by \(by): \(answer.text)")
                    let baggage = try #require(answer.seen("baggage"), "by \(by): \(answer.text)")
                    #expect(baggage.contains("sandbox=\(qa)"), "by \(by): \(baggage)")
                    #expect(answer.seen("tracestate")?.contains("sandbox=\(qa)") == true, "by \(by): \(answer.text)")
                    if by == "baggage" { #expect(baggage.contains("who=ada") && baggage.contains("more=2")) }
                    if by == "tracestate" { #expect(answer.seen("tracestate")?.contains("other=1") == true) }
                }
                let other = try await bench.get("/account/headers", port: web, ["baggage": "who=ada"])
                #expect(other.route == "-/account@baseline by default")
                #expect(other.seen("x-sandbox") == nil && other.seen("baggage") == "who=ada", "\(other.text)")
            }
        }

        @Test("from inside a sandbox's network is the sandbox's, whatever it carries")
        func isSelectedByNetwork() async throws {
            try await Bench.scenario { bench in
                let (qa, qb) = (bench.name("qa"), bench.name("qb"))
                try bench.layGateway(Bench.inside)
                for name in [qa, qb] { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("two"))
                // The machine, as seen from the containers of the network.
                let bridge = try await bench.inAccount(
                    of: qa, "ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p'")
                for header in ["x-nothing: 1", "x-sandbox: \(qb)"] {
                    let answer = try await bench.inAccount(
                        of: qa, "wget -S -q -O - --header '\(header)' http://\(bridge):\(bench.webPort)/account 2>&1")
                    #expect(answer.contains("account feature-a"), "\(answer)")
                    #expect(
                        answer.lowercased().contains("x-sandbox-route: \(qa)/account@feature-a by network"), "\(answer)"
                    )
                }
            }
        }

        @Test("that contradicts itself or names nobody says so, and what comes first decides")
        func contradicts() async throws {
            try await Bench.scenario { bench in
                let (qa, qb) = (bench.name("qa"), bench.name("qb"))
                try bench.layGateway()
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.write(qb, "account: {branch: feature/b}")
                try await bench.serve(until: try await bench.repository.push("two"))
                let own = try await bench.port(of: qa)
                let table: [(headers: [String: String], port: UInt16, route: String, conflict: String?)] = [
                    (["x-sandbox": qb], own, "\(qa)/account@feature-a by port", "header=\(qb)"),
                    (["x-sandbox": qa], own, "\(qa)/account@feature-a by port", nil),
                    (
                        ["x-sandbox": qb, "Host": "\(qa).berth.localhost"], bench.webPort,
                        "\(qa)/account@feature-a by host", "header=\(qb)"
                    ),
                    (
                        ["x-sandbox": "nobody", "baggage": "sandbox=\(qb)"], bench.webPort,
                        "\(qb)/account@feature-b by baggage", "header=nobody?"
                    ),
                    (
                        ["Cookie": "__sandbox=\(qa).\(String(repeating: "0", count: 64))"], bench.webPort,
                        "-/account@baseline by default", "cookie=?"
                    ),
                    (
                        ["baggage": "sandbox=\(qa),filler=\(String(repeating: "x", count: 8200))"], bench.webPort,
                        "-/account@baseline by default", "baggage=?"
                    ),
                ]
                for (headers, port, route, conflict) in table {
                    let answer = try await bench.get("/account", port: port, headers)
                    let words = "\(headers.keys.sorted()) at \(port)"
                    #expect(answer.route == route, "\(words)")
                    #expect(answer.headers["x-sandbox-conflict"] == conflict, "\(words)")
                }
            }
        }

        @Test("at a public listener is believed only what it proves, and the rest is not sent on")
        func isNotBelieved() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let street = try Places.ports(1).lowerBound
                try bench.layGateway("{name: street, port: \(street), public: true}")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let claims: [[String: String]] = [
                    ["x-sandbox": qa], ["baggage": "who=ada,sandbox=\(qa)"], ["tracestate": "sandbox=\(qa)"],
                ]
                for headers in claims {
                    let answer = try await bench.get("/account/headers", port: street, headers)
                    #expect(answer.route == "-/account@baseline by default", "\(headers)")
                    for carrier in ["x-sandbox", "baggage", "tracestate"] {
                        #expect(answer.seen(carrier)?.contains(qa) != true, "\(answer.text)")
                    }
                }
                let asked = try await bench.get("/account?__sandbox=\(qa)", port: street)
                #expect(asked.text == "account baseline")
                #expect(asked.headers["set-cookie"] == nil)
                let named = try await bench.get("/account", port: street, ["Host": "\(qa).berth.localhost"])
                #expect(named.text == "account feature-a", "a host is no claim")
                let entry = try await bench.get("/account?__sandbox=\(qa)", port: bench.webPort)
                let cookie = try #require(entry.cookie("__sandbox"))
                let proved = try await bench.get("/account", port: street, ["Cookie": "__sandbox=\(cookie)"])
                #expect(proved.route == "\(qa)/account@feature-a by cookie", "the gateway has signed it")
            }
        }
    }
}
