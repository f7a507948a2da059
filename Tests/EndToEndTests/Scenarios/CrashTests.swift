internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A daemon that ends") struct CrashTests {
        /// How far a pass from feature-a to feature-b has come.
        enum Moment: String, CaseIterable, CustomTestStringConvertible {
            case created, running, flipped, removed

            var testDescription: String { rawValue }

            func hasCome(in sandbox: String, _ bench: Bench) async throws -> Bool {
                let containers = try await bench.containers(of: sandbox).filter { $0.service == "account" }
                let new = containers.filter { $0.config.image.hasSuffix("feature-b") }
                switch self {
                case .created: return !new.isEmpty
                case .running: return new.contains(where: \.isRunning)
                case .flipped: return try await bench.ask("account", in: sandbox).text == "account feature-b"
                case .removed: return !containers.contains { $0.config.image.hasSuffix("feature-a") }
                }
            }
        }

        @Test(
            "by kill -9 in the middle of a replacement is harmless: the next one finishes it",
            arguments: Moment.allCases)
        func replacementIsFinished(moment: Moment) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("two services"))
                let payment = try await bench.container(of: "payment", in: qa)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")

                try bench.write(qa, "account: {branch: feature/b}\n  payment: {branch: feature/a}")
                let commit = try await bench.repository.push("account: another branch")
                try await bench.watch(for: "the moment") { try await moment.hasCome(in: qa, bench) }
                try await bench.kill()
                try await bench.serve(until: commit)

                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(try await bench.ask("account", in: qa).text == "account feature-b")
                #expect(try await bench.container(of: "account", in: qa).config.image.hasSuffix("feature-b"))
                #expect(try await bench.container(of: "payment", in: qa).id == payment.id)
                #expect(try await bench.engine.networks("berth.sandbox=\(qa)") == ["sandbox-\(qa)"])
                #expect(bench.proxies().count == 1)
                try await bench.expectNothingToDo()
            }
        }

        @Test("by kill -9 again and again while it makes a sandbox leaves one network and one container a service")
        func creationIsFinished() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                let commit = try await bench.repository.push("two services")
                try bench.serve()
                try await bench.watch(for: "the proxy runs") { !bench.proxies().isEmpty }
                try await bench.kill()
                try bench.serve()
                try await bench.watch(for: "a network is there") {
                    try await !bench.engine.networks("berth.sandbox=\(qa)").isEmpty
                }
                try await bench.kill()
                for count in 1...2 {
                    try bench.serve()
                    try await bench.watch(for: "\(count) containers are there") {
                        try await bench.containers(of: qa).count >= count
                    }
                    try await bench.kill()
                }
                try await bench.serve(until: commit)
                _ = try await bench.container(of: "account", in: qa)
                _ = try await bench.container(of: "payment", in: qa)
                #expect(try await bench.engine.networks("berth.sandbox=\(qa)") == ["sandbox-\(qa)"])
                #expect(bench.proxies().count == 1)
                #expect(try await bench.ask("payment", in: qa).text == "payment feature-a")
                try await bench.expectNothingToDo()
            }
        }

        @Test("by kill -9 in the middle of a removal leaves nothing of it, and nothing else is touched")
        func removalIsFinished() async throws {
            try await Bench.scenario { bench in
                let (gone, stays) = (bench.name("gone"), bench.name("stays"))
                try bench.write(gone, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try bench.write(stays, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("two sandboxes"))
                let neighbour = try await bench.container(of: "account", in: stays)
                try bench.repository.remove("sandboxes/\(gone).yaml")
                let commit = try await bench.repository.push("one goes")
                try await bench.watch(for: "the first container goes") {
                    try await bench.containers(of: gone).filter(\.isRunning).count < 2
                }
                try await bench.kill()
                try await bench.serve(until: commit)
                #expect(try await bench.containers(of: gone).map(\.name) == [])
                #expect(try await bench.engine.networks("berth.sandbox=\(gone)") == [])
                #expect(try await bench.container(of: "account", in: stays).id == neighbour.id)
                try await bench.expectNothingToDo()
            }
        }

        @Test("and has lost its database restarts no container and keeps every port", arguments: ["berth.sqlite", ""])
        func databaseIsRebuilt(lost: String) async throws {
            try await Bench.scenario { bench in
                let names = [bench.name("one"), bench.name("two")]
                for name in names { try bench.write(name, "account: {branch: feature/a, port: auto}") }
                let commit = try await bench.repository.push("two")
                try await bench.serve(until: commit)
                let ports = [try await bench.port(of: names[0]), try await bench.port(of: names[1])]
                let before = try await bench.engine.portrait()

                try await bench.stop()
                let files = try FileManager.default.contentsOfDirectory(atPath: bench.data)
                for file in files where file != "secrets" && file.hasPrefix(lost) {
                    try FileManager.default.removeItem(atPath: bench.data + "/" + file)
                }
                try await bench.serve(until: commit)
                #expect(try await bench.engine.portrait() == before)
                for (name, port) in zip(names, ports) {
                    #expect(try await bench.port(of: name) == port)
                    #expect(try await bench.get("/account", port: port).text == "account feature-a")
                }
                #expect(bench.proxies().count == 1)
                try await bench.expectNothingToDo()
                // The ports are still theirs: the next one gets another.
                let next = bench.name("next")
                try bench.write(next, "account: {branch: feature/b, port: auto}")
                try await bench.pushAndSettle("one more")
                #expect(try await !ports.contains(bench.port(of: next)))
            }
        }

        @Test("by SIGTERM ends in order, also in the middle of a pass, and what runs keeps running and answering")
        func endsInOrder() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let before = try await bench.container(of: "account", in: qa)
                let traffic = bench.traffic(to: try await bench.port(of: qa), "/account")
                let quiet = try #require(try await bench.stop(within: .seconds(5)))
                #expect(quiet.status == 0, "\(quiet.errors)")

                try bench.write(qa, "account: {branch: deaf}")
                try await bench.repository.push("a branch that never answers")
                try bench.serve()
                try await eventually("it is waited for") {
                    try await bench.containers(of: qa).contains { $0.config.image.hasSuffix("deaf") && $0.isRunning }
                }
                let busy = try #require(try await bench.stop(within: .seconds(25)))
                #expect(busy.status == 0, "\(busy.errors)")

                let tally = try await traffic.stop()
                #expect(tally.failed == 0, "\(tally.failures)")
                #expect(tally.answers["account feature-a", default: 0] > 20)
                let after = try #require(try await bench.engine.container(before.id))
                #expect(after.state.startedAt == before.state.startedAt)
                #expect(try await bench.engine.volumes(named: "berth-lease") == [], "the engine is free for others")
            }
        }
    }
}
