internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("Every example") struct ExamplesTests {
        @Test("has no problem that `berth validate` finds, and a page that says how to try it")
        func validates() async throws {
            try await Bench.scenario { bench in
                let examples = try Example.all
                #expect(Set(examples.map(\.name)).isSuperset(of: ["compose-pair", "one-machine", "sdp"]))
                for example in examples {
                    let outcome = try await bench.berth("validate", example.folder.path(percentEncoded: false))
                    #expect(outcome.status == 0, "\(example.name): \(outcome.output)\(outcome.errors)")
                    #expect(outcome.output.hasSuffix("manifests: no problems\n"), "\(outcome.output)")
                    let page = try example.text(of: "README.md")
                    #expect(page.contains("berth validate examples/\(example.name)\n"), "\(example.name)/README.md")
                    #expect(page.contains("berth reconcile --dry-run"), "\(example.name)/README.md")
                }
            }
        }

        @Test("begins each file with the line by which editors find the schema, and a sentence")
        func binds() throws {
            for example in try Example.all {
                for (file, text) in try example.manifests {
                    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                    let place = "examples/\(example.name)/\(file)"
                    let bound = lines[0].firstMatch(of: /^# yaml-language-server: \$schema=(\S+)$/)
                    let schema = try #require(bound, "\(place)").1
                    let target = URL(filePath: String(schema), relativeTo: example.folder.appending(path: file))
                    #expect(
                        target.standardizedFileURL == Example.root.appending(path: "schemas/berth.json"), "\(place)")
                    #expect(lines[1].hasPrefix("# "), "\(place)")
                }
            }
        }
    }
}
