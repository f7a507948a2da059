internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Trouble at the gateway") struct TroubleTests {
        private static let rules = "- {name: pay, matches: [{path: /pay}], service: payment, rewrite: {prefix: /}}"

        /// A sandbox with a rule and calls out of it, and the answers that all of it gives.
        private static func scenario(_ body: (Bench, String) async throws -> Void) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.layGateway(Bench.inside)
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.writeRoute("shop", for: qa, rules: rules)
                try await bench.serve(until: try await bench.repository.push("account"))
                try await body(bench, qa)
            }
        }

        /// Waits until everything is answered as it is to be.
        private static func expectAll(of qa: String, _ bench: Bench) async throws {
            try await bench.eventuallyAnswers("account feature-a", "account", in: qa)
            try await bench.eventuallyAnswers("payment baseline", "payment", in: nil)
            try await bench.awaitAnswer(
                "payment baseline", at: "/pay", port: bench.webPort, ["x-sandbox": qa])
            try await bench.eventuallyHears("payment baseline", calling: "payment:\(Bench.insidePort)/", from: qa)
            try await eventually("the plan is empty", isTrue: { try await bench.dryRun().status == 0 })
        }

        @Test("is mended whichever table somebody emptied, and no container is touched")
        func tablesAreMended() async throws {
            try await Self.scenario { bench, qa in
                let before = try await bench.engine.portrait()
                let tables = try await bench.tables()
                #expect(tables.count > 3, "\(tables)")
                for table in tables {
                    try await bench.tellProxy("clear map \(table)")
                    try await Self.expectAll(of: qa, bench)
                }
                for table in tables { try await bench.tellProxy("clear map \(table)") }
                try await Self.expectAll(of: qa, bench)
                #expect(try await bench.engine.portrait() == before)
            }
        }

        @Test("is over when both come back, however they were killed", arguments: ["proxy", "berth", "both"])
        func bothComeBack(killed: String) async throws {
            try await Self.scenario { bench, qa in
                let commit = try #require(try await bench.status()?.head?.commit)
                let before = try await bench.engine.portrait()
                let old = bench.proxies()
                if killed != "proxy" { try await bench.kill() }
                if killed != "berth" {
                    for proxy in old { Foundation.kill(proxy, SIGKILL) }
                    try await eventually("it is dead", isTrue: { Set(bench.proxies()).isDisjoint(with: old) })
                }
                if killed == "berth" {
                    let text = try await bench.ask("account", in: qa).text
                    #expect(text == "account feature-a", "requests go on without Berth")
                }
                if killed != "proxy" { try await bench.serve(until: commit) }
                try await Self.expectAll(of: qa, bench)
                #expect(try await bench.engine.portrait() == before)
                #expect(bench.proxies().count == 1)
                if killed == "berth" { #expect(bench.proxies() == old, "the proxy was taken over as it ran") }
            }
        }

        @Test("with a baseline that no name server knows is that service's alone, and is told")
        func unknownNameHurtsItself() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.repository.write(
                    "user.yaml",
                    """
                    service: user
                    image: berth-test/e2e-account:{branch}
                    ports: [{name: http, container: 8080}]
                    baseline: {url: "http://user.nowhere.invalid"}
                    """)
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.repository.push("a name that leads nowhere")
                try bench.serve()
                try await bench.eventuallyAnswers("account feature-a", "account", in: qa)
                try await bench.eventuallyAnswers("payment baseline", "payment", in: nil)
                let lost = try await bench.ask("user", in: nil)
                #expect([404, 502, 503].contains(lost.status), "\(lost.status) \(lost.text)")
                try bench.write(qa, "account: {branch: feature/b}")
                try await bench.repository.push("the others move on")
                try await bench.eventuallyAnswers("account feature-b", "account", in: qa)
                let told = try await bench.berth("status", "--data", bench.data)
                #expect((told.output + told.errors).contains("user.nowhere.invalid"), "\(told.output)\(told.errors)")
            }
        }

        @Test("with the certificate of an https baseline is told from a good one, by name and by authority")
        func checksCertificates() async throws {
            try await Bench.scenario { bench in
                let authority = try await Authority(in: bench.scratch)
                let good = try await authority.serve("payment.corp.example", saying: "payment by https")
                let stranger = try await Authority(in: bench.scratch + "/stranger")
                let bad = try await stranger.serve("payment.corp.example", saying: "an impostor")
                defer {
                    good.program.send(SIGKILL)
                    bad.program.send(SIGKILL)
                }
                func write(_ name: String, port: UInt16) throws {
                    try bench.repository.write(
                        "payment.yaml",
                        """
                        service: payment
                        image: berth-test/e2e-payment:{branch}
                        ports: [{name: http, container: 8080}]
                        baseline: {ref: payment-corp}
                        ---
                        baseline: payment-corp
                        service: payment
                        url: https://127.0.0.1:\(port)
                        hostHeader: \(name)
                        tls: {caFile: \(authority.certificate)}
                        """)
                }
                try write("payment.corp.example", port: good.port)
                let commit = try await bench.repository.push("https")
                try await bench.serve(until: commit)
                try await bench.awaitAnswer("payment by https", at: "/payment/who", port: bench.webPort)
                // The server has a certificate for each name: another name is answered, but not as this one.
                for (name, port) in [("account.corp.example", good.port), ("payment.corp.example", bad.port)] {
                    try write(name, port: port)
                    try await bench.pushAndSettle("not to be trusted")
                    try await eventually("\(name) at \(port) is refused") {
                        let answer = try await bench.get("/payment/who", port: bench.webPort)
                        return [502, 503].contains(answer.status)
                    }
                }
                try write("payment.corp.example", port: good.port)
                try await bench.pushAndSettle("https again")
                try await bench.awaitAnswer("payment by https", at: "/payment/who", port: bench.webPort)
            }
        }
    }
}

