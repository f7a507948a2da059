internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The example one-machine") struct OneMachineTests {
        @Test("answers from the branch by port, host and header, and everybody else from the server of before")
        func answers() async throws {
            try await Bench.scenario { bench in
                let shared = try Self.shared(in: bench.scratch)
                defer { shared.send(SIGKILL) }
                // SAFE: a server that does not listen yet answers nothing
                try await eventually("it listens") { try? await bench.get("/index.html", port: 3000) }
                try await ExampleImages(bench: bench).make("shop/web:feature-front-page", saying: "the new front page")
                try bench.lay(Example(name: "one-machine"))
                try await bench.serve(["front-page"], until: try await bench.repository.push("First berth"))

                let port = try await bench.port(of: "front-page")
                #expect(port == 8080)
                for (way, answer) in [
                    ("port", try await bench.get("/web", port: port)),
                    ("host", try await bench.get("/web", port: 8000, ["Host": "front-page.berth.localhost:8000"])),
                    ("header", try await bench.get("/web", port: 8000, ["x-sandbox": "front-page"])),
                ] {
                    #expect(answer.text == "the new front page", "by \(way)")
                    #expect(answer.route == "front-page/web@feature-front-page by \(way)")
                }
                let other = try await bench.get("/web/index.html", port: 8000)
                #expect(other.text == "the old front page")
                #expect(other.route == "-/web@baseline by default")
                #expect(try await bench.container(of: "web", in: "front-page").config.image.hasPrefix("shop/web:"))
                try await bench.expectNothingToDo()
            }
        }

        /// The web server that everybody uses, at the address of the example's baseline.
        private static func shared(in scratch: String) throws -> Program {
            let folder = scratch + "/www"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("the old front page\n".utf8).write(to: URL(filePath: folder + "/index.html"))
            return try Program(
                ["busybox", "httpd", "-f", "-p", "127.0.0.1:3000", "-h", folder], environment: [:], scratch: scratch)
        }
    }
}
