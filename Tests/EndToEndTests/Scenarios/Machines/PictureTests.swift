internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Three machines and a controller") struct PictureTests {
        @Test("are one: a push makes, replaces under traffic and removes what is on any of them, and leaves nothing")
        func areOne() async throws {
            try await Site.scenario { site in
                try site.write("qa", "feature/a", on: site.micro.node)
                try await site.pushAndSettle("account")
                let old = try await site.container(of: "qa", on: site.micro)
                let answer = try await site.ask("qa")
                #expect(answer.text == "account feature-a")
                #expect(answer.route == "qa/account@feature-a by header")
                let port = try #require(try await site.status()?["qa"]?.port)
                #expect(try await site.ask(port).text == "account feature-a", "its own port leads there too")
                #expect(try await site.ask("nobody").text == "account baseline")
                try await site.expectNothingToDo()

                let traffic = site.traffic(of: "qa")
                try await eventually("requests come", isTrue: { traffic.count(of: "account feature-a") > 20 })
                try site.write("qa", "feature/b", on: site.micro.node)
                try await site.pushAndSettle("another branch")
                try await eventually("the new one answers", isTrue: { traffic.count(of: "account feature-b") > 20 })
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.order == ["account feature-a", "account feature-b"], "and never back")
                #expect(try await site.container(of: "qa", on: site.micro).id != old.id)

                try site.write("free", "feature/a")
                try await site.pushAndSettle("a sandbox that names no machine")
                let chosen = try await site.agent(of: "free")
                #expect(chosen !== site.gateway, "only machines of type MICRO are chosen")
                #expect(try await site.status()?["free"]?.node == chosen.node)
                #expect(try await site.ask("free").text == "account feature-a")
                try await tell(site, chosen)

                for name in ["free", "qa"] {
                    try site.repository.remove("sandboxes/\(name).yaml")
                    try await site.pushAndSettle("\(name) goes")
                }
                #expect(try await site.residue() == [])
                #expect(try await site.ask("qa").text == "account baseline")
                try await site.expectNothingToDo()

                #expect(try await site.stop()?.status == 0)
                try await site.must(
                    "destroy", "--yes", "--no-local", "--agents", "\(site.control.address):\(Site.agentsPort)")
                #expect(site.proxies() == [], "the gateway on its machine is gone")
                for agent in site.agents {
                    #expect(try await agent.stop()?.status == 0)
                    #expect(try await agent.machine.engine.volumes(named: "berth-lease") == [], "\(agent.node)")
                }
            }
        }

        /// What a person asks the controller for is answered by the machine where it is.
        private func tell(_ site: Site, _ chosen: AgentProgram) async throws {
            let logs = try await site.must("logs", "free/account")
            #expect(logs.contains("account feature-a listens on 8080"), "\(logs)")
            let routes = try await site.must("routes", "--repo", site.repository.path)
            #expect(routes.contains("http://\(chosen.machine.address):"), "\(routes)")
            let url = "http://\(site.gateway.machine.address):\(Site.webPort)/account"
            let why = try await site.must(
                "explain", "--repo", site.repository.path, "GET", url, "-H", "x-sandbox: free")
            #expect(why.contains("account@feature-a"), "\(why)")
        }
    }
}
