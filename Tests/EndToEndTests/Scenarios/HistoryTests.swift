internal import Testing

extension EndToEnd {
    @Suite("What git does to a branch") struct HistoryTests {
        @Test("An empty commit changes nothing that runs; neither do an unrelated history and a branch that is deleted")
        func leavesWhatRuns() async throws {
            try await Bench.scenario { bench in
                let names = [bench.name("one"), bench.name("two")]
                for name in names { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("two"))
                let before = try await bench.engine.portrait()

                try await bench.pushAndSettle("Nothing at all")
                #expect(try await bench.engine.portrait() == before, "an empty commit")

                try await bench.repository.beginUnrelatedHistory()
                try await bench.pushAndSettle("After the new beginning")
                #expect(try await bench.engine.portrait() == before, "an unrelated history with the same files")

                try await bench.repository.inBare("update-ref", "-d", "refs/heads/main")
                try await eventually("it says so", isTrue: { try await bench.status()?.notices.isEmpty == false })
                #expect(try await bench.engine.portrait() == before, "no branch")
                for name in names { #expect(try await bench.ask("account", in: name).text == "account feature-a") }

                try bench.write(names[0], "account: {branch: feature/b}")
                try await bench.pushAndSettle("The branch is back")
                #expect(try await bench.ask("account", in: names[0]).text == "account feature-b")
                #expect(try await bench.status()?.notices.map(\.message) == [])
            }
        }

        @Test("A commit without any sandbox waits for consent")
        func emptiedWaits() async throws {
            try await Bench.scenario { bench in
                let names = [bench.name("one"), bench.name("two")]
                for name in names { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("two"))
                let before = try await bench.engine.portrait()
                for name in names { try bench.repository.remove("sandboxes/\(name).yaml") }
                let commit = try await bench.repository.push("All gone?")
                try await eventually("it says that it waits") {
                    guard let standing = try await bench.status(), standing.head?.commit == commit else { return false }
                    return standing.notices.contains {
                        ($0.message + ($0.remedy ?? "")).contains("--allow-deletions 2")
                    }
                }
                #expect(try await bench.engine.portrait() == before)
                #expect(try await bench.dryRun().status == 3)
                #expect(try await bench.reconcile("--allow-deletions", "2").status == 0)
                for name in names { #expect(try await bench.containers(of: name).isEmpty) }
            }
        }
    }
}
