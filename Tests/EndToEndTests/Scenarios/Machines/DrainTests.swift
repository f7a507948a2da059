internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A machine that is emptied") struct DrainTests {
        @Test(
            "loses under traffic what was placed there by choice, keeps what its manifest places there, and says both")
        func isDrained() async throws {
            try await Site.scenario { site in
                try site.write("free", "feature/a")
                try await site.pushAndSettle("one that may be anywhere")
                let old = try await site.agent(of: "free")
                let new = old === site.micro ? site.spare : site.micro
                try site.write("fixed", "feature/a", on: old.node)
                try await site.pushAndSettle("one that may not")
                let fixed = try await site.container(of: "fixed", on: old)
                let traffic = site.traffic(of: "free")

                let words = try await site.must("node", "drain", old.node, "--timeout", "60s", within: .seconds(80))
                #expect(words.contains("free goes to another node"), "\(words)")
                #expect(words.contains("fixed stays: its manifest names this node"), "\(words)")
                #expect(words.contains("free is on \(new.node) now"), "\(words)")
                _ = try await site.container(of: "free", on: new)
                #expect(try await site.container(of: "fixed", on: old).id == fixed.id)
                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.answers["account feature-a", default: 0] > 20)
                #expect(try await site.must("node", "list").contains("Draining"))
                let detail = try await site.must("node", "describe", old.node, "--repo", site.repository.path)
                #expect(detail.contains("fixed") && !detail.contains("free "), "\(detail)")

                try await site.must("node", "uncordon", old.node)
                try await site.must("node", "cordon", new.node)
                try site.write("next", "feature/b")
                try await site.pushAndSettle("one more that may be anywhere")
                _ = try await site.container(of: "next", on: old)
                _ = try await site.container(of: "free", on: new)
                try await site.expectNothingToDo()
            }
        }
    }
}
