internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A build in progress") struct InterruptionTests {
        @Test("is given up for a newer push, with every process that it started")
        func isGivenUp() async throws {
            try await Bench.scenario { bench in
                let sleeper = Sleeper()
                let source = try await bench.makeAccount()
                try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                let slow = try await source.push("feature/a", "account too late", build: sleeper.lines)
                try await bench.watch(for: "it is being built") { sleeper.processes.count == 2 }
                try await source.push("feature/a", "account in time")
                try await bench.eventuallyMade("account in time", in: qa)
                try await eventually("it is dead", isTrue: { sleeper.processes.isEmpty })
                try await bench.settle(at: commit, within: Bench.makingBound)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account of a", "account in time"])
                #expect(source.builds(of: slow) == 1)
                try await bench.expectNothingToDo()
            }
        }

        @Test("ends with the sandbox that wanted it, and with the daemon", arguments: ["sandbox", "daemon"])
        func endsInOrder(with end: String) async throws {
            try await Bench.scenario { bench in
                let sleeper = Sleeper()
                let source = try await bench.makeAccount()
                try await source.push("feature/a", "account of a", build: sleeper.lines)
                let (qa, other) = (bench.name("qa"), bench.name("other"))
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.write(other, "payment: {branch: main}")
                try await bench.repository.push("account")
                try bench.serve()
                try await bench.watch(for: "it is being built") { sleeper.processes.count == 2 }
                if end == "sandbox" {
                    try bench.repository.remove("sandboxes/\(qa).yaml")
                    try await bench.pushAndSettle("account is not wanted")
                } else {
                    let outcome = try #require(try await bench.stop())
                    #expect(outcome.status == 0, "\(outcome.errors)")
                }
                try await eventually("it is dead", isTrue: { sleeper.processes.isEmpty })
            }
        }

        @Test("is made anew after kill -9 of the daemon, and nothing of it lingers")
        func isMadeAnew() async throws {
            try await Bench.scenario { bench in
                let sleeper = Sleeper()
                let gate = bench.scratch + "/gate"
                let source = try await bench.makeAccount()
                let built = try await source.push(
                    "feature/a", "account of a", build: "[ -e \(gate) ] || \(sleeper.lines)")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try bench.serve()
                try await bench.watch(for: "it is being built") { sleeper.processes.count == 2 }
                try await bench.kill()
                try Data().write(to: URL(filePath: gate))

                try await bench.serve(until: commit, within: Bench.makingBound)
                #expect(try await bench.ask("account", in: qa).text == "account of a")
                #expect(source.builds == [built, built], "what was half made is not trusted")
                try await eventually("what was left of it is dead", isTrue: { sleeper.processes.isEmpty })
                #expect(bench.pieces.count == 1, "\(bench.pieces)")
                try await bench.expectNothingToDo()
            }
        }
    }
}
