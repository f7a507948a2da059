internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Machines whose cables fail") struct PartitionTests {
        @Test("away from the controller serve on, are not taken for empty, are Unknown in time, and take up what came")
        func isIncomplete() async throws {
            try await Site.scenario(with: ["--unknown-after", "3s"]) { site in
                try site.write("qa", "feature/a", on: site.micro.node)
                try await site.pushAndSettle("account")
                let traffic = site.traffic(of: "qa")
                let start = Date()
                let before = try await site.micro.machine.engine.portrait()

                try await site.micro.machine.cable.cut(from: site.control)
                try site.write("qa", "feature/b", on: site.micro.node)
                try site.write("elsewhere", "feature/a", on: site.spare.node)
                let commit = try await site.repository.push("meanwhile")
                try await site.eventuallyAway([site.micro.node])
                try await eventually("its sandbox is Unknown", within: .seconds(30)) {
                    try await site.status()?["qa"]?.phase == "Unknown"
                }
                let dry = try await site.dryRun()
                #expect(dry.status == 5, "\(dry.output)\(dry.errors)")
                #expect((dry.output + dry.errors).contains(site.micro.node), "\(dry.output)\(dry.errors)")
                try await site.eventuallyAnswers("account feature-a", "elsewhere")
                #expect(try await site.ask("qa").text == "account feature-a")
                #expect(try await site.micro.machine.engine.portrait() == before)
                _ = try await site.container(of: "elsewhere", on: site.spare)

                try await site.micro.machine.cable.mend()
                try await site.settle(at: commit, within: .seconds(90))
                try await site.eventuallyAnswers("account feature-b", "qa")
                _ = try await site.container(of: "qa", on: site.micro)
                #expect(try await site.creations(of: "qa", "feature-b", on: site.micro, since: start) == 1)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                try await site.eventuallyAway([])
                try await site.expectNothingToDo()
            }
        }

        @Test("that only hear, or are only heard, converge once they do both, and make nothing twice")
        func isOneWay() async throws {
            try await Site.scenario { site in
                let deaf = site.micro
                let mute = site.spare
                for (name, agent) in [("deaf", deaf), ("mute", mute)] {
                    try site.write(name, "feature/a", on: agent.node)
                }
                try await site.pushAndSettle("one each")
                let traffic = ["deaf", "mute"].map(site.traffic)
                let start = Date()
                try await deaf.machine.cable.cut([.incoming], from: site.control)
                try await mute.machine.cable.cut([.outgoing], from: site.control)
                for (name, agent) in [("deaf", deaf), ("mute", mute)] {
                    try site.write(name, "feature/b", on: agent.node)
                }
                let commit = try await site.repository.push("another branch for both")
                try await site.eventuallyAway([deaf.node, mute.node])
                #expect(try await site.dryRun().status == 5)
                for agent in [deaf, mute] { try await agent.machine.cable.mend() }
                try await site.settle(at: commit, within: .seconds(120))
                for (name, agent) in [("deaf", deaf), ("mute", mute)] {
                    try await site.eventuallyAnswers("account feature-b", name)
                    _ = try await site.container(of: name, on: agent)
                    #expect(try await site.creations(of: name, "feature-b", on: agent, since: start) == 1, "\(name)")
                }
                for one in traffic {
                    let tally = try await one.stop()
                    #expect(tally.failed == 0, "\(tally.failures)")
                }
                try await site.expectNothingToDo()
            }
        }

        @Test("that lose a fifth of all packets, or take a tenth of a second for each, do all the same")
        func isBad() async throws {
            try await Site.scenario { site in
                for (name, agent) in [("lossy", site.micro), ("slow", site.spare)] {
                    try site.write(name, "feature/a", on: agent.node)
                }
                try await site.pushAndSettle("one each")
                let start = Date()
                try await site.micro.machine.cable.lose(0.2, from: site.control)
                try await site.spare.machine.cable.slowed(byMillis: 100) {
                    for (name, agent) in [("lossy", site.micro), ("slow", site.spare)] {
                        try site.write(name, "feature/b", on: agent.node)
                    }
                    try await site.pushAndSettle("another branch for both", within: .seconds(120))
                }
                #expect(try await site.micro.machine.cable.lost(.incoming) > 0)
                try await site.micro.machine.cable.mend()
                for (name, agent) in [("lossy", site.micro), ("slow", site.spare)] {
                    try await site.eventuallyAnswers("account feature-b", name)
                    _ = try await site.container(of: name, on: agent)
                    #expect(try await site.creations(of: name, "feature-b", on: agent, since: start) == 1, "\(name)")
                }
            }
        }
    }
}
