import Model
import Reconciler
import TestSupport
import Testing

@Suite("A node is its engine and its gateway together")
struct NodeHostTests {
    private struct Node {
        let engine = FakeEngine()
        let gateways: FakeGateways
        let clock = VirtualClock(jumps: true)
        let host: NodeHost

        init(sessions: [Int] = [0], environment: [String: String] = [:]) {
            gateways = FakeGateways(sessions: sessions)
            host = NodeHost(
                node: Sample.node, engine: engine, gateways: gateways, workbench: IdleWorkbench(),
                secrets: LocalSecrets(environment: environment), key: FingerprintKey(Secret([1])), clock: clock)
        }

        func perform(_ action: Action) async throws { try await host.perform(action, as: ResourceUID("u")) }
    }

    private static func drain(_ grace: Int) -> Action {
        .drain(Sample.gatewayName, address: "10.210.0.2", port: 80, graceMillis: grace)
    }

    @Test("Draining ends as soon as no session is open")
    func drained() async throws {
        let idle = Node()
        try await idle.perform(Self.drain(10_000))
        #expect(idle.clock.elapsed == .zero && idle.gateways.polls == 1)
        let busy = Node(sessions: [3, 1, 0])
        try await busy.perform(Self.drain(10_000))
        #expect(busy.clock.elapsed == .milliseconds(200) && busy.gateways.polls == 3)
    }

    @Test("Draining ends with the grace, whoever is still there", arguments: [0, 100, 1000, 10_000])
    func grace(_ millis: Int) async throws {
        let node = Node(sessions: [1])
        try await node.perform(Self.drain(millis))
        #expect(node.clock.elapsed == .milliseconds(max(millis, 100)))
    }

    private static func draft(_ secrets: [SecretReference]) -> ContainerDraft {
        let spec = Sample.spec("a:1") { spec in
            for (index, secret) in secrets.enumerated() { spec.environment["S\(index)"] = .secret(secret) }
        }
        return ContainerDraft(
            name: "sandbox-qa-account", sandbox: Sample.name("qa"), service: Sample.name("account"), spec: spec,
            digest: Digest(text: "d"), network: "n", address: "10.210.0.2", published: [:])
    }

    @Test("A container whose secret is missing is not made, and no secret is in what is said of it")
    func missingSecret() async throws {
        let node = Node(environment: ["TOKEN": "hunter2"])
        let error = await #expect(throws: HostError.self) {
            try await node.perform(
                .create(Self.draft([.environment("TOKEN"), .environment("NOTHING"), .file("/nowhere/at/all")])))
        }
        #expect(error?.failure == .refused)
        let text = try #require(error.map { "\($0)" })
        #expect(text.contains("NOTHING") || text.contains("/nowhere/at/all"))
        #expect(!text.contains("hunter2"))
        #expect(node.engine.record.verbs.isEmpty)
    }

    @Test("A container is made with the secrets it needs and no others")
    func secrets() async throws {
        let node = Node(environment: ["TOKEN": "hunter2", "OTHER": "x"])
        try await node.perform(.create(Self.draft([.environment("TOKEN")])))
        #expect(node.engine.record.secrets == [[.environment("TOKEN")]])
    }

    @Test("A look says of a secret only its fingerprint, and nil where it cannot be read")
    func fingerprints() async throws {
        let node = Node(environment: ["TOKEN": "hunter2"])
        let look = try await node.host.observe(
            Inquiry(secrets: [.environment("TOKEN"), .environment("NOTHING")]))
        let expected = Fingerprint(of: Secret("hunter2"), under: FingerprintKey(Secret([1])))
        #expect(look.secrets[.environment("TOKEN")] == .some(expected))
        #expect(look.secrets[.environment("NOTHING")] == .some(nil))
        #expect(!"\(look)".contains("hunter2"))
    }

    @Test("A gateway of another node is not asked here")
    func gateways() async throws {
        var other = Sample.gateway
        other.node = Sample.name("elsewhere")
        let mine = try await Node().host.observe(Inquiry(gateways: [Sample.gateway]))
        #expect(mine.gateways[Sample.gatewayName]?.isRunning == true)
        #expect(try await Node().host.observe(Inquiry(gateways: [other])).gateways.isEmpty)
    }

    @Test("Each action is one verb of the engine or of the gateway")
    func verbs() async throws {
        let node = Node()
        let handle = ContainerHandle.existing(ContainerID("1"), name: "c")
        let subnet = try #require(Subnet("10.210.0.0/28"))
        let key = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))
        let actions: [(Action, String)] = [
            (.createNetwork(NetworkDraft(name: "n", sandbox: Sample.name("qa"), subnet: subnet)), "create network n"),
            (.removeNetwork(id: "7", name: "n"), "remove network 7"), (.pull(Sample.image("a:1")), "pull a:1"),
            (.create(Self.draft([])), "create sandbox-qa-account"), (.start(handle), "start c"),
            (.unpause(handle), "unpause c"),
            (
                .connect(handle, network: "n", address: "10.0.0.2", alias: "account"),
                "connect c to n at 10.0.0.2 as account"
            ),
            (.updateLimits(handle, Limits(cpuMillis: 1, memoryBytes: 2, pids: 3)), "update c to 2"),
            (.rename(handle, to: "d"), "rename c to d"), (.stop(handle), "stop c"), (.remove(handle), "remove c"),
            (.configureGateway(Sample.gateway), "configure main"),
            (.admit(Sample.gatewayName, Sample.name("qa"), Admission(port: 18080)), "admit qa"),
            (.dismiss(Sample.gatewayName, Sample.name("qa")), "dismiss qa"),
            (.setRoute(Sample.gatewayName, key, .starting), "set qa:account"),
            (.removeRoute(Sample.gatewayName, key), "remove qa:account"),
            (.setRules(Sample.gatewayName, .everybody, []), "rules everybody"),
            (.setNames(SandboxNames(sandbox: Sample.name("qa"), address: "10.0.0.1", services: [])), "names of qa"),
            (.removeNames(Sample.name("qa")), "remove names of qa"),
        ]
        for (action, verb) in actions {
            let before = node.engine.record.verbs + node.gateways.verbs
            try await node.perform(action)
            let after = node.engine.record.verbs + node.gateways.verbs
            #expect(after.count == before.count + 1 && after.contains(verb), "\(action)")
        }
    }
}
