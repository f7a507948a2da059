internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("An image that an offline node lacks") struct ImageTests {
        @Test("is a problem before anything is done, until an archive of the manifests brings it")
        func isLoaded() async throws {
            try await Bench.scenario { bench in
                let image = "berth-test/e2e-\(bench.tail):runtime"
                let archive = try await Self.save(image, bench)
                let source = try await bench.makeAccount(
                    by: Manifests.hostBuild.replacing("berth-test/e2e-base:1", with: image))
                let commit = try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.repository.push("account")
                let dry = try await bench.dryRun()
                for word in [image, "node here", "docker load", "ImageBundle"] {
                    #expect(dry.output.contains(word), "\(dry.output)")
                }
                try bench.serve()
                try await bench.eventuallySays([image, "docker load"], of: qa)
                #expect(try await bench.containers(of: qa).map(\.name) == [])

                let sum = try await Self.sum(of: archive, bench)
                try bench.repository.write("images.yaml", Self.bundle(image, archive, sum))
                let head = try await bench.repository.push("an archive")
                try await bench.settle(at: head, within: Bench.makingBound)
                #expect(try await bench.engine.hasImage(image))
                #expect(try await bench.ask("account", in: qa).text == "account of a")
                #expect(source.builds == [commit])
                try await bench.expectNothingToDo()
                try await bench.engine.docker("rm", "--force", bench.container(of: "account", in: qa).id)
                try await bench.stop()
                _ = try await bench.berth("destroy", "--yes", "--data", bench.data)
                try await bench.engine.docker("rmi", image)
            }
        }

        @Test("is not loaded from an archive with another checksum, and both are named; the rest goes on")
        func isRefused() async throws {
            try await Bench.scenario { bench in
                let image = "berth-test/e2e-\(bench.tail):runtime"
                let archive = try await Self.save(image, bench)
                let sum = try await Self.sum(of: archive, bench)
                let wrong = String(repeating: "0123456789abcdef", count: 4)
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.repository.write("images.yaml", Self.bundle(image, archive, wrong))
                try await bench.repository.push("a wrong checksum")
                let done = try await bench.reconcile("--timeout", "60s")
                #expect(done.status == 1, "\(done.output)\(done.errors)")
                for word in [wrong, sum, archive] {
                    #expect((done.output + done.errors).contains(word), "\(done.output)\(done.errors)")
                }
                #expect(try await !bench.engine.hasImage(image))
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")
            }
        }

        /// Saves the image that tests run in under another name, which is not on the engine afterwards.
        private static func save(_ image: String, _ bench: Bench) async throws -> String {
            let archive = bench.scratch + "/image.tar"
            try await bench.engine.docker("tag", "berth-test/e2e-base:1", image)
            try await bench.engine.docker("save", "--output", archive, image)
            try await bench.engine.docker("rmi", image)
            return archive
        }

        private static func sum(of archive: String, _ bench: Bench) async throws -> String {
            let outcome = try await Program(["sha256sum", archive], environment: [:], scratch: bench.scratch)
                .end(within: .seconds(30))
            return String(outcome.output.prefix(64))
        }

        private static func bundle(_ image: String, _ archive: String, _ sum: String) -> String {
            "imageBundle: runtime\nimages: [\"\(image)\"]\narchive: \(archive)\nsha256: \"\(sum)\""
        }
    }
}
