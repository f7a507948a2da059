internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A repository on another machine") struct RemoteTests {
        private static let options = ["--code-interval", "1s"]

        @Test("with a password is fetched and followed, and the password is nowhere: in no file, word or process")
        func keepsThePassword() async throws {
            try await Bench.scenario { bench in
                let canary = "canary-" + UUID().uuidString.lowercased()
                let basic = Data("ada:\(canary)".utf8).base64EncodedString()
                let secret = try Self.keep(canary, bench)
                try await GitWebServer.scenario(
                    bench.scratch, user: "ada", password: canary, in: bench.scratch
                ) { server in
                    let source = try await bench.makeAccount(
                        location: """
                            url: \(server.url(of: "account"))
                            credentialRef: {provider: file, path: \(secret), user: ada}
                            """)
                    try await Self.follows(
                        source, keeping: [canary, basic], but: ["git-core", "upload-pack", "lighttpd"],
                        bench)
                }
            }
        }

        @Test("with a deploy key is fetched and followed, and the key is nowhere: in no file, word or process")
        func keepsTheKey() async throws {
            try await Bench.scenario { bench in
                let server = try await GitShellServer(in: bench.scratch)
                defer { server.stop() }
                let secret = try Self.keep(server.deployKey, bench)
                let source = try await bench.makeAccount(
                    location: """
                        url: \(server.url(of: bench.scratch + "/account.git"))
                        credentialRef: {provider: file, path: \(secret), hostKey: "\(server.hostKey)"}
                        """)
                let lines = server.deployKey.split(separator: "\n").filter { !$0.contains("-----") }.map(String.init)
                #expect(lines.count > 2)
                try await Self.follows(source, keeping: Array(lines.dropFirst()), but: [], bench)
            }
        }

        /// What the branch of a repository must do, wherever it is; meanwhile and afterwards nobody else holds `words`.
        private static func follows(
            _ source: ServiceRepository, keeping words: [String], but harmless: [String], _ bench: Bench
        ) async throws {
            try await source.push("feature/a", "account of a")
            let qa = bench.name("qa")
            try bench.write(qa, "account: {branch: feature/a}")
            let commit = try await bench.repository.push("account from afar")
            let lookout = Lookout(for: words, but: harmless)
            var said = [try await bench.dryRun(), try await bench.dryRun("-o", "json")]
            #expect(said[0].status == 2, "\(said[0].output)\(said[0].errors)")
            try await bench.serve(until: commit, with: options, within: Bench.makingBound)
            #expect(try await bench.ask("account", in: qa).text == "account of a")

            try await source.push("feature/a", "account of a, again")
            try await bench.eventuallyMade("account of a, again", in: qa)
            try await bench.settle(at: commit, within: Bench.makingBound)
            try await bench.expectNothingToDo()
            let seen = try await lookout.stop()
            #expect(seen.sightings == [])
            #expect(seen.looks > 10)

            for words in [["status"], ["status", qa], ["events", "--tail", "500"], ["history", qa]] {
                said.append(try await bench.run(words + ["--data", bench.data]))
                said.append(try await bench.run(words + ["--data", bench.data, "-o", "json"]))
            }
            said.append(try await bench.berth("logs", "\(qa)/account", "--build", "--data", bench.data))
            said.append(try #require(try await bench.stop()))
            for outcome in said {
                #expect(!words.contains(where: (outcome.output + outcome.errors).contains), "\(outcome.output)")
            }
            #expect(try holders(of: words, below: bench.data) == [])
        }

        @Test("that lets nobody in is said so, without what was tried")
        func isRefused() async throws {
            try await Bench.scenario { bench in
                let canary = "canary-" + UUID().uuidString.lowercased()
                let secret = try Self.keep(canary, bench)
                let qa = bench.name("qa")
                try await GitWebServer.scenario(
                    bench.scratch, user: "ada", password: "right", in: bench.scratch
                ) { server in
                    let source = try await bench.makeAccount(
                        location: """
                            url: \(server.url(of: "account"))
                            credentialRef: {provider: file, path: \(secret), user: ada}
                            """)
                    try await source.push("feature/a", "account of a")
                    try bench.write(qa, "account: {branch: feature/a}")
                    try await bench.repository.push("account from afar")
                    let dry = try await bench.dryRun()
                    #expect(dry.status == 5, "\(dry.output)\(dry.errors)")
                    try bench.serve(with: Self.options)
                    try await bench.eventuallySays(["repository account cannot be reached"], of: qa)
                    let said = try #require(try await bench.stop())
                    #expect(!(dry.output + dry.errors + said.output + said.errors).contains(canary))
                    #expect(try holders(of: [canary], below: bench.data) == [])
                }
            }
        }

        @Test("that takes the connection and stays silent holds up nobody else")
        func isSilent() async throws {
            try await Bench.scenario { bench in
                let silent = try SilentServer()
                defer { silent.stop() }
                _ = try await bench.makeAccount(location: "url: http://127.0.0.1:\(silent.port)/account.git")
                let (qa, other) = (bench.name("qa"), bench.name("other"))
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.write(other, "payment: {branch: main}")
                try await bench.repository.push("one of them silent")
                try bench.serve(with: Self.options)
                try await bench.eventuallyAnswers("payment main", "payment", in: other)
                for _ in 1...2 {
                    let running = try await bench.container(of: "payment", in: other)
                    try await bench.engine.docker("rm", "--force", running.id)
                    try await eventually("it is repaired") {
                        try await bench.containers(of: other).contains { $0.isRunning && $0.id != running.id }
                    }
                    try await bench.eventuallyAnswers("payment main", "payment", in: other)
                }
                try bench.write(other, "payment: {branch: feature/a}")
                try await bench.repository.push("and a push")
                try await bench.eventuallyAnswers("payment feature-a", "payment", in: other)
                try await bench.eventuallySays(["repository account cannot be reached"], of: qa)
                let dry = try await bench.run(["reconcile", "--dry-run"] + bench.place, within: .seconds(120))
                #expect(dry.status == 5, "\(dry.output)\(dry.errors)")
                let outcome = try #require(try await bench.stop())
                #expect(outcome.status == 0, "\(outcome.errors)")
                let children = Processes.all.filter { Processes.text(of: $0, "cmdline").contains("internal-fetch") }
                #expect(children == [], "the one that waited is gone")
            }
        }

        /// Keeps a secret in a file of its own.
        private static func keep(_ secret: String, _ bench: Bench) throws -> String {
            let file = bench.scratch + "/credential"
            try Data((secret + "\n").utf8).write(to: URL(filePath: file))
            chmod(file, 0o600)
            return file
        }
    }
}
