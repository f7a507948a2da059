internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("berth explain and berth routes") struct AgreementTests {
        @Test("say of each request what the gateway then does, with the place and the commit, live and offline")
        func agree() async throws {
            try await Bench.scenario { bench in
                let (qa, sleeping) = (bench.name("qa"), bench.name("sleeping"))
                try bench.layGateway(Bench.inside)
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.write(sleeping, "account: {branch: feature/b}", state: "Suspended")
                try bench.writeRoute(
                    "shop",
                    rules: """
                        - {name: pay, matches: [{path: /pay, method: POST}], service: payment, rewrite: {prefix: /}}
                        - name: safe
                          matches: [{path: /safe}]
                          service: account
                          fallback: {when: suspended}
                        """)
                let commit = try await bench.repository.push("routes")
                try await bench.serve(until: commit)
                let own = try await bench.port(of: qa)
                let (web, unused) = (bench.webPort, bench.sandboxPorts.upperBound)

                let requests: [(words: String, port: UInt16, path: String, headers: [String: String])] = [
                    ("", own, "/account", [:]), ("", own, "/payment/x", [:]), ("", own, "/nobody", [:]),
                    ("", own, "/", [:]), ("", web, "/account", [:]), ("", unused, "/account", [:]),
                    ("-H 'x-sandbox: \(qa)'", web, "/account", ["x-sandbox": qa]),
                    ("-H 'x-sandbox: nobody'", web, "/account", ["x-sandbox": "nobody"]),
                    ("-H 'x-sandbox: \(sleeping)'", web, "/account", ["x-sandbox": sleeping]),
                    ("-H 'x-sandbox: \(sleeping)'", web, "/safe", ["x-sandbox": sleeping]),
                    ("-H 'baggage: sandbox=\(qa)'", web, "/safe?a=b", ["baggage": "sandbox=\(qa)"]),
                    ("-H 'Host: account.\(qa).berth.localhost'", web, "/", ["Host": "account.\(qa).berth.localhost"]),
                    ("-X POST", web, "/pay/x", [:]), ("", web, "/pay/x", [:]),
                    ("", web, "/account?__sandbox=\(qa)&b=c", [:]),
                    ("", Bench.insidePort, "/", [:]),
                ]
                for (words, port, path, headers) in requests {
                    let curl = "curl -s \(words) 'http://localhost:\(port)\(path)'"
                    let said = try await bench.explain(curl)
                    let method = words.hasPrefix("-X") ? "POST" : "GET"
                    let answer = try await blocking {
                        try Wire(peer: .port(port)).get(path, headers, method: method)
                    }
                    #expect(said.outcomes.map(\.route) == [answer.route], "\(curl)")
                    if let status = said.outcomes.first?.status { #expect(answer.status == status, "\(curl)") }
                    #expect(
                        said.conflicts.joined(separator: ", ") == answer.headers["x-sandbox-conflict"] ?? "", "\(curl)")
                }
                let rule = try await bench.explain("curl -X POST http://localhost:\(web)/pay/x").rule
                #expect(rule?.cause.text.hasPrefix("routes/shop.yaml:") == true, "\(rule?.cause.text ?? "no rule")")
                #expect(rule?.cause.text.contains(commit.prefix(7)) == true, "\(rule?.cause.text ?? "no rule")")

                let offline = try await bench.explain(
                    "curl -H 'x-sandbox: \(qa)' http://localhost:\(web)/account", "--revision", "main")
                #expect(offline.basis == "manifests")
                #expect(offline.outcomes.map(\.route) == ["\(qa)/account@feature-a by header"])
            }
        }

        @Test("list what is live with its cause, also when it is nobody's, and name what they do not know")
        func lists() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let listing = try await bench.run(["routes", "-o", "json"] + bench.place)
                #expect(listing.status == 0, "\(listing.errors)")
                let routes = try JSONDecoder().decode(RoutesDocument.self, from: Data(listing.output.utf8))
                let sections = try #require(routes.gateways.first).sandboxes
                let section = try #require(sections.first { $0.sandbox == qa })
                let account = try #require(section.routes.first { $0.service == "account" })
                #expect(account.label == "account@feature-a")
                #expect(account.cause.text.hasPrefix("sandboxes/\(qa).yaml:"), "\(account.cause.text)")
                let shared = try #require(sections.first { $0.sandbox == nil })
                #expect(shared.routes.map(\.label).sorted() == ["account@baseline", "payment@baseline"])

                let text = try await bench.run(["routes", qa] + bench.place)
                #expect(text.status == 0, "\(text.errors)")
                for words in [
                    "account@feature-a", "payment@baseline", "\(qa).berth.localhost",
                    ":\(try await bench.port(of: qa))",
                ] {
                    #expect(text.output.contains(words), "no \(words) in \(text.output)")
                }
                let unknown = try await bench.run(["routes", bench.name("aq")] + bench.place)
                #expect(unknown.status == 1)
                #expect(unknown.errors.contains(qa), "\(unknown.errors)")
            }
        }
    }
}

extension Bench {
    fileprivate func explain(_ curl: String, _ more: String...) async throws -> ExplainDocument {
        let outcome = try await run(["explain", curl, "-o", "json"] + place + more)
        guard outcome.status == 0 else { throw Trouble("\(curl): \(outcome.output)\(outcome.errors)") }
        return try JSONDecoder().decode(ExplainDocument.self, from: Data(outcome.output.utf8))
    }
}

private struct Trace: Decodable {
    let text: String
}

/// `berth explain -o json`, as far as these tests read it.
private struct ExplainDocument: Decodable {
    struct Outcome: Decodable {
        let route: String
        let status: Int?
    }
    struct Rule: Decodable { let cause: Trace }

    let basis: String
    let conflicts: [String]
    let rule: Rule?
    let outcomes: [Outcome]
}

/// `berth routes -o json`, as far as these tests read it.
private struct RoutesDocument: Decodable {
    struct Gateway: Decodable { let sandboxes: [Section] }
    struct Section: Decodable {
        let sandbox: String?
        let routes: [Route]
    }
    struct Route: Decodable {
        let service: String
        let label: String
        let cause: Trace
    }

    let gateways: [Gateway]
}
