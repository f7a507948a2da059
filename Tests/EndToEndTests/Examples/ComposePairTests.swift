internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The example compose-pair") struct ComposePairTests {
        private static let password = "corn-flower-blue"

        @Test("brings web and database together by name and by secret, each sandbox with a database of its own")
        func meets() async throws {
            try await Self.scenario { bench, _ in
                try bench.repository.write(
                    "returns.yaml",
                    "sandbox: returns\nservices: {web: {branch: feature/returns}, db: {use: sandbox, port: auto}}")
                let commit = try await bench.repository.push("Two pairs")
                try await bench.serve(["checkout", "returns"], until: commit)
                var ports: Set<UInt16> = []
                for sandbox in ["checkout", "returns"] {
                    let database = try await bench.container(of: "db", in: sandbox)
                    let open = "shop on \(database.id.prefix(12)) is open for shop"
                    let port = try await bench.port(of: sandbox)
                    #expect(try await bench.get("/web", port: port).text == "web of \(sandbox): \(open)")
                    let own = try await bench.published(5432, of: database)
                    ports.insert(own)
                    #expect((9001...9099).contains(own))
                    #expect(try await bench.say("shop \(Self.password)", to: own) == open)
                    #expect(try await bench.say("shop guess", to: own) == "shop is not let in")
                    let web = try await bench.container(of: "web", in: sandbox)
                    #expect(try await bench.engine.docker("port", web.id) == "", "only what asks for it is published")
                }
                #expect(ports.count == 2, "no port is given twice")
                try await bench.expectNothingToDo()
            }
        }

        @Test("keeps the database's port across a restart of the daemon and the loss of the container")
        func keepsItsPort() async throws {
            try await Self.scenario { bench, _ in
                let commit = try await bench.repository.push("First berth")
                try await bench.serve(["checkout"], until: commit)
                let before = try await bench.container(of: "db", in: "checkout")
                let port = try await bench.published(5432, of: before)

                try await bench.stop()
                #expect(
                    try await bench.say("shop \(Self.password)", to: port).hasSuffix("is open for shop"), "meanwhile")
                try await bench.serve(["checkout"], until: commit)
                let same = try await bench.container(of: "db", in: "checkout")
                #expect(same.id == before.id)
                #expect(same.state.startedAt == before.state.startedAt)

                try await bench.stop()
                try await bench.engine.docker("rm", "--force", before.id)
                try bench.serve()
                try await eventually("it is back") {
                    let now = try await bench.containers(of: "checkout").filter { $0.service == "db" }
                    return now.count == 1 && now[0].id != before.id && now[0].isRunning
                }
                try await bench.settle(["checkout"], at: commit)
                let after = try await bench.container(of: "db", in: "checkout")
                #expect(try await bench.published(5432, of: after) == port)
                let web = try await bench.get("/web", port: try await bench.port(of: "checkout"))
                #expect(web.text == "web of checkout: shop on \(after.id.prefix(12)) is open for shop")
            }
        }

        @Test("keeps the secret out of plans, status, events and all that lies on disk")
        func keepsItsSecret() async throws {
            try await Self.scenario { bench, secret in
                try await bench.repository.push("First berth")
                let plans = [try await bench.dryRun(), try await bench.dryRun("-o", "json")]
                #expect(plans.map(\.status) == [2, 2])
                #expect(try await bench.reconcile().status == 0)

                let second = "prussian-blue"
                try Data((second + "\n").utf8).write(to: URL(filePath: secret))
                let changed = try await bench.dryRun()
                #expect(changed.status == 2, "\(changed.output)\(changed.errors)")
                #expect(changed.output.contains("env.DATABASE_PASSWORD"), "\(changed.output)")
                let told = [
                    changed, try await bench.dryRun("-o", "json"),
                    try await bench.berth("status", "--data", bench.data),
                    try await bench.berth("events", "--data", bench.data),
                    try await bench.berth("history", "--data", bench.data),
                ]
                for words in [Self.password, second] {
                    for outcome in plans + told {
                        #expect(!(outcome.output + outcome.errors).contains(words), "\(outcome.output)")
                    }
                    #expect(try Self.files(below: bench.data, with: words) == [])
                }
            }
        }

        /// The example with its images, and its secret in a file that is this test's.
        private static func scenario(_ body: (Bench, _ secret: String) async throws -> Void) async throws {
            try await Bench.scenario { bench in
                let images = ExampleImages(bench: bench)
                for sandbox in ["checkout", "returns"] {
                    try await images.makeWeb("shop/web:feature-\(sandbox)", saying: "web of \(sandbox)")
                }
                try await images.makeDatabase("postgres:16-alpine")
                let secret = bench.scratch + "/shop-database"
                try Data((password + "\n").utf8).write(to: URL(filePath: secret))
                chmod(secret, 0o600)
                try bench.lay(
                    Example(name: "compose-pair"), swapping: [("/etc/berth/secrets/shop-database", secret)])
                try await body(bench, secret)
            }
        }

        /// The files below a folder that hold the words.
        private static func files(below folder: String, with words: String) throws -> [String] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
            #expect(paths.contains { $0.hasSuffix(".sqlite") })
            return paths.filter { path in
                let file = URL(filePath: folder + "/" + path)
                // SAFE: sockets and folders hold no text
                return (try? Data(contentsOf: file))?.firstRange(of: Data(words.utf8)) != nil
            }
        }
    }
}
