internal import ConfigMap
internal import Foundation
internal import Model
internal import Reconciler
internal import Testing

@Suite("Against Debian's Apache and PHP", .serialized)
struct ApacheTests {
    @Test("Twenty flips by graceful restarts: the new address is served after each, and no request fails")
    func flips() async throws {
        try await Bench.run(reload: .apacheGraceful(pidFile: "PID")) { laid in
            var bench = laid
            try bench.ship(Bench.shipped)
            let pidFile = "\(bench.scratch.path)/apache.pid"
            bench.gateway.driver = .configFileMap(
                ConfigFileMap(
                    folder: "\(bench.scratch.path)/branches/{sandbox}", reload: .apacheGraceful(pidFile: pidFile)))
            try await Apache.run(in: bench.scratch, showing: bench.path()) { apache in
                #expect(apache.pidFile == pidFile)
                try await bench.lay()
                #expect(apache.ask()?["account_url"] == "https://account-dev.company.com")
                let clients = Clients(3, of: apache, reading: "account_url")
                defer { _ = clients.stop() }
                for number in 1...20 {
                    try await bench.route("account", to: to("10.0.0.\(number)"))
                    let isServed = try await eventually {
                        apache.ask()?["account_url"] == "http://10.0.0.\(number):8080"
                    }
                    try #require(isServed, "flip \(number)")
                }
                try await bench.unroute("account")
                #expect(try await eventually { apache.ask()?["account_url"] == "https://account-dev.company.com" })
                let (asked, failed, seen) = clients.stop()
                #expect(failed == 0, "of \(asked)")
                #expect(asked > 40)
                #expect(seen.count > 10)
                #expect(bench.text == Bench.shipped)
            }
        }
    }

    @Test("A branch that is switched under it is told, set again, and given back")
    func branches() async throws {
        try await Bench.run { laid in
            var bench = laid
            let folder = "\(bench.scratch.path)/branches/qa"
            let other = Bench.shipped.replacing("https://account-dev", with: "https://account-next")
            try bench.ship(Bench.shipped)
            try Command.git("init", "-q", "-b", "main", in: folder)
            try Command.git("add", "application", in: folder)
            try Command.git("commit", "-q", "-m", "one", in: folder)
            try Command.git("checkout", "-q", "-b", "next", in: folder)
            try bench.ship(other)
            try Command.git("commit", "-q", "-a", "-m", "two", in: folder)
            try Command.git("checkout", "-q", "main", in: folder)
            bench.gateway.driver = .configFileMap(
                ConfigFileMap(
                    folder: "\(bench.scratch.path)/branches/{sandbox}",
                    reload: .apacheGraceful(pidFile: "\(bench.scratch.path)/apache.pid")))
            try await Apache.run(in: bench.scratch, showing: bench.path()) { apache in
                try await bench.lay()
                try await bench.route("account", to: to("10.0.0.2"))
                #expect(try await eventually { apache.ask()?["account_url"] == "http://10.0.0.2:8080" })
                try Command.git("reset", "-q", "--hard", in: folder)
                try Command.git("checkout", "-q", "next", in: folder)
                #expect(try await bench.routes() == [:])
                try await bench.route("account", to: to("10.0.0.2"))
                #expect(try await eventually { apache.ask()?["account_url"] == "http://10.0.0.2:8080" })
                try await bench.driver.dismantle(bench.gateway.name)
                #expect(try await eventually { apache.ask()?["account_url"] == "https://account-next.company.com" })
                #expect(bench.text == other)
                #expect(try Command.git("status", "--porcelain", in: folder) == "", "nothing of ours is left")
            }
        }
    }
}
