internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("What is changed by hand") struct DriftTests {
        /// What somebody does to a container, in the words of `docker`.
        enum Deed: String, CaseIterable, CustomTestStringConvertible {
            case kill, stop, pause, remove, limit, disconnect

            var testDescription: String { rawValue }

            func perform(on container: Engine.Container, of sandbox: String, _ engine: Engine) async throws {
                switch self {
                case .kill: try await engine.docker("kill", container.id)
                case .stop: try await engine.docker("stop", "--time", "1", container.id)
                case .pause: try await engine.docker("pause", container.id)
                case .remove: try await engine.docker("rm", "--force", container.id)
                case .limit:
                    try await engine.docker("update", "--memory", "64m", "--memory-swap", "64m", container.id)
                case .disconnect: try await engine.docker("network", "disconnect", "sandbox-\(sandbox)", container.id)
                }
            }
        }

        @Test("of a container is mended, and its neighbour is left alone", arguments: Deed.allCases)
        func isMended(deed: Deed) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                let commit = try await bench.repository.push("two services")
                try await bench.serve(until: commit)
                let before = try await bench.container(of: "account", in: qa)
                let neighbour = try await bench.container(of: "payment", in: qa)

                try await deed.perform(on: before, of: qa, bench.engine)
                try await eventually("account is mended") {
                    let all = try await bench.containers(of: qa).filter { $0.service == "account" }
                    guard let now = all.first, all.count == 1, now.isRunning, now.name == before.name else {
                        return false
                    }
                    return now.hostConfig.memory == before.hostConfig.memory
                        && now.networkSettings.networks.keys.sorted() == ["sandbox-\(qa)"]
                }
                try await bench.eventuallyAnswers("account feature-a", "account", in: qa)
                try await bench.settle(at: commit)
                try await bench.expectNothingToDo()

                let after = try await bench.container(of: "account", in: qa)
                #expect((after.id == before.id) == (deed != .remove), "what can be kept is kept")
                let same = try await bench.container(of: "payment", in: qa)
                #expect(same.id == neighbour.id)
                #expect(same.state.startedAt == neighbour.state.startedAt)
            }
        }

        @Test("in the proxy's route table is mended", arguments: ["set", "del", "clear"])
        func routesAreMended(verb: String) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let before = try await bench.container(of: "account", in: qa)
                let map = bench.data + "/gateway/edge/routes.map"
                let detour =
                    "serving|http|127.0.0.1|\(bench.payment.port)|127.0.0.1|account@nowhere|target|system|known"
                switch verb {
                case "set": try await bench.tellProxy("set map \(map) \(qa):account \(detour)")
                case "del": try await bench.tellProxy("del map \(map) \(qa):account")
                default: try await bench.tellProxy("clear map \(map)")
                }
                try await bench.eventuallyAnswers("account feature-a", "account", in: qa)
                try await bench.eventuallyAnswers("payment baseline", "payment", in: nil)
                #expect(try await bench.container(of: "account", in: qa).id == before.id)
                try await eventually("the plan is empty", isTrue: { try await bench.dryRun().status == 0 })
            }
        }

        @Test("of the proxy itself is mended: killed, it comes back with its routes and ports")
        func proxyComesBack() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let before = try await bench.container(of: "account", in: qa)
                let port = try await bench.port(of: qa)
                let proxies = bench.proxies()
                #expect(!proxies.isEmpty)
                for proxy in proxies { Foundation.kill(proxy, SIGKILL) }
                try await eventually("they are dead", isTrue: { Set(bench.proxies()).isDisjoint(with: proxies) })
                try await bench.eventuallyAnswers("account feature-a", "account", in: qa)
                #expect(try await bench.get("/account", port: port).text == "account feature-a")
                #expect(try await bench.ask("payment", in: nil).text == "payment baseline")
                #expect(try await bench.container(of: "account", in: qa).id == before.id)
                try await eventually("the plan is empty", isTrue: { try await bench.dryRun().status == 0 })
            }
        }

        @Test("never concerns a foreign container on our name: it is reported, left alone, and the sandbox runs")
        func strangersAreLeftAlone() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let stranger = try await bench.stranger(named: "sandbox-\(qa)-account")
                let before = try #require(try await bench.engine.container(stranger))
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                let preview = try await bench.dryRun()
                #expect(preview.output.contains("sandbox-\(qa)-account is not ours"), "\(preview.output)")
                try await bench.serve(until: commit)
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")
                let ours = try await bench.containers(of: qa)
                #expect(ours.map(\.isRunning) == [true])

                let dry = try await bench.dryRun()
                #expect(dry.status == 0, "\(dry.output)")
                #expect(dry.output.contains("is not ours"), "\(dry.output)")
                try bench.write(qa, "payment: {branch: feature/a}")
                try await bench.pushAndSettle("payment instead")
                let after = try #require(try await bench.engine.container(stranger))
                #expect(after.name == before.name)
                #expect(after.isRunning)
                #expect(after.state.startedAt == before.state.startedAt)
            }
        }
    }
}