/// A certificate authority that nobody else knows, by openssl.
private struct Authority {
    private let folder: String
    var certificate: String { folder + "/ca.pem" }

    init(in scratch: String) async throws {
        folder = scratch + "/authority"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=corp", "-keyout", "ca.key",
            "-out", "ca.pem")
    }

    /// A server whose certificate for `name` is shown to who asks for it, and one of another name to everybody else.
    func serve(_ name: String, saying words: String) async throws -> (program: Program, port: UInt16) {
        for (file, name) in [("own", name), ("other", "www.corp.example")] {
            try await openssl(
                "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", "\(file).key", "-out",
                "\(file).csr")
            try Data("subjectAltName=DNS:\(name)\n".utf8).write(to: URL(filePath: folder + "/\(file).ext"))
            try await openssl(
                "x509", "-req", "-in", "\(file).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "2", "-extfile", "\(file).ext", "-out", "\(file).pem")
        }
        try Data((words + "\n").utf8).write(to: URL(filePath: folder + "/who"))
        let port = try Places.ports(1).lowerBound
        let program = try start(
            "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "other.pem", "-key", "other.key", "-servername", name,
            "-cert2", "own.pem", "-key2", "own.key", "-WWW", "-quiet")
        // SAFE: a server that does not listen yet takes no connection
        try await eventually("openssl listens") { try? Wire(peer: .port(port)).probe() }
        return (program, port)
    }

    private func start(_ words: String...) throws -> Program { try start(words) }

    private func start(_ words: [String]) throws -> Program {
        let script = "cd \"$1\" && shift && exec openssl \"$@\""
        return try Program(
            ["sh", "-c", script, "sh", folder] + words, environment: ["PATH": "/usr/bin:/bin"], scratch: folder)
    }

    private func openssl(_ words: String...) async throws {
        let outcome = try await start(words).end(within: .seconds(60))
        guard outcome.status == 0 else { throw Trouble("openssl \(words[0]): \(outcome.errors)") }
    }
}
