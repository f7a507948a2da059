internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A gateway that is not ours to run") struct DriverTests {
        /// What the branch ships; the lines end as on Windows, and somebody left a comment.
        private static let shipped =
            "<?php\r\n// payment_url => 'http://old'\r\nreturn [\r\n"
            + "  'account_url' => 'https://account-dev.company.com', # shipped\r\n"
            + "  \"payment_url\" => \"https://payment-dev.company.com\",\r\n  'theme' => ['account_url' => 'blue'],\r\n];\r\n"
        private static let index = """
            <?php
            header('Content-Type: application/json');
            echo json_encode(require __DIR__ . '/config.php', JSON_UNESCAPED_SLASHES);
            """

        @Test("finds each route in its own PHP file, the rest of it untouched, and gets back what its branch shipped")
        func patchesPHP() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let folder = bench.scratch + "/erangel"
                let file = folder + "/config.php"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data(Self.shipped.utf8).write(to: URL(filePath: file))
                try Data(Self.index.utf8).write(to: URL(filePath: folder + "/index.php"))
                let git = Git(scratch: bench.scratch)
                try await git("init", "--quiet", "--initial-branch", "develop", folder)
                try await git("add", "--all", in: folder)
                try await git("commit", "--quiet", "--message", "As shipped", in: folder)
                try await git("switch", "--quiet", "--create", "release", in: folder)
                let release = Self.shipped.replacing("account-dev", with: "account-live")
                try Data(release.utf8).write(to: URL(filePath: file))
                try await git("commit", "--quiet", "--all", "--message", "Another address", in: folder)
                try await git("switch", "--quiet", "develop", in: folder)
                let port = try Places.ports(1).lowerBound
                let php = try Program(
                    ["php", "-n", "-S", "127.0.0.1:\(port)", "-t", folder, folder + "/index.php"],
                    environment: ["PATH": "/usr/bin:/bin"], scratch: bench.scratch)
                defer { php.send(SIGTERM) }
                // SAFE: a server that does not listen yet answers nothing
                try await eventually("PHP serves") { try? await bench.get("/", port: port) }

                try bench.repository.write(
                    "erangel.yaml",
                    "gateway: erangel\ndriver: configFileMap\nconfigFileMap: {folder: \(folder), file: config.php}")
                func write(_ services: String) throws {
                    try bench.repository.write(
                        "sandboxes/\(qa).yaml", "sandbox: \(qa)\ngateway: {ref: erangel}\nservices:\n  \(services)")
                }
                try write("account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let address = try await bench.phpURL("account", port: port)
                #expect(address.hasPrefix("http://10.211."), "\(address)")
                let target = try #require(address.split(separator: "//").last)
                let asked = try await bench.inAccount(of: qa, "wget -q -O - http://\(target)/")
                #expect(asked == "account feature-a", "what PHP is told is where it is")
                let patched = try String(contentsOfFile: file, encoding: .utf8)
                #expect(
                    patched == Self.shipped.replacing("https://account-dev.company.com", with: address),
                    "nothing else changed")
                try await bench.expectNothingToDo()

                try Data(patched.replacing(address, with: "http://by.hand").utf8).write(to: URL(filePath: file))
                try await eventually("it is mended") {
                    let mended = try await bench.phpURL("account", port: port)
                    return mended.hasPrefix("http://10.211.")
                }
                try write("account: {use: baseline}")
                try await bench.pushAndSettle("back to what the branch ships")
                #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.shipped, "byte for byte")
                try write("account: {branch: feature/b}")
                try await bench.pushAndSettle("account again")
                #expect(try await bench.phpURL("account", port: port).hasPrefix("http://10.211."))
                try await git("switch", "--quiet", "--force", "release", in: folder)
                try await eventually("the route is in the other branch too") {
                    try await bench.phpURL("account", port: port).hasPrefix("http://10.211.")
                }
                try bench.repository.remove("sandboxes/\(qa).yaml")
                try await bench.pushAndSettle("it goes")
                try await eventually("the branch has its own again") {
                    try String(contentsOfFile: file, encoding: .utf8) == release
                }
            }
        }

        @Test("reads labels: containers carry them, and other words in the manifest replace them, the new one first")
        func labelsContainers() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                func write(_ domain: String) throws {
                    try bench.repository.write(
                        "traefik.yaml", "gateway: traefik\ndriver: traefikLabels\nbaseDomain: \(domain)")
                }
                try write("dev.example.com")
                try bench.repository.write(
                    "sandboxes/\(qa).yaml",
                    "sandbox: \(qa)\ngateway: {ref: traefik}\nservices: {account: {branch: feature/a}}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let old = try await bench.container(of: "account", in: qa)
                let router = "account-\(qa)"
                let labels = try #require(old.config.labels)
                #expect(labels["traefik.enable"] == "true")
                #expect(labels["traefik.http.routers.\(router).rule"] == "Host(`\(router).dev.example.com`)")
                #expect(labels["traefik.http.services.\(router).loadbalancer.server.port"] == "8080")
                try await bench.expectNothingToDo()

                let start = Date()
                try write("qa.example.com")
                try await bench.pushAndSettle("another domain")
                let new = try await bench.container(of: "account", in: qa)
                #expect(new.id != old.id)
                #expect(
                    new.config.labels?["traefik.http.routers.\(router).rule"] == "Host(`\(router).qa.example.com`)")
                let events = try await bench.engine.events("berth.sandbox=\(qa)", since: start)
                let started = try #require(events.firstIndex(of: "start feature-a"), "\(events)")
                let ended = try #require(events.firstIndex(of: "die feature-a"), "\(events)")
                #expect(started < ended, "\(events)")
                try await bench.expectNothingToDo()
            }
        }
    }
}

extension Bench {
    /// Where PHP finds a service.
    fileprivate func phpURL(_ service: String, port: UInt16) async throws -> String {
        struct Config: Decodable {
            let account_url: String
            let payment_url: String
        }
        let config = try JSONDecoder().decode(Config.self, from: Data(try await get("/", port: port).body.utf8))
        return service == "account" ? config.account_url : config.payment_url
    }
}
