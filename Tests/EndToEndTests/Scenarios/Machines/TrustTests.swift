internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Who is let in, and when") struct TrustTests {
        @Test("are agents whose clocks are an hour wrong either way, and none whose certificate was taken back")
        func clockAndRevocation() async throws {
            try await Site.scenario(skews: ["micro-92": 3600, "micro-93": -3600]) { site in
                try site.write("ahead", "feature/a", on: site.micro.node)
                try site.write("behind", "feature/a", on: site.spare.node)
                try await site.pushAndSettle("one each")
                for name in ["ahead", "behind"] {
                    try site.write(name, "feature/b", on: name == "ahead" ? site.micro.node : site.spare.node)
                }
                try await site.pushAndSettle("another branch each")
                for name in ["ahead", "behind"] { #expect(try await site.ask(name).text == "account feature-b") }
                let nodes = try await site.must("node", "list")
                #expect(
                    nodes.contains("ahead of this controller's") && nodes.contains("behind this controller's"),
                    "\(nodes)")

                let before = try await site.portrait()
                let refused = try await site.berth("node", "remove", site.spare.node)
                #expect(refused.status != 0 && (refused.output + refused.errors).contains("behind"))
                try await site.must("node", "remove", site.spare.node, "--yes")
                try await eventually("it is told why", within: .seconds(60)) {
                    site.spare.said.contains("was revoked")
                }
                #expect(try await site.ask("behind").text == "account feature-b", "what runs there runs on")
                try site.write("ahead", "feature/a", on: site.micro.node)
                try await site.repository.push("the others go on")
                try await site.eventuallyAnswers("account feature-a", "ahead")
                let after = try await site.portrait()
                #expect(
                    before.filter { $0.hasPrefix("three: container") }
                        == after.filter { $0.hasPrefix("three: container") })
            }
        }

        @Test("is no copy of an agent on the engine of another machine")
        func credentialsAreStolen() async throws {
            try await Site.scenario { site in
                try site.write("qa", "feature/a", on: site.micro.node)
                try await site.pushAndSettle("account")
                let before = try await site.portrait().filter { !$0.contains("volume") }
                // Its own agent would hold the engine.
                try await site.spare.stop()
                let thief = site.agent("thief", site.spare.machine)
                try FileManager.default.copyItem(atPath: site.micro.data, toPath: thief.data)
                try thief.start()
                let end = try #require(try await thief.end(within: .seconds(30)))
                #expect(end.status != 0)
                #expect(end.errors.contains("engine"), "\(end.errors)")
                #expect(try await site.portrait().filter { !$0.contains("volume") } == before)
                try await site.eventuallyAway([site.spare.node])
                _ = try await site.container(of: "qa", on: site.micro)
            }
        }

        @Test("is a controller whose folder of secrets was restored from before: the newest start counts")
        func restored() async throws {
            try await Site.scenario { site in
                try site.write("qa", "feature/a", on: site.micro.node)
                let commit = try await site.repository.push("account")
                try await site.settle(at: commit)
                let copy = site.scratch + "/copy"
                try FileManager.default.copyItem(atPath: site.data + "/secrets", toPath: copy)
                // Its agents act for a later start meanwhile.
                try await site.stop()
                try site.serve()
                try await site.settle(at: commit)
                try site.write("qa", "feature/b", on: site.micro.node)
                try await site.pushAndSettle("another branch")
                try await site.stop()
                let own = site.data + "/secrets"
                try FileManager.default.moveItem(atPath: own, toPath: site.scratch + "/own")
                try FileManager.default.moveItem(atPath: copy, toPath: own)
                try site.write("qa", "feature/a", on: site.micro.node)
                let last = try await site.repository.push("after the folder was restored")
                try site.serve()
                try await site.settle(at: last)
                #expect(try await site.ask("qa").text == "account feature-a")
                _ = try await site.container(of: "qa", on: site.micro)
            }
        }
    }
}
