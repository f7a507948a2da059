internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Logs") struct LogTests {
        @Test("of a build are there line by line while it runs, and from the beginning afterwards")
        func followsABuild() async throws {
            try await Bench.scenario { bench in
                let gate = bench.scratch + "/gate"
                let source = try await bench.makeAccount()
                try await source.push(
                    "feature/a", "account of a",
                    build: """
                        echo first line; echo second line >&2; printf 'no end'
                        n=0; until [ -e \(gate) ] || [ $n -gt 600 ]; do sleep 0.1; n=$((n + 1)); done
                        echo last line
                        """)
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try bench.serve()
                try await eventually("the build runs", within: Bench.makingBound) {
                    source.builds.count == 1 ? true : nil
                }

                let words = ["logs", "\(qa)/account", "--build", "--follow", "--data", bench.data]
                let follower = try bench.start(words)
                try await eventually("it is told", within: .seconds(30)) {
                    ["first line\n", "second line\n", "no end"].allSatisfy(follower.said.contains) ? true : nil
                }
                #expect(follower.isRunning)
                #expect(!follower.said.contains("last line"))
                try Data().write(to: URL(filePath: gate))
                let told = try await follower.end(within: .seconds(30))
                #expect(told.status == 0, "\(told.errors)")
                #expect(told.output.contains("last line\n"), "\(told.output)")

                try await bench.settle(at: commit, within: Bench.makingBound)
                let log = try await bench.berth("logs", "\(qa)/account", "--build", "--data", bench.data)
                #expect(log.status == 0, "\(log.errors)")
                for line in ["first line\n", "second line\n", "last line\n"] {
                    #expect(log.output.contains(line), "\(log.output)")
                }
                let tail = try await bench.berth("logs", qa, "--build", "--tail", "1", "--data", bench.data)
                #expect(tail.lines.count == 1, "\(tail.output)")
            }
        }

        @Test("of containers come from the engine, by service, and are followed until the end")
        func followsContainers() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: main}")
                let commit = try await bench.repository.push("account and payment")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let both = try await bench.berth("logs", qa, "--data", bench.data)
                #expect(both.status == 0, "\(both.errors)")
                for (service, words) in [("account", "account of a"), ("payment", "payment main")] {
                    let line = both.lines.first { $0.contains("\(words) listens on 8080") }
                    #expect(line?.hasPrefix(service) == true, "\(both.output)")
                }
                let one = try await bench.berth("logs", "\(qa)/payment", "--tail", "1", "--data", bench.data)
                #expect(one.output == "payment main listens on 8080\n", "\(one.output)\(one.errors)")

                let container = try await bench.container(of: "account", in: qa)
                let follower = try bench.start(["logs", "\(qa)/account", "--follow", "--data", bench.data])
                try await eventually("the first line") { follower.said.contains("listens on 8080") ? true : nil }
                try await bench.engine.docker(
                    "exec", container.id, "sh", "-c", "echo something new >/proc/1/fd/1; echo and wrong >/proc/1/fd/2")
                try await eventually("the new lines") {
                    follower.said.contains("something new\n") && follower.said.contains("and wrong\n") ? true : nil
                }
                #expect(follower.isRunning)
                follower.send(SIGINT)
                _ = try await follower.end(within: .seconds(10))
            }
        }

        @Test("of what is not there are an error that says what is")
        func refuses() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {use: baseline}")
                try await bench.repository.push("account")
                #expect(try await bench.reconcile().status == 0)
                for (name, hint) in [
                    (qa + "x", qa), ("\(qa)/acount", "account"), ("\(qa)/payment", "shared deployment"),
                ] {
                    let outcome = try await bench.berth("logs", name, "--data", bench.data)
                    #expect(outcome.status == 1, "\(name): \(outcome.output)")
                    #expect(outcome.errors.contains(hint), "\(name): \(outcome.errors)")
                }
                let build = try await bench.berth("logs", qa, "--build", "--data", bench.data)
                #expect(build.status == 1, "it was not built: \(build.output)")
            }
        }
    }
}
