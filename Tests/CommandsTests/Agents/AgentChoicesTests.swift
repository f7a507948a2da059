import AgentService
import AgentTransport
import Commands
import Manifest
import Model
import TestSupport
import Testing

@Suite("What an agent is told about itself")
struct AgentChoicesTests {
    private static let file = """
        node: micro-92
        controller: berth.example
        data: /srv/berth
        engine: unix:///run/podman/podman.sock
        haproxy: /opt/haproxy
        repositories: [{name: account, path: /srv/src/account}]
        ports: {from: 20000, to: 20100}
        limits: {containers: 40, builds: 2, orders: 8}
        allowHostBuilds: false
        """

    @Test("All of its file is heeded")
    func file() throws {
        let choices = try AgentChoices(.init(), file: try configuration(Self.file), environment: [:])
        #expect(choices.controller == HostPort(host: "berth.example", port: 3452))
        #expect(choices.node == Sample.name("micro-92"))
        #expect(choices.directory.path == "/srv/berth")
        #expect(choices.engine == "/run/podman/podman.sock")
        #expect(choices.haproxy == "/opt/haproxy")
        let expected = AgentPolicy(
            repositories: [Sample.name("account"): "/srv/src/account"], ports: 20000...20100, mostContainers: 40,
            mostBuilds: 2, mostOrders: 8, allowHostBuilds: false)
        #expect(choices.policy == expected)
    }

    @Test("The command line comes before the file, and the file before the environment")
    func order() throws {
        let flags = AgentChoices.Flags(controller: "[::1]:9", data: "/a", haproxy: "/b")
        let chosen = try AgentChoices(flags, file: try configuration(Self.file), environment: ["BERTH_DATA": "/c"])
        #expect(chosen.controller == HostPort(host: "::1", port: 9))
        #expect(chosen.directory.path == "/a")
        #expect(chosen.haproxy == "/b")
        let filed = try AgentChoices(.init(), file: try configuration(Self.file), environment: ["BERTH_DATA": "/c"])
        #expect(filed.directory.path == "/srv/berth")
        let bare = AgentChoices.Flags(controller: "box")
        #expect(try AgentChoices(bare, file: nil, environment: ["BERTH_DATA": "/c"]).directory.path == "/c")
        #expect(try AgentChoices(bare, file: nil, environment: [:]).directory.path.hasSuffix("/berth-agent"))
    }

    @Test("Without a file everything is allowed")
    func bare() throws {
        let choices = try AgentChoices(.init(controller: "box"), file: nil, environment: [:])
        #expect(choices.policy == AgentPolicy())
        #expect(choices.engine == nil && choices.node == nil)
        #expect(choices.haproxy == "/usr/sbin/haproxy")
    }

    @Test(
        "A controller that cannot be dialled is a sentence with the right spelling",
        arguments: [
            (nil, "nobody says where the controller is: berth agent --controller HOST:3452, or controller: HOST"),
            (":3452", "\":3452\" names no controller to dial; write --controller HOST:3452"),
            ("box:0", "\"box:0\" names no controller to dial"),
            ("box:port", "the port is a number from 0 to 65535"),
            ("https://box", "the port is a number from 0 to 65535"),
            ("::1", "an IPv6 address stands in brackets"),
        ] as [(String?, String)])
    func controllers(text: String?, sentence: String) {
        let error = #expect(throws: (any Error).self) {
            try AgentChoices(.init(controller: text), file: nil, environment: [:])
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains(sentence), "\(String(describing: error))")
    }

    @Test("A token that is none, or another node's, is told before anybody is dialled")
    func tokens() throws {
        let remedy = "copy it whole from berth node token NODE"
        for text in ["", "berth1", "berth1.micro-92.a", "other.micro-92.a.b", "berth1.Not A Slug.a.b"] {
            let error = #expect(throws: Complaint.self) { try GivenToken(text, for: nil) }
            #expect(error?.description.contains(remedy) == true, "\(text)")
        }
        #expect(try GivenToken("berth1.micro-92.a.b", for: nil).node == Sample.name("micro-92"))
        #expect(try GivenToken("berth1.micro-92.a.b", for: Sample.name("micro-92")).node == Sample.name("micro-92"))
        let error = #expect(throws: Complaint.self) {
            try GivenToken("berth1.micro-92.a.b", for: Sample.name("micro-93"))
        }
        #expect(
            error?.description
                == "the token is for node micro-92, and the configuration of this machine says node: micro-93; make a "
                + "token with berth node token micro-93, or correct the configuration")
    }

    private func configuration(_ text: String) throws -> AgentConfiguration {
        try AgentConfiguration.read(Array(text.utf8), file: "agent.yaml")
    }
}
