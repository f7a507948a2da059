import Model
import Reconciler
import TestSupport
import Testing

@Suite("The proof that a container serves")
struct HealthProofTests {
    static let handle = ContainerHandle.planned(name: "sandbox-qa-account")

    /// A node on a fake engine, in virtual time.
    private struct Node {
        let engine: FakeEngine
        let clock = VirtualClock(jumps: true)

        init(_ change: (inout FakeEngine.Script) -> Void) {
            var script = FakeEngine.Script()
            change(&script)
            engine = FakeEngine(script)
        }

        func prove(_ check: HealthCheck?) async -> HostError? {
            let host = NodeHost(
                node: Sample.node, engine: engine, gateways: FakeGateways(), workbench: IdleWorkbench(),
                secrets: NoSecrets(), key: FingerprintKey(Secret([1])), clock: clock)
            do throws(HostError) {
                try await host.perform(
                    .awaitHealthy(HealthProofTests.handle, address: "10.210.0.2", check: check), as: ResourceUID("u"))
                return nil
            } catch {
                return error
            }
        }

        var probes: Int { engine.record.probed.count }
    }

    private static func check(_ change: (inout HealthCheck) -> Void = { _ in }) -> HealthCheck {
        var check = HealthCheck(probe: .tcp(port: 80))
        change(&check)
        return check
    }

    @Test("One that answers at once is healthy at once")
    func atOnce() async {
        let node = Node { _ in }
        #expect(await node.prove(Self.check()) == nil)
        #expect(node.engine.record.probed == ["10.210.0.2"])
        #expect(node.clock.elapsed == .zero)
    }

    @Test("It must answer as often in a row as the check says", arguments: [1, 2, 3])
    func healthyAfter(_ count: Int) async {
        let node = Node { $0.verdicts = [nil, "refused"] + Array(repeating: nil, count: 9) }
        #expect(await node.prove(Self.check { $0.healthyAfter = count }) == nil)
        // The one answer before the refusal does not count.
        #expect(node.probes == (count == 1 ? 1 : 2 + count))
    }

