internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Many sandboxes") struct ManyTests {
        @Test("on ten branches of three repositories converge, each commit made once, and the journal shows it")
        func converge() async throws {
            try await Bench.scenario { bench in
                let ports = try (Places.ports(40), Places.ports(40))
                try bench.repository.write(
                    "places.yaml",
                    Manifests.places(bench)
                        .replacing(Self.text(bench.nodePorts), with: Self.text(ports.0))
                        .replacing(Self.text(bench.sandboxPorts), with: Self.text(ports.1))
                        .replacing(bench.subnet, with: "10.209.0.0/22"))
                var sources: [ServiceRepository] = []
                for name in ["account", "payment", "user"] {
                    let source = try await ServiceRepository(name, in: bench)
                    sources.append(source)
                    try bench.repository.write(
                        "\(name).yaml", Manifests.made(source, baseline: bench.account.port))
                }
                var commits: [String] = []
                for number in 0..<10 {
                    let source = sources[number % 3]
                    commits.append(try await source.push("feature/\(number)", "\(source.name) of \(number)"))
                }
                let names = (0..<30).map { bench.name("qa\($0)") }
                for (index, name) in names.enumerated() {
                    try bench.write(name, "\(sources[index % 10 % 3].name): {branch: feature/\(index % 10)}")
                }
                let commit = try await bench.repository.push("thirty sandboxes")
                try await bench.serve(until: commit, within: .seconds(300))

                for (index, name) in names.enumerated() {
                    let service = sources[index % 10 % 3].name
                    #expect(try await bench.ask(service, in: name).text == "\(service) of \(index % 10)")
                }
                #expect(sources.flatMap(\.builds).sorted() == commits.sorted())
                #expect(bench.pieces.count == 10)
                let events = try await bench.berth("events", "--tail", "5000", "--data", bench.data, "-o", "json")
                for commit in commits {
                    let done = events.lines.filter {
                        $0.contains("step.completed") && $0.contains("build ") && $0.contains(commit.prefix(7))
                    }
                    #expect(done.count == 1, "\(commit): \(done)")
                }
                try await bench.expectNothingToDo()
            }
        }

        private static func text(_ range: ClosedRange<UInt16>) -> String {
            "from: \(range.lowerBound), to: \(range.upperBound)"
        }
    }
}
