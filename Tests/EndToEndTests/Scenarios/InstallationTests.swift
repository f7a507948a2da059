internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("An installation") struct InstallationTests {
        @Test("is served by one daemon, and is the only one of its engine; others are told who holds it")
        func isAlone() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit)
                let before = try await bench.engine.portrait()

                let twin = try await bench.run(["serve"] + bench.place, within: .seconds(10))
                #expect(twin.status == 1)
                #expect(twin.errors.contains("another berth acts for \(bench.data)"), "\(twin.errors)")

                let elsewhere = bench.scratch + "/elsewhere"
                for verb in ["serve", "reconcile"] {
                    let other = try await bench.run(
                        [verb, "--repo", bench.repository.path, "--data", elsewhere], within: .seconds(10))
                    #expect(other.status == 1)
                    #expect(other.errors.contains("data \(bench.data)"), "\(other.errors)")
                    #expect(other.errors.contains("docker volume rm berth-lease"), "\(other.errors)")
                }
                #expect(try await bench.engine.portrait() == before)
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")
                try await bench.settle(at: commit)
            }
        }

        @Test("whose engine is away says so in a dry run, with exit status 5 and the remedy")
        func engineIsAway() async throws {
            try await Bench.scenario { bench in
                try bench.write(bench.name("qa"), "account: {branch: feature/a}")
                try await bench.repository.push("account")
                let dry = try await bench.run(
                    ["reconcile", "--dry-run"] + bench.place,
                    with: ["DOCKER_HOST": "unix://\(bench.scratch)/none.sock"])
                #expect(dry.status == 5, "\(dry.output)\(dry.errors)")
                let said = dry.output + dry.errors
                #expect(said.contains("\(bench.scratch)/none.sock does not exist; start docker"), "\(said)")
            }
        }

        @Test("keeps a secret to itself: it reaches the container, follows its file, and is written nowhere else")
        func keepsSecrets() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let (first, second) = ("canary-one-\(bench.tail)", "canary-two-\(bench.tail)")
                let file = bench.scratch + "/token"
                try Data((first + "\n").utf8).write(to: URL(filePath: file))
                try bench.repository.write(
                    "secret.yaml",
                    """
                    environment: secret
                    secrets: [{name: TOKEN, secretRef: {provider: file, path: \(file)}}]
                    files: [{path: /etc/app/token, secretRef: {provider: file, path: \(file)}, mode: "0400"}]
                    """)
                try bench.write(qa, "account: {branch: feature/a, environmentRefs: [secret]}")
                let commit = try await bench.repository.push("account with a secret")
                var said = [try await bench.dryRun(), try await bench.dryRun("-o", "json")]
                try await bench.serve(until: commit)
                let old = try await bench.container(of: "account", in: qa)
                #expect(try await bench.ask("account/env/TOKEN", in: qa).text == first)
                #expect(try await bench.ask("account/file/etc/app/token", in: qa).text == first)

                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")
                try Data((second + "\n").utf8).write(to: URL(filePath: file))
                try await bench.eventuallyAnswers(second, "account/env/TOKEN", in: qa)
                try await eventually("the old one is gone", isTrue: { try await bench.engine.container(old.id) == nil })
                try await bench.settle(at: commit)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(try await bench.ask("account/file/etc/app/token", in: qa).text == second)
                let new = try await bench.container(of: "account", in: qa)
                try await bench.expectNothingToDo()

                for words in [["status"], ["status", qa], ["events", "--tail", "500"], ["history"]] {
                    said.append(try await bench.run(words + ["--data", bench.data]))
                }
                for words in [["status"], ["events", "--tail", "500"], ["history"]] {
                    said.append(try await bench.run(words + ["--data", bench.data, "-o", "json"]))
                }
                let daemon = try #require(try await bench.stop())
                said.append(daemon)
                let third = "canary-three-\(bench.tail)"
                try Data(third.utf8).write(to: URL(filePath: file))
                let rotation = try await bench.dryRun()
                #expect(rotation.status == 2)
                #expect(rotation.output.contains("env.TOKEN"), "\(rotation.output)")
                said += [rotation, try await bench.dryRun("-o", "json")]
                let labels = [old, new].map { "\($0.config.labels ?? [:])" }
                let words = said.flatMap { [$0.output, $0.errors] } + labels
                for canary in [first, second, third] {
                    #expect(!words.contains { $0.contains(canary) }, "said")
                    #expect(try holders(of: canary, below: bench.data) == [], "written")
                }
            }
        }

        /// The files that hold the text.
        private func holders(of text: String, below folder: String) throws -> [String] {
            let wanted = Data(text.utf8)
            return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
                let file = URL(filePath: folder + "/" + path)
                guard (try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true else {
                    return false
                }  // SAFE: gone
                return try Data(contentsOf: file).range(of: wanted) != nil
            }
        }
    }
}
