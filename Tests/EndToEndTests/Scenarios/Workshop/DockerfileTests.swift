internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A Dockerfile") struct DockerfileTests {
        private static func dockerfile(_ words: String, from base: String = "berth-test/e2e-base:1") -> String {
            """
            ARG BASE=\(base)
            FROM ${BASE} AS service
            COPY . /src/
            RUN cd /src && find . -type f | sort >/listing
            ENV WHO="\(words)"
            CMD ["/bin/serve"]
            FROM service AS other
            CMD ["false"]
            """
        }
        private static let recipe = "type: dockerfile\n  target: service\n  timeout: 2m"

        @Test("becomes an image of what git holds without what .dockerignore names, and a push makes the next one")
        func becomesAnImage() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount(by: Self.recipe)
                let first = try await source.push(
                    "feature/a",
                    files: [
                        "Dockerfile": Self.dockerfile("image of a"), ".dockerignore": "*.tmp\n!keep.tmp\ndocs\nbuild",
                        "some.tmp": "", "keep.tmp": "", "docs/page.txt": "", "deep/er/file": "", "deep/some.tmp": "",
                    ])
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                let dry = try await bench.dryRun()
                #expect(dry.output.contains("feature/a @ \(first.prefix(7))"), "\(dry.output)\(dry.errors)")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let old = try await bench.container(of: "account", in: qa)
                #expect(old.config.image.hasPrefix("berth.local/account:\(first.prefix(12))-"))
                #expect(try await bench.ask("account", in: qa).text == "image of a")
                let listing = try await bench.ask("account/file/listing", in: qa).text
                #expect(
                    listing.split(separator: "\n").sorted() == [
                        "./.dockerignore", "./Dockerfile", "./deep/er/file", "./deep/some.tmp", "./keep.tmp", "./words",
                    ])
                try await bench.expectNothingToDo()

                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")
                let second = try await source.push(
                    "feature/a", files: ["Dockerfile": Self.dockerfile("image of a, again")])
                try await bench.eventuallyMade("image of a, again", in: qa)
                try await bench.settle(at: commit, within: Bench.makingBound)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                let new = try await bench.container(of: "account", in: qa)
                #expect(new.config.image.hasPrefix("berth.local/account:\(second.prefix(12))-"))
                let log = try await bench.berth("logs", "\(qa)/account", "--build", "--data", bench.data)
                #expect(log.output.contains("RUN cd /src"), "\(log.output)\(log.errors)")
                try await bench.expectNothingToDo()
            }
        }

        @Test("whose RUN fails keeps what runs, with the builder's words; one whose base is missing says how to get it")
        func fails() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount(by: Self.recipe)
                try await source.push("feature/a", files: ["Dockerfile": Self.dockerfile("image of a")])
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let before = try await bench.container(of: "account", in: qa)

                let broken = Self.dockerfile("broken").replacing("ENV", with: "RUN echo no such thing >&2; exit 3\nENV")
                let second = try await source.push("feature/a", files: ["Dockerfile": broken])
                try await bench.eventuallySays(["build", "no such thing", String(second.prefix(7))], of: qa)
                #expect(try await bench.container(of: "account", in: qa).id == before.id)

                try await source.push("feature/a", files: ["Dockerfile": Self.dockerfile("x", from: "no/such-base:9")])
                try await bench.eventuallySays(["no/such-base:9", "docker load"], of: qa)
                let dry = try await bench.dryRun()
                #expect(dry.output.contains("no/such-base:9"), "\(dry.output)\(dry.errors)")
                #expect(try await bench.container(of: "account", in: qa).id == before.id)
                #expect(try await bench.ask("account", in: qa).text == "image of a")

                try await source.push("feature/a", files: ["Dockerfile": Self.dockerfile("image mended")])
                try await bench.eventuallyMade("image mended", in: qa)
            }
        }
    }
}
