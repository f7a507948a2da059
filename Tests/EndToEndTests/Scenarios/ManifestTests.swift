internal import Testing

extension EndToEnd {
    @Suite("A bad manifest") struct ManifestTests {
        /// What is wrong with the file of a sandbox.
        enum Fault: String, CaseIterable, CustomTestStringConvertible {
            case unknownKey, tabs, notUTF8, duplicateKey, danglingReference

            var testDescription: String { rawValue }

            func text(of sandbox: String) -> [UInt8] {
                switch self {
                case .unknownKey: Array("sandbox: \(sandbox)\nservces: {}\n".utf8)
                case .tabs: Array("sandbox: \(sandbox)\nservices:\n\taccount: {branch: feature/b}\n".utf8)
                case .notUTF8: Array("sandbox: \(sandbox)\n# \u{a0}".utf8).dropLast() + [0xff, 0xfe, 0x0a]
                case .duplicateKey: Array("sandbox: \(sandbox)\nservices: {}\nservices: {}\n".utf8)
                case .danglingReference: Array("sandbox: \(sandbox)\nservices: {acount: {branch: x}}\n".utf8)
                }
            }
        }

        @Test(
            "hurts only itself: it keeps its last good version while another changes",
            arguments: Fault.allCases)
        func hurtsOnlyItself(fault: Fault) async throws {
            try await Bench.scenario { bench in
                let (bad, good) = (bench.name("bad"), bench.name("good"))
                try bench.write(bad, "account: {branch: feature/a}")
                try bench.write(good, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("two"))
                let before = try await bench.container(of: "account", in: bad)

                try bench.repository.write("sandboxes/\(bad).yaml", bytes: fault.text(of: bad))
                try bench.write(good, "account: {branch: feature/b}")
                let commit = try await bench.repository.push("one is broken, one moves on")
                try await bench.eventuallyAnswers("account feature-b", "account", in: good)
                try await eventually(
                    "the commit was looked at", isTrue: { try await bench.status()?.head?.commit == commit })
                let kept = try await bench.container(of: "account", in: bad)
                #expect(kept.id == before.id)
                #expect(kept.state.startedAt == before.state.startedAt)
                #expect(try await bench.ask("account", in: bad).text == "account feature-a")
                try await eventually("status says so") {
                    try await bench.status()?[bad]?.message.contains("kept at its last good version") == true
                }
                let dry = try await bench.dryRun()
                #expect(dry.status == 1, "\(dry.output)\(dry.errors)")
                #expect((dry.output + dry.errors).contains("sandboxes/\(bad).yaml:"), "\(dry.output)\(dry.errors)")
                let check = try await bench.berth("validate", bench.repository.path, "--revision", "main")
                #expect(check.status == 1)
                #expect(check.output.contains("sandboxes/\(bad).yaml:"), "\(check.output)\(check.errors)")

                try bench.write(bad, "account: {branch: feature/b}")
                try await bench.pushAndSettle("mended")
                #expect(try await bench.ask("account", in: bad).text == "account feature-b")
                try await bench.expectNothingToDo()
            }
        }

        @Test("that breaks the catalogue leaves every sandbox as it runs", arguments: ["account.yaml", "places.yaml"])
        func brokenCatalogue(file: String) async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("good"))
                let before = try await bench.engine.portrait()
                try bench.repository.write(file, bytes: [0xc3, 0x28, 0x0a])
                let commit = try await bench.repository.push("not UTF-8")
                try await eventually("it says so") {
                    guard let standing = try await bench.status(), standing.head?.commit == commit else { return false }
                    return standing.notices.contains { $0.message.contains(file) }
                }
                #expect(try await bench.engine.portrait() == before)
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")
                #expect(try await bench.dryRun().status == 1)
                try bench.writeCatalogue()
                try await bench.pushAndSettle("mended")
                #expect(try await bench.engine.portrait() == before)
            }
        }
    }
}