    @Test("What fails in the start period does not count; after it the failures in a row do")
    func startPeriod() async throws {
        let node = Node { $0.verdicts = ["connection refused"] }
        let error = try #require(
            await node.prove(Self.check { ($0.startPeriodMillis, $0.unhealthyAfter) = (10_000, 3) }))
        #expect(error.failure == .unhealthy)
        #expect(error.message.contains("connection refused, 3 times in a row"))
        // Two intervals after the third of the failures that count began.
        #expect(node.clock.elapsed >= .seconds(12) && node.clock.elapsed < .seconds(13))
    }

    @Test("One that serves late, yet within its start period, is healthy")
    func late() async {
        let node = Node { $0.verdicts = Array(repeating: "refused", count: 12) + [nil] }
        #expect(await node.prove(Self.check { $0.startPeriodMillis = 20_000 }) == nil)
        #expect(node.probes == 13)
    }

    @Test("An answer in between begins the count of failures anew")
    func failuresInARow() async {
        let node = Node { $0.verdicts = ["a", "b", nil, "c", "d", nil, nil] }
        let check = Self.check { ($0.startPeriodMillis, $0.unhealthyAfter, $0.healthyAfter) = (0, 3, 2) }
        #expect(await node.prove(check) == nil)
        #expect(node.probes == 7)
    }

    @Test("The wait between two probes begins short and grows to the interval")
    func waits() async {
        let node = Node { $0.verdicts = Array(repeating: "refused", count: 7) + [nil] }
        #expect(await node.prove(Self.check { $0.intervalMillis = 1000 }) == nil)
        let waits = [50, 100, 200, 400, 800, 1000, 1000]
        #expect(node.clock.elapsed == .milliseconds(waits.reduce(0, +)))
    }

    @Test("An interval shorter than the first wait is kept from the start")
    func shortInterval() async {
        let node = Node { $0.verdicts = ["refused", "refused", nil] }
        #expect(await node.prove(Self.check { $0.intervalMillis = 10 }) == nil)
        #expect(node.clock.elapsed == .milliseconds(20))
    }

    @Test("One that ended fails at once, with its status and its last words")
    func exited() async throws {
        let node = Node {
            $0.conditions = [.running, .exited(3, saying: "no database")]
            $0.verdicts = ["refused"]
        }
        let error = try #require(await node.prove(Self.check()))
        #expect(error.failure == .unhealthy)
        #expect(error.message == "it is exited with status 3; it last wrote: no database")
        #expect(error.operation == "await health of sandbox-qa-account")
        #expect(node.clock.elapsed < .seconds(1) && node.probes == 0)
    }

    @Test("One that ends again and again fails before its start period is over, with its last words")
    func crashLoop() async throws {
        let node = Node {
            $0.conditions = (0..<4).map { .restarting($0, saying: "boom \($0)") }
            $0.verdicts = ["refused"]
        }
        let error = try #require(await node.prove(Self.check { $0.startPeriodMillis = 60_000 }))
        #expect(error.failure == .unhealthy)
        #expect(error.message.hasSuffix("it last wrote: boom 3"))
        #expect(node.clock.elapsed < .seconds(1))
    }

    @Test("Restarts of an earlier life do not count")
    func oldRestarts() async {
        let old = ContainerCondition(state: .running, health: .none, exitCode: nil, restarts: 7, lastOutput: "")
        let node = Node {
            $0.conditions = [old]
            $0.verdicts = ["refused", nil]
        }
        #expect(await node.prove(Self.check()) == nil)
        #expect(await node.prove(nil) == nil)
    }

    @Test("Without a check it must stay up for the settle time")
    func settles() async {
        let node = Node { _ in }
        #expect(await node.prove(nil) == nil)
        #expect(node.clock.elapsed == .milliseconds(500))
        #expect(node.probes == 0)
    }

    @Test(
        "Without a check it must not end, nor begin anew",
        arguments: [
            ContainerCondition.exited(1, saying: "bye"), .restarting(1, saying: "bye"),
            ContainerCondition(state: .running, health: .none, exitCode: nil, restarts: 1, lastOutput: "bye"),
        ])
    func doesNotSettle(_ after: ContainerCondition) async throws {
        let node = Node { $0.conditions = [.running, after] }
        let error = try #require(await node.prove(nil))
        #expect(error.failure == .unhealthy)
        #expect(error.message.hasSuffix("it last wrote: bye"))
    }

    @Test("A command check is the engine's verdict, and nothing is probed")
    func command() async throws {
        let check = Self.check {
            $0.probe = .command(["true"])
            ($0.startPeriodMillis, $0.unhealthyAfter) = (0, 3)
        }
        let good = Node { $0.conditions = [.running, .running(health: .starting), .running(health: .healthy)] }
        #expect(await good.prove(check) == nil)
        #expect(good.probes == 0)
        let bad = Node { $0.conditions = [.running(health: .unhealthy)] }
        let error = try #require(await bad.prove(check))
        #expect(error.message.contains("its health command says unhealthy"))
    }

    @Test("A look asks every running one of ours once, and says of no other how it is")
    func judged() async throws {
        func container(_ id: String, _ service: String, _ state: ObservedContainer.State, ours: Bool = true)
            -> ObservedContainer
        {
            let mark = Ownership.Mark(
                sandbox: Sample.name("qa"), service: Sample.name(service), uid: ResourceUID(id), digest: nil)
            return ObservedContainer(
                id: ContainerID(id), name: id, ownership: ours ? .ours(mark) : .foreign, state: state,
                attachments: ["n": .init(address: "10.0.0.\(id)", aliases: [])])
        }
        var script = FakeEngine.Script()
        script.survey.containers = [
            container("1", "a", .running), container("2", "b", .running), container("3", "c", .exited),
            container("4", "a", .running, ours: false), container("5", "unchecked", .running),
            container("6", "command", .running), container("7", "d", .paused),
        ]
        script.survey.containers += (10..<60).map { container("\($0)", "a", .running) }
        script.deaf = ["10.0.0.2", "10.0.0.41"]
        let engine = FakeEngine(script)
        let host = NodeHost(
            node: Sample.node, engine: engine, gateways: FakeGateways(), workbench: IdleWorkbench(),
            secrets: NoSecrets(), key: FingerprintKey(Secret([1])), clock: VirtualClock(jumps: true))
        var checks: [RouteKey: HealthCheck] = [:]
        for service in ["a", "b", "c", "d"] {
            checks[RouteKey(sandbox: Sample.name("qa"), service: Sample.name(service))] = Self.check()
        }
        checks[RouteKey(sandbox: Sample.name("qa"), service: Sample.name("command"))] = Self.check {
            $0.probe = .command([])
        }
        let look = try await host.observe(Inquiry(checks: checks))
        let health = Dictionary(uniqueKeysWithValues: look.containers.map { ($0.id.text, $0.health) })
        #expect(health["1"] == .healthy && health["2"] == .unhealthy && health["41"] == .unhealthy)
        for id in ["3", "4", "5", "6", "7"] { #expect(health[id] == ObservedContainer.Health.none, "\(id)") }
        #expect((10..<60).count { health["\($0)"] == .healthy } == 49)
        #expect(engine.record.probed.count == 52)
    }
}

struct NoSecrets: SecretSource {
    func value(of reference: SecretReference) -> Secret<String>? { nil }
}
