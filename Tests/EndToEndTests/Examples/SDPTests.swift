internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The example sdp") struct SDPTests {
        @Test("plans its documents as they stand: a build for each branch, OCP for the rest, addresses as written")
        func plans() async throws {
            try await Bench.scenario { bench in
                let place = bench.scratch + "/sdp"
                try bench.lay(try await Example(name: "sdp").prepared(in: place, bench))
                try await bench.repository.push("First berth")
                let before = try await bench.dryRun()
                #expect(before.output.contains("waits for the images of bundle base-images"), "\(before.output)")

                try await bench.engine.docker("load", "--input", place + "/images.tar")
                let git = Git(scratch: bench.scratch)
                let account = try await git("rev-parse", "feature/login-error", in: place + "/account.git").prefix(7)
                let api = try await git("rev-parse", "develop", in: place + "/erangel-ocean.git").prefix(7)
                let outcome = try await bench.dryRun("-o", "json")
                #expect(outcome.status == 2, "\(outcome.output)\(outcome.errors)")
                let plan = try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
                #expect(plan.problems.isEmpty, "\(outcome.output)")
                #expect(
                    plan.targets == [
                        "-/account": "account@baseline http://127.0.0.1:7001",
                        "-/api": "api@baseline http://127.0.0.1:7004",
                        "-/payment": "payment@baseline http://127.0.0.1:7002",
                        "-/user": "user@baseline http://127.0.0.1:7003",
                        "achmad/account": "account@target http://172.18.136.92:9001",
                        "achmad/payment": "payment@target http://\(Example.address):7002",
                        "qa-gateway/account": "account@\(account)",
                        "qa-gateway/api": "api@\(api)",
                        "qa-gateway/payment": "payment@baseline http://127.0.0.1:7002",
                        "qa-gateway/user": "user@baseline http://127.0.0.1:7003",
                        "qa-login-error/account": "account@\(account)",
                        "qa-login-error/payment": "payment@baseline http://127.0.0.1:7002",
                        "qa-login-error/user": "user@baseline http://127.0.0.1:7003",
                    ])
                #expect(Set(plan.plans.compactMap(\.node)) == ["micro-92"])

                let file = bench.scratch + "/plan.json"
                try Data(outcome.output.utf8).write(to: URL(filePath: file))
                let check = Example.root.appending(path: "scripts/check-schemas").path(percentEncoded: false)
                let verdict = try await Program([check, "--plan", file], environment: [:], scratch: bench.scratch)
                    .end(within: .seconds(60))
                #expect(verdict.status == 0, "\(verdict.output)\(verdict.errors)")
                // Other scenarios begin without them.
                try await bench.engine.docker("rmi", "sdp/busybox:1", "sdp/php-cli:8.2")
            }
        }

        @Test("builds Go on the machine, serves PHP, loads its images, and routes an app that knows only a port")
        func routes() async throws {
            try await Bench.scenario { bench in
                let vm = try Baseline("account of achmad", isFar: true)
                let example = Example(name: "sdp")
                let script = example.folder.appending(path: "stand-in").path(percentEncoded: false)
                let ocp = try Program(
                    [script], environment: ["PATH": "/usr/bin:/bin"], scratch: bench.scratch)
                defer {
                    vm.stop()
                    ocp.send(SIGTERM)
                }
                try bench.lay(
                    try await example.prepared(in: bench.scratch + "/sdp", bench),
                    swapping: [("http://172.18.136.92:9001", "http://\(Example.address):\(vm.port)")])
                let first = try await bench.repository.push("First berth")
                try await bench.serve(["achmad", "qa-gateway", "qa-login-error"], until: first)

                try await Self.expect(
                    ["account feature/login-error", "payment ocp", "user ocp"], in: "qa-login-error", bench)
                try await Self.expect(["account of achmad", "payment ocp", "user ocp"], in: "achmad", bench)
                #expect(try await bench.get("/account", port: 8000).text == "account ocp", "everybody else")
                #expect(try await bench.get("/api", port: 8000).text == "api ocp", "everybody else")
                #expect(try await bench.containers(of: "qa-login-error").map(\.service) == ["account"])
                #expect(try await bench.containers(of: "achmad").isEmpty)
                let account = try await bench.container(of: "account", in: "qa-login-error")
                #expect(account.hostConfig.memory == 512 << 20)
                #expect(account.networkSettings.networks.keys.sorted() == ["sandbox-qa-login-error"])

                let port = try await bench.port(of: "qa-gateway")
                for (path, words) in [
                    ("/api", "erangel-ocean develop"), ("/api/account", "account feature/login-error"),
                    ("/api/payment", "payment ocp"), ("/api/nothing", "there is no service nothing"),
                    ("/account", "account feature/login-error"),
                ] {
                    #expect(try await bench.get(path, port: port).text == words)
                }
                let urls = try await bench.get("/api/urls", port: port).text
                #expect(urls.contains(#""account_url":"http://account:8080""#), "\(urls)")
                #expect(urls.contains(#""payment_url":"http://payment:8080""#), "\(urls)")
                #expect(bench.pieces.count == 2, "two sandboxes share one build")
                let login = try await bench.get("/v2/login", port: 8000, ["x-sandbox": "qa-login-error"])
                #expect(login.text == "account feature/login-error")
                #expect(login.route.hasSuffix(", rule login-api/v2"), "\(login.route)")
                #expect(login.headers["x-login"] == "v2")
                #expect(try await bench.get("/v2/login", port: 8000).status == 404)
                let log = try await bench.berth("logs", "qa-gateway/api", "--build", "--data", bench.data)
                #expect(
                    log.output.contains("goes on without, for this build is optional"), "\(log.output)\(log.errors)")
                try await bench.expectNothingToDo()

                try bench.repository.write("regression.yaml", "sandbox: REGRESSION\ntemplate: ACCOUNT-TESTING")
                let commit = try await bench.repository.push("One more, by template")
                try await bench.settle(["achmad", "qa-gateway", "qa-login-error", "regression"], at: commit)
                try await Self.expect(
                    ["account feature/account", "payment ocp", "user ocp"], in: "regression", bench)
                try await Self.pushToTheService(bench)
            }
        }

        /// The page's own words: clone, change, push; the branch takes over and no request fails.
        private static func pushToTheService(_ bench: Bench) async throws {
            let git = Git(scratch: bench.scratch)
            let traffic = bench.traffic(to: try await bench.port(of: "qa-login-error"), "/account")
            let clone = bench.scratch + "/work"
            try await git("clone", "-qb", "feature/login-error", bench.scratch + "/sdp/account.git", clone)
            let file = URL(filePath: clone + "/main.go")
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing("\"feature/login-error\"", with: "\"the login works\"")
            #expect(changed != text)
            try Data(changed.utf8).write(to: file)
            try await git("commit", "-qam", "Let people in", in: clone)
            try await git("push", "-q", in: clone)
            for sandbox in ["qa-login-error", "qa-gateway"] {
                let port = try await bench.port(of: sandbox)
                try await eventually("\(sandbox) has it", within: Bench.makingBound) {
                    try await bench.get("/account", port: port).text == "account the login works" ? true : nil
                }
            }
            let tally = try await traffic.stop()
            #expect(tally.failed == 0, "\(tally.failures)")
            #expect(tally.order == ["account feature/login-error", "account the login works"])
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
    struct Problem: Decodable { let message: String }

    let plans: [Subject]
    let problems: [Problem]

    /// Where each route ends: its label, and its address unless that is a container's, which is allocated.
    var targets: [String: String] {
        let pairs = plans.flatMap(\.routes).map { route in
            let address = route.to?.address.map { $0.contains("//10.210.") ? "" : " \($0)" } ?? ""
            return ("\(route.sandbox ?? "-")/\(route.service)", "\(route.to?.label ?? "nowhere")\(address)")
        }
        return Dictionary(pairs) { _, last in last }
    }
}
