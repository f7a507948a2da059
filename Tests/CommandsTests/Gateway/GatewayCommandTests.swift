import ArgumentParser
import Commands
import Model
import Reconciler
import TestSupport
import Testing

@Suite("The words of berth routes and berth explain")
struct GatewayCommandTests {
    private static func help(_ command: String) -> String {
        do {
            var asked = try Berth.parseAsRoot((command.isEmpty ? [] : [command]) + ["--help"])
            try asked.run()
            return ""
        } catch {
            return Berth.fullMessage(for: error)
        }
    }

    @Test("Both are listed, and say what they answer and how a request is written")
    func help() {
        let all = Self.help("")
        #expect(all.contains("routes") && all.contains("explain"))
        let routes = Self.help("routes")
        #expect(routes.contains("Where the requests of a sandbox go now"))
        #expect(routes.contains("--repo") && routes.contains("--data") && routes.contains("--output"))
        let explain = Self.help("explain")
        #expect(explain.contains("berth explain 'curl …'"))
        #expect(explain.contains("berth explain [METHOD] URL"))
        #expect(explain.contains("it is never run"))
        for option in ["-H,", "-b,", "--port", "--from", "--gateway", "--revision", "--offline"] {
            #expect(explain.contains(option), "\(option)")
        }
    }

    @Test(
        "These are taken as they are written",
        arguments: [
            ["explain", "curl -X POST https://x.test -H 'a: b'"],
            ["explain", "https://x.test/", "-H", "a: b", "-b", "c=d"],
            ["explain", "POST", "https://x.test", "--port", "18000", "--from", "10.0.0.2", "--offline"],
            ["explain", "https://x.test", "--revision", "main", "--gateway", "edge", "-o", "json"],
            ["routes"], ["routes", "qa", "-o", "json"], ["routes", "QA-LOGIN-ERROR", "--repo", "/srv/manifests"],
        ])
    func parses(words: [String]) throws {
        #expect(throws: Never.self) { try Berth.parseAsRoot(words) }
    }

    @Test(
        "A port that is none, and an option of neither curl nor ours, are refused", arguments: ["--port 70000", "-Q"])
    func refuses(option: String) {
        let words = ["explain", "https://x.test"] + option.split(separator: " ").map(String.init)
        #expect(throws: (any Error).self) { try Berth.parseAsRoot(words) }
    }

    @Test("Of each route the newest flip counts, and requests outside every sandbox have their own")
    func flips() {
        func event(_ time: Int64, _ kind: String, _ sandbox: String?, _ message: String) -> EventRecord {
            EventRecord(
                at: Timestamp(milliseconds: time), sandbox: sandbox.map { Sample.name($0) },
                service: Sample.name("account"), kind: kind, message: message, cause: "")
        }
        let flips = RoutesPicture.Flip.newest(among: [
            event(1, "route.flipped", "qa", "first"), event(2, "route.flipped", "qa", "second"),
            event(3, "step.completed", "qa", "third"), event(4, "route.flipped", nil, "shared"),
        ])
        #expect(
            flips == [
                RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account")): RoutesPicture.Flip(
                    at: Timestamp(milliseconds: 2), message: "second"),
                RouteKey(sandbox: nil, service: Sample.name("account")): RoutesPicture.Flip(
                    at: Timestamp(milliseconds: 4), message: "shared"),
            ])
    }
}
