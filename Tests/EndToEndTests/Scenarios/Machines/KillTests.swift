internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("An agent or a controller that is killed") struct KillTests {
        /// More kills than a deployment has actions.
        private static let mostKills = 30

        @Test(
            "at every action of a deployment takes it up again, doubles nothing and fails no request",
            arguments: AgentProgram.Turn.allCases)
        func agentIsKilled(turn: AgentProgram.Turn) async throws {
            try await Site.scenario { site in
                try site.write("qa", "feature/a", on: site.micro.node)
                let first = try await site.repository.push("account")
                var kills = try await kill(site.micro, at: turn, until: first, site)
                #expect(kills >= 4, "a network, a container, its start and its health: \(kills)")
                _ = try await site.container(of: "qa", on: site.micro)
                #expect(try await site.micro.machine.engine.networks("berth.sandbox=qa") == ["sandbox-qa"])

                let traffic = site.traffic(of: "qa")
                let start = Date()
                try site.write("qa", "feature/b", on: site.micro.node)
                let second = try await site.repository.push("another branch")
                kills = try await kill(site.micro, at: turn, until: second, site)
                #expect(kills >= 4, "a container, its start, its health, and the end of the old one: \(kills)")

                try site.write("qa", "feature/a", on: site.micro.node)
                let third = try await site.repository.push("and back")
                kills = try await kill(site.gateway, at: turn, until: third, site)
                #expect(kills >= 2, "it reaches the new one, and goes there: \(kills)")

                try await site.eventuallyAnswers("account feature-a", "qa")
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                _ = try await site.container(of: "qa", on: site.micro)
                #expect(site.proxies().count == 1)
                for tag in ["feature-a", "feature-b"] {
                    #expect(try await site.creations(of: "qa", tag, on: site.micro, since: start) == 1, "\(tag)")
                }

                try site.repository.remove("sandboxes/qa.yaml")
                let fourth = try await site.repository.push("it goes")
                kills = try await kill(site.micro, at: turn, until: fourth, site)
                #expect(kills >= 2, "a container and a network: \(kills)")
                #expect(try await site.residue() == [])
                // The last kill may have come after the last thing was gone.
                try await eventually("each order has an end", within: .seconds(90)) {
                    try await !site.micro.orders().contains { $0.outcome == nil }
                }
                try await eventually("nothing is left to do", within: .seconds(30), every: .milliseconds(200)) {
                    try await site.dryRun().status == 0
                }
            }
        }

        /// Kills the agent at each of its actions, and starts it again, until the commit is reached; how often.
        private func kill(
            _ agent: AgentProgram, at turn: AgentProgram.Turn, until commit: String, _ site: Site
        ) async throws -> Int {
            var kills = 0
            var seen = try await agent.orders().count
            while kills < Self.mostKills {
                seen += 1
                let assassin = try agent.assassin(at: turn, of: seen)
                try await eventually("a kill, or the end of it all", within: .seconds(90), every: .milliseconds(100)) {
                    guard assassin.isRunning else { return true }
                    return try await site.isSettled(at: commit)
                }
                assassin.send(SIGKILL)
                let hasKilled = try await assassin.end(within: .seconds(5)).status == 0
                assassin.forget()
                guard hasKilled else { return kills }
                kills += 1
                try await agent.kill()
                let interrupted = try await agent.orders().filter { $0.outcome == nil }
                try agent.start()
                if kills == 1, turn == .begun, !interrupted.isEmpty { try await tells(agent, site) }
            }
            throw Trouble("\(kills) kills, and still it goes on: \(try await agent.orders().map(\.action))")
        }

        /// The agent knows what it was killed in the middle of, and the controller shows it.
        private func tells(_ agent: AgentProgram, _ site: Site) async throws {
            try await eventually("it tells of the kill", within: .seconds(30)) {
                try await site.berth("node", "list").output.contains("it was killed in the middle of")
            }
        }

        @Test(
            "in the middle of a plan, and its database lost, restarts nothing, keeps every place and port and goes on")
        func controllerIsKilled() async throws {
            try await Site.scenario { site in
                try site.write("free", "feature/a")
                try site.write("qa", "feature/a", on: site.micro.node)
                try await site.pushAndSettle("two")
                let place = try await site.agent(of: "free")
                let ports = try await ["free", "qa"].asyncMap { try await site.status()?[$0]?.port }
                let stays = try await site.container(of: "free", on: place)
                let traffic = site.traffic(of: "qa")

                try site.write("qa", "feature/b", on: site.micro.node)
                let commit = try await site.repository.push("another branch")
                try await eventually("the new one is being made", within: .seconds(30), every: .milliseconds(5)) {
                    try await site.containers(of: "qa").count == 2
                }
                try await site.kill()
                try loseDatabase(of: site)
                try site.serve()
                try await site.settle(at: commit)
                try await site.eventuallyAnswers("account feature-b", "qa")
                _ = try await site.container(of: "qa", on: site.micro)
                let same = try await site.container(of: "free", on: place)
                #expect(same.id == stays.id && same.state.startedAt == stays.state.startedAt)

                let before = try await site.portrait()
                try await site.kill()
                try loseDatabase(of: site)
                try site.serve()
                try await site.settle(at: commit)
                #expect(try await site.portrait() == before)
                #expect(try await ["free", "qa"].asyncMap { try await site.status()?[$0]?.port } == ports)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                try await site.expectNothingToDo()
            }
        }

        /// All that the controller knows, but its secrets.
        private func loseDatabase(of site: Site) throws {
            for file in try FileManager.default.contentsOfDirectory(atPath: site.data) where file != "secrets" {
                try FileManager.default.removeItem(atPath: site.data + "/" + file)
            }
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
