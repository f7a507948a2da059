internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A branch of a repository") struct BranchTests {
        @Test("is built by nobody, mounted read-only, and answers by port, host and header; the plan names its commit")
        func isBuilt() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let built = try await source.push(
                    "feature/a", "account of", build: #"echo "$(cat words) $(id -un)" >said && mv said words"#)
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account from its repository")

                let dry = try await bench.dryRun()
                #expect(dry.status == 2, "\(dry.output)\(dry.errors)")
                #expect(dry.output.contains("feature/a @ \(built.prefix(7))"), "\(dry.output)")
                #expect(bench.pieces == [], "a dry run makes nothing")
                #expect(source.builds == [])

                try await bench.serve(until: commit, within: Bench.makingBound)
                let account = try await bench.container(of: "account", in: qa)
                #expect(account.config.image == "berth-test/e2e-base:1")
                #expect(account.config.labels?["berth.commit"] == built)
                #expect(account.mounts.map(\.destination) == ["/src"])
                #expect(account.mounts.map(\.rW) == [false])
                await #expect(throws: Trouble.self, "what is shared is not written to") {
                    try await bench.engine.docker("exec", account.id, "touch", "/src/mine")
                }
                let port = try await bench.port(of: qa)
                let host = ["Host": "\(qa).berth.localhost:\(bench.webPort)"]
                for (way, answer) in [
                    ("port", try await bench.get("/account", port: port)),
                    ("host", try await bench.get("/account", port: bench.webPort, host)),
                    ("header", try await bench.ask("account", in: qa)),
                ] {
                    #expect(answer.text == "account of nobody", "by \(way)")
                    #expect(answer.route == "\(qa)/account@\(built.prefix(7)) by \(way)")
                }
                #expect(try await bench.ask("account", in: nil).text == "account baseline", "everybody else")
                #expect(source.builds == [built])
                try await bench.expectNothingToDo()
            }
        }

        @Test("that is pushed to converges the sandboxes that follow it, and no others; no request fails")
        func isFollowed() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let first = try await source.push("feature/a", "account of a")
                let other = try await source.push("feature/b", "account of b")
                let (one, two) = (bench.name("one"), bench.name("two"))
                let (beside, pinned) = (bench.name("beside"), bench.name("pinned"))
                for name in [one, two] {
                    try bench.write(name, "account: {branch: feature/a}\n  payment: {branch: main}")
                }
                try bench.write(beside, "account: {branch: feature/b}")
                try bench.write(pinned, "account: {branch: feature/a, commit: \(first)}")
                let commit = try await bench.repository.push("four sandboxes")
                try await bench.serve(until: commit, within: Bench.makingBound)
                #expect(source.builds.sorted() == [first, other].sorted(), "once, whoever uses it")
                #expect(try await bench.ask("account", in: beside).text == "account of b")
                #expect(try await bench.ask("account", in: pinned).text == "account of a")
                let before = try await bench.identities()
                let traffic = bench.traffic(to: try await bench.port(of: one), "/account")

                let second = try await source.push("feature/a", "account of a, again")
                for name in [one, two] { try await bench.eventuallyMade("account of a, again", in: name) }
                try await bench.settle(at: commit, within: Bench.makingBound)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account of a", "account of a, again"])
                #expect(source.builds.sorted() == [first, other, second].sorted())
                let after = try await bench.identities()
                let replaced = Set(before.keys.filter { before[$0] != after[$0] })
                #expect(replaced == ["\(one)/account", "\(two)/account"])
                #expect(try await bench.ask("account", in: pinned).text == "account of a")
                try await bench.expectNothingToDo()
            }
        }

        @Test("that is gone keeps what runs, repairs it and says so, and is followed again when it is back")
        func comesBack() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let first = try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                try await source.delete("feature/a")
                try await bench.eventuallySays(
                    ["feature/a is gone from repository account", "stays at \(first.prefix(7))"], of: qa)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                let running = try await bench.container(of: "account", in: qa)
                try await bench.engine.docker("rm", "--force", running.id)
                try await bench.eventuallyMade("account of a", in: qa)
                let mended = try await bench.container(of: "account", in: qa)
                #expect(mended.id != running.id)
                #expect(mended.config.labels?["berth.commit"] == first)
                #expect(source.builds == [first])

                try await source.push("feature/a", "account of a, again")
                try await bench.eventuallyMade("account of a, again", in: qa)
                try await bench.settle(at: commit, within: Bench.makingBound)
                try await bench.expectNothingToDo()
            }
        }

        @Test("survives that its history is rewritten, and that it gets another name: what is made is not made again")
        func isRewritten() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let first = try await bench.repository.push("account")
                try await bench.serve(until: first, within: Bench.makingBound)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                let anew = try await source.rewrite("feature/a", "account anew")
                try await bench.eventuallyMade("account anew", in: qa)
                try await bench.settle(at: first, within: Bench.makingBound)
                #expect(try await bench.container(of: "account", in: qa).config.labels?["berth.commit"] == anew)

                try await source.rename("feature/a", to: "feature/z")
                try await bench.eventuallySays(["feature/a is gone", "stays at \(anew.prefix(7))"], of: qa)
                try bench.write(qa, "account: {branch: feature/z}")
                let commit = try await bench.repository.push("account has another name")
                try await bench.settle(at: commit, within: Bench.makingBound)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account of a", "account anew"])
                #expect(source.builds(of: anew) == 1)
                try await bench.expectNothingToDo()
            }
        }
    }
}

extension Bench {
    /// The containers of this installation: ids by `sandbox/service`.
    func identities() async throws -> [String: String] {
        let all = try await engine.containers(owner)
        return Dictionary(all.map { ("\($0.config.labels?["berth.sandbox"] ?? "")/\($0.service)", $0.id) }) { $1 }
    }
}
