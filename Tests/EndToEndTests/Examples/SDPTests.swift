internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The example sdp") struct SDPTests {
        private static let example = Example(name: "sdp")
        private static let branches = [
            "login-error": "account feature/login-error", "account": "account feature/account",
        ]

        @Test("plans its documents as they stand: a container for the branch, OCP for the rest, addresses as written")
        func plans() async throws {
            try await Bench.scenario { bench in
                try await Self.makeImages(bench)
                try bench.lay(Self.example)
                try await bench.repository.push("First berth")
                let outcome = try await bench.dryRun("-o", "json")
                #expect(outcome.status == 2, "\(outcome.output)\(outcome.errors)")
                let plan = try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
                #expect(plan.problems.isEmpty, "\(outcome.output)")
                #expect(plan.blockers.isEmpty, "\(outcome.output)")
                #expect(
                    plan.targets == [
                        "-/account": "account@baseline https://account-dev.company.com",
                        "-/payment": "payment@baseline https://payment-dev.company.com",
                        "-/user": "user@baseline https://user-dev.company.com",
                        "achmad/account": "account@target http://172.18.136.92:9001",
                        "achmad/payment": "payment@target https://payment-dev.company.com",
                        "qa-login-error/account": "account@feature-login-error",
                        "qa-login-error/payment": "payment@baseline https://payment-dev.company.com",
                        "qa-login-error/user": "user@baseline https://user-dev.company.com",
                    ])
                #expect(Set(plan.plans.compactMap(\.node)) == ["micro-92"])

                let file = bench.scratch + "/plan.json"
                try Data(outcome.output.utf8).write(to: URL(filePath: file))
                let check = Example.root.appending(path: "scripts/check-schemas").path(percentEncoded: false)
                let verdict = try await Program([check, "--plan", file], environment: [:], scratch: bench.scratch)
                    .end(within: .seconds(60))
                #expect(verdict.status == 0, "\(verdict.output)\(verdict.errors)")
            }
        }

        @Test("routes an app that knows only a port: its branch, its addresses, and the shared deployments")
        func routes() async throws {
            try await Bench.scenario { bench in
                let user = try Baseline("user baseline")
                let vm = try Baseline("account of achmad")
                defer {
                    user.stop()
                    vm.stop()
                }
                try await Self.makeImages(bench)
                try bench.lay(
                    Self.example,
                    swapping: [
                        ("https://account-dev.company.com", "http://127.0.0.1:\(bench.account.port)"),
                        ("https://payment-dev.company.com", "http://127.0.0.1:\(bench.payment.port)"),
                        ("https://user-dev.company.com", "http://127.0.0.1:\(user.port)"),
                        ("http://172.18.136.92:9001", "http://127.0.0.1:\(vm.port)"),
                    ])
                try await bench.serve(
                    ["achmad", "qa-login-error"], until: try await bench.repository.push("First berth"))

                try await Self.expect(
                    ["account feature/login-error", "payment baseline", "user baseline"], in: "qa-login-error", bench)
                try await Self.expect(["account of achmad", "payment baseline", "user baseline"], in: "achmad", bench)
                #expect(try await bench.get("/account", port: 8000).text == "account baseline", "everybody else")
                #expect(try await bench.containers(of: "qa-login-error").map(\.service) == ["account"])
                #expect(try await bench.containers(of: "achmad").isEmpty)
                let account = try await bench.container(of: "account", in: "qa-login-error")
                #expect(account.hostConfig.memory == 512 << 20)
                #expect(account.networkSettings.networks.keys.sorted() == ["sandbox-qa-login-error"])
                try await bench.expectNothingToDo()

                try bench.repository.write("regression.yaml", "sandbox: REGRESSION\ntemplate: ACCOUNT-TESTING")
                let commit = try await bench.repository.push("One more, by template")
                try await bench.settle(["achmad", "qa-login-error", "regression"], at: commit)
                try await Self.expect(
                    ["account feature/account", "payment baseline", "user baseline"], in: "regression", bench)
            }
        }

        private static func makeImages(_ bench: Bench) async throws {
            for (tag, words) in branches {
                try await ExampleImages(bench: bench).make("shop/account:feature-\(tag)", saying: words)
            }
        }

        /// Asks for account, payment and user by the sandbox's own port, by host and by header.
        private static func expect(_ answers: [String], in sandbox: String, _ bench: Bench) async throws {
            let port = try await bench.port(of: sandbox)
            #expect((8080...8999).contains(port))
            let host = ["Host": "\(sandbox).dev.company.com:8000"]
            for (service, answer) in zip(["account", "payment", "user"], answers) {
                let place = "\(service) of \(sandbox)"
                #expect(try await bench.get("/\(service)", port: port).text == answer, "\(place) by port")
                #expect(try await bench.get("/\(service)", port: 8000, host).text == answer, "\(place) by host")
                let named = try await bench.get("/\(service)", port: 8000, ["x-sandbox": sandbox])
                #expect(named.text == answer, "\(place) by header")
            }
        }
    }
}

/// `berth reconcile --dry-run -o json`, as far as these tests read it.
private struct Plan: Decodable {
    struct Subject: Decodable {
        let node: String?
        let routes: [Route]
        let blockers: [Blocker]
    }
    struct Route: Decodable {
        let sandbox: String?
        let service: String
        let to: Target?
    }
    struct Target: Decodable {
        let label: String?
        let address: String?
    }
    struct Blocker: Decodable { let message: String }
    struct Problem: Decodable { let message: String }

    let plans: [Subject]
    let problems: [Problem]

    var blockers: [String] { plans.flatMap(\.blockers).map(\.message) }

    /// Where each route ends: its label, and its address unless that is a container's, which is allocated.
    var targets: [String: String] {
        let pairs = plans.flatMap(\.routes).map { route in
            let address = route.to?.address.map { $0.contains("//10.210.") ? "" : " \($0)" } ?? ""
            return ("\(route.sandbox ?? "-")/\(route.service)", "\(route.to?.label ?? "nowhere")\(address)")
        }
        return Dictionary(pairs) { _, last in last }
    }
}
