import Manifest
import Model
import TestSupport
import Testing

/// The file of an agent's own machine.
@Suite struct AgentConfigurationTests {
    private static let whole = """
        # yaml-language-server: $schema=../../schemas/agent.json
        node: Micro-92
        controller: berth.company.com:3453
        data: /var/lib/berth
        engine: unix:///run/podman/podman.sock
        haproxy: /usr/sbin/haproxy
        repositories:
        - {name: account, path: /srv/AppGolang/account}
        - {name: Payment, path: /srv/AppGolang/payment}
        ports: {from: 9001, to: 9499}
        limits: {containers: 100, builds: 2, orders: 16}
        allowHostBuilds: false

        """

    private func read(_ text: String) throws(UnusableConfiguration) -> AgentConfiguration {
        try AgentConfiguration.read(Array(text.utf8), file: "agent.yaml")
    }

    @Test func everyKeyIsRead() throws {
        let configuration = try read(Self.whole)
        #expect(configuration.node?.text == "micro-92")
        #expect(configuration.controller?.description == "berth.company.com:3453")
        #expect(configuration.data == "/var/lib/berth")
        #expect(configuration.engine == "/run/podman/podman.sock")
        #expect(configuration.haproxy == "/usr/sbin/haproxy")
        #expect(
            configuration.repositories?.map { "\($0.name) \($0.path)" } == [
                "account /srv/AppGolang/account", "payment /srv/AppGolang/payment",
            ])
        #expect(configuration.ports == 9001...9499)
        #expect(configuration.limits.containers == 100)
        #expect(configuration.limits.builds == 2)
        #expect(configuration.limits.orders == 16)
        #expect(!configuration.allowsHostBuilds)
    }

    @Test(arguments: ["", "# nothing yet\n", "{}\n", "---\n"]) func anEmptyFileSaysNothing(text: String) throws {
        let configuration = try read(text)
        #expect(configuration.controller == nil && configuration.node == nil && configuration.ports == nil)
        #expect(configuration.repositories == nil && configuration.allowsHostBuilds)
    }

    @Test func aListOfNoRepositoriesAllowsNone() throws {
        #expect(try read("repositories: []\n").repositories == [])
    }

    @Test(arguments: [("berth", "berth:3452"), ("10.0.0.1:80", "10.0.0.1:80")])
    func thePortOfTheControllerMayBeLeftOut(text: String, address: String) throws {
        #expect(try read("controller: \(text)\n").controller?.description == address)
    }

    static let problems: [(name: String, text: String)] = [
        ("misspelt keys", "controler: a\nrepositorys: []\nallowHostBuild: true\n"),
        ("a token", "join: berth1.a.b.c\n"),
        ("a list", "- a\n"),
        ("no YAML", "node: [\n"),
        ("tab", "limits:\n\tbuilds: 1\n"),
        ("a key twice", "node: a\nnode: b\n"),
        ("two documents", "node: a\n---\nnode: b\n"),
        ("wrong types", "node: [a]\nports: 9001\nallowHostBuilds: yes\nlimits: {containers: many}\n"),
        ("controller", "controller: https://berth:3452\n"),
        ("port of the controller", "controller: berth:0\n"),
        ("engine", "engine: tcp://127.0.0.1:2375\n"),
        ("engine out of its folder", "engine: unix:///run/../etc/x\n"),
        ("paths", "data: berth\nhaproxy: /usr/../haproxy\n"),
        ("repositories", "repositories: [{name: a}, {path: b}, {name: \"--\", path: /c}, d]\n"),
        ("a repository twice", "repositories: [{name: A, path: /a}, {name: b, path: /b}, {name: a, path: /c}]\n"),
        ("ports", "ports: {from: 2, to: 1}\n"),
        ("half a range", "ports: {from: 2}\n"),
        ("limits", "limits: {containers: 0, builds: 65, orders: 257}\n"),
    ]

    @Test func allProblemsAtOnceWithPlaceAndRemedy() throws {
        var text = ""
        for each in Self.problems {
            do throws(UnusableConfiguration) {
                _ = try read(each.text)
                Issue.record("\(each.name) has no problem")
            } catch {
                text += "# \(each.name)\n" + error.problems.map { "\($0) [\($0.code)]\n" }.joined() + "\n"
                #expect(error.description.split(separator: "\n").count == error.problems.count)
            }
        }
        try expectGolden(text, "messages-agent")
    }

    @Test(arguments: 0..<20) func survivesMutation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = ["\t", "\n", "- ", ": ", "&a ", "*a", "{", "}", "[", "]", "\"", "---\n", "é", "null", "0", "? "]
        for _ in 0..<50 {
            var bytes = Array(Self.whole.utf8)
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[at] = UInt8.random(in: 0...255, using: &random)
                } else {
                    bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: at)
                }
            }
            do throws(UnusableConfiguration) {
                _ = try AgentConfiguration.read(bytes, file: "agent.yaml")
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(error.problems.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 })
            }
        }
    }
}
