internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("What was made of a commit") struct CollectionTests {
        @Test("goes when nobody has used it for a while, and what is in use stays")
        func isCollected() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let image = try await ServiceRepository("payment", in: bench)
                try bench.repository.write(
                    "payment.yaml",
                    Manifests.made(image, baseline: bench.payment.port, recipe: Manifests.dockerfile))
                let dockerfile = "FROM berth-test/e2e-base:1\nENV WHO=\"payment of a\"\nCMD [\"/bin/serve\"]"
                let built = try await image.push("feature/a", files: ["Dockerfile": dockerfile])
                let first = try await source.push("feature/a", "account of a")
                let (qa, other) = (bench.name("qa"), bench.name("other"))
                try bench.write(qa, "account: {branch: feature/a}")
                try bench.write(other, "payment: {branch: feature/a}")
                let options = ["--keep-builds", "1s"]
                try await bench.serve(
                    until: try await bench.repository.push("two"), with: options, within: Bench.makingBound)
                let reference = try await bench.container(of: "payment", in: other).config.image
                #expect(reference.contains(built.prefix(12)))
                #expect(bench.pieces.count == 2)

                let second = try await source.push("feature/a", "account of a, again")
                try await bench.eventuallyMade("account of a, again", in: qa)
                try bench.repository.remove("sandboxes/\(other).yaml")
                try await bench.pushAndSettle("one goes", within: Bench.makingBound)
                try await eventually("what nobody uses is gone", within: Bench.makingBound) {
                    bench.pieces.count == 1 ? true : nil
                }
                #expect(bench.pieces[0].hasPrefix("account-\(second.prefix(12))-"), "\(first)")
                #expect(try await !bench.engine.hasImage(reference))
                let files = try FileManager.default.subpathsOfDirectory(atPath: bench.data + "/sources")
                #expect(files.filter { $0.contains(first.prefix(12)) || $0.contains(built.prefix(12)) } == [])
                #expect(try await bench.ask("account", in: qa).text == "account of a, again")
                try await bench.expectNothingToDo()
            }
        }

        @Test("is neither made anew nor restarted when the database is lost")
        func survivesTheDatabase() async throws {
            try await Bench.scenario { bench in
                let source = try await bench.makeAccount()
                let built = try await source.push("feature/a", "account of a")
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                try await bench.serve(until: commit, within: Bench.makingBound)
                let before = try await bench.engine.portrait()
                try await bench.stop()
                for file in try FileManager.default.contentsOfDirectory(atPath: bench.data)
                where file.hasPrefix("berth.sqlite") {
                    try FileManager.default.removeItem(atPath: bench.data + "/" + file)
                }
                try await bench.serve(until: commit)
                #expect(try await bench.engine.portrait() == before)
                #expect(source.builds == [built])
                try await source.push("feature/a", "account of a, again")
                try await bench.eventuallyMade("account of a, again", in: qa)
                try await bench.settle(at: commit, within: Bench.makingBound)
                try await bench.expectNothingToDo()
            }
        }

        @Test("leaves nothing behind when all of Berth's is removed: no folder, no image, no process")
        func isDestroyed() async throws {
            try await Bench.scenario { bench in
                let image = try await bench.makeAccount(by: Manifests.dockerfile)
                let dockerfile = "FROM berth-test/e2e-base:1\nCMD [\"/bin/serve\"]"
                try await image.push("feature/a", files: ["Dockerfile": dockerfile])
                try bench.write(bench.name("qa"), "account: {branch: feature/a}")
                try await bench.repository.push("account")
                #expect(try await bench.reconcile().status == 0)
                let reference = try await bench.container(of: "account", in: bench.name("qa")).config.image
                #expect(try await bench.engine.hasImage(reference))
                let gone = try await bench.berth("destroy", "--yes", "--data", bench.data)
                #expect(gone.status == 0, "\(gone.output)\(gone.errors)")
                #expect(bench.pieces == [])
                #expect(try await !bench.engine.hasImage(reference))
            }
        }
    }
}
