internal import Testing

extension EndToEnd {
    @Suite("A commit that removes four of five sandboxes") struct DeletionBudgetTests {
        @Test("waits while the daemon runs, says so, and goes ahead with consent")
        func waitsForTheDaemon() async throws {
            try await Bench.scenario { bench in
                let names = try writeFive(bench)
                try await bench.serve(until: try await bench.repository.push("five"))
                let before = try await ids(of: names, bench)
                #expect(before.count == 5)
                for name in names.dropFirst() { try bench.repository.remove("sandboxes/\(name).yaml") }
                let commit = try await bench.repository.push("remove four")
                try await eventually("it says that it waits") {
                    guard let standing = try await bench.status(), standing.head?.commit == commit else { return false }
                    return standing.notices.contains {
                        ($0.message + ($0.remedy ?? "")).contains("berth reconcile --allow-deletions 4")
                    }
                }
                #expect(try await ids(of: names, bench) == before)
                for name in names { #expect(try await bench.ask("account", in: name).text == "account feature-a") }
                let dry = try await bench.dryRun()
                #expect(dry.status == 3, "\(dry.output)\(dry.errors)")
                #expect(dry.output.contains("--allow-deletions 4"), "\(dry.output)")

                let consent = try await bench.reconcile("--allow-deletions", "4")
                #expect(consent.status == 0, "\(consent.output)\(consent.errors)")
                try await eventually("four are gone", isTrue: { try await ids(of: names, bench).count == 1 })
                #expect(try await ids(of: [names[0]], bench) == [before[0]])
                try await bench.settle(at: commit)
                try await bench.expectNothingToDo()
            }
        }

        @Test("waits without a daemon too: exit status 3, until as many are allowed")
        func waitsAlone() async throws {
            try await Bench.scenario { bench in
                let names = try writeFive(bench)
                try await bench.repository.push("five")
                #expect(try await bench.reconcile().status == 0)
                let before = try await ids(of: names, bench)
                #expect(before.count == 5)
                for name in names.dropFirst() { try bench.repository.remove("sandboxes/\(name).yaml") }
                try await bench.repository.push("remove four")

                #expect(try await bench.dryRun().status == 3)
                #expect(try await bench.reconcile().status == 3)
                #expect(try await bench.reconcile("--allow-deletions", "3").status == 3)
                #expect(try await ids(of: names, bench) == before)

                let consent = try await bench.reconcile("--allow-deletions", "4")
                #expect(consent.status == 0, "\(consent.output)\(consent.errors)")
                #expect(try await ids(of: names, bench) == [before[0]])
                try await bench.expectNothingToDo()
            }
        }

        private func writeFive(_ bench: Bench) throws -> [String] {
            let names = (1...5).map { bench.name("s\($0)") }
            for name in names { try bench.write(name, "account: {branch: feature/a}") }
            return names
        }

        /// The containers of the sandboxes, in their order.
        private func ids(of names: [String], _ bench: Bench) async throws -> [String] {
            var ids: [String] = []
            for name in names { ids += try await bench.containers(of: name).map(\.id) }
            return ids
        }
    }
}
