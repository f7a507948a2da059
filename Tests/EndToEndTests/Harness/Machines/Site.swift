internal import Foundation
internal import Testing

/// An installation on the machines: a controller on `control`, which has no engine, and an agent on each of the others,
/// the gateway on one, services on two. At the end of a scenario all of it is stopped and removed.
final class Site {
    static let agentsPort: UInt16 = 3452
    static let webPort: UInt16 = 8000
    static let ownPorts: ClosedRange<UInt16> = 8080...8089

    let machines: Machines
    let scratch: String
    let binary: String
    let repository: ManifestRepository
    let gateway: AgentProgram
    let micro: AgentProgram
    let spare: AgentProgram
    let account: Baseline
    private(set) var daemon: Program?
    private var traffic: [Traffic] = []

    var control: Machine { machines.control }
    var agents: [AgentProgram] { [gateway, micro, spare] }
    var data: String { scratch + "/controller" }

    /// Everybody has joined, and the repository of no sandbox is settled, when `body` begins. `options` are further
    /// words of `berth serve`; `skews` say whose clocks are wrong, and how many seconds.
    static func scenario(
        with options: [String] = [], skews: [String: Int] = [:], _ body: (Site) async throws -> Void
    ) async throws {
        try await Machines.run { machines in
            let site = try await Site(machines)
            var failure: Trouble?
            do {
                try await site.open(with: options, skews)
                try await body(site)
            } catch {
                failure = Trouble("\(error)\n\(await site.report())")
            }
            do { try await site.clearUp() } catch { Issue.record("clearing up: \(error)") }
            if let failure { throw failure }
        }
    }

    private init(_ machines: Machines) async throws {
        self.machines = machines
        let binary = try Bench.program()
        let scratch = "/tmp/berth-site-\(UUID().uuidString.prefix(4).lowercased())"
        self.binary = binary
        self.scratch = scratch
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        repository = try await ManifestRepository(in: scratch)
        account = try Baseline("account baseline", isFar: true)
        let seat = AgentProgram.Seat(controller: machines.control, binary: binary, scratch: scratch)
        gateway = AgentProgram("gateway-186", on: machines.one, seat)
        micro = AgentProgram("micro-92", on: machines.two, seat)
        spare = AgentProgram("micro-93", on: machines.three, seat)
        try await Images(engine: try Engine.ofTheTests(), scratch: scratch).prepare(on: machines.nodes.map(\.engine))
        try writePlaces()
        try repository.write("account.yaml", Manifests.service("account", baseline: account.port, at: Self.here))
    }

    /// Another agent, which has not joined.
    func agent(_ name: String, _ machine: Machine) -> AgentProgram {
        AgentProgram(name, on: machine, .init(controller: control, binary: binary, scratch: scratch))
    }

    /// Where these tests themselves are, for the machines.
    static let here = "172.31.0.1"

    func writePlaces(_ more: [String: String] = [:]) throws {
        let nodes = agents.map { agent in
            let role = agent === gateway ? "GATEWAY" : "MICRO"
            return "node: \(agent.node)\ntype: \(role)\naddress: \(agent.machine.address)\n\(more[agent.node] ?? "")"
        }
        let edge = """
            gateway: edge
            node: \(gateway.node)
            listeners:
            - {name: own, from: \(Self.ownPorts.lowerBound), to: \(Self.ownPorts.upperBound), selects: sandbox}
            - {name: web, port: \(Self.webPort), baseDomain: berth.localhost}
            """
        try repository.write("places.yaml", (nodes + [edge]).joined(separator: "\n---\n"))
    }

    /// Writes a sandbox of the service `account`; without a node one is chosen for it.
    func write(_ sandbox: String, _ branch: String, on node: String? = nil) throws {
        let place = node.map { "placement: {node: \($0)}\n" } ?? ""
        try repository.write(
            "sandboxes/\(sandbox).yaml", "sandbox: \(sandbox)\n\(place)services: {account: {branch: \(branch)}}")
    }

    // MARK: Berth

    static func variables(_ host: String, _ home: String, _ more: [String: String] = [:]) -> [String: String] {
        ["DOCKER_HOST": host, "HOME": home, "NO_COLOR": "1"].merging(more) { _, new in new }
    }

    func start(_ words: [String]) throws -> Program {
        try control.start([binary] + words, environment: Self.variables(control.host, scratch), scratch: scratch)
    }

    func berth(_ words: String..., within bound: Duration = .seconds(60)) async throws -> Outcome {
        try await start(words + ["--data", data]).end(within: bound)
    }

    /// A command that must succeed; its output.
    @discardableResult
    func must(_ words: String..., within bound: Duration = .seconds(60)) async throws -> String {
        let outcome = try await start(words + ["--data", data]).end(within: bound)
        guard outcome.status == 0 else {
            throw Trouble("\(words) ended with \(outcome.status): \(outcome.output)\(outcome.errors)")
        }
        return outcome.output
    }

    func token(of agent: AgentProgram) async throws -> String {
        try await must("node", "token", agent.node).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func serve(with options: [String] = []) throws {
        precondition(daemon == nil, "it serves already")
        daemon = try start(
            [
                "serve", "--agents", "\(control.address):\(Self.agentsPort)", "--no-local", "--interval", "2s",
                "--repo", repository.path, "--data", data,
            ] + options)
    }

    @discardableResult
    func stop(within bound: Duration = .seconds(30)) async throws -> Outcome? {
        guard let daemon else { return nil }
        daemon.send(SIGTERM)
        self.daemon = nil
        return try await daemon.end(within: bound)
    }

    /// As a power cut would.
    func kill() async throws {
        guard let daemon else { return }
        daemon.send(SIGKILL)
        self.daemon = nil
        _ = try await daemon.end(within: .seconds(10))
    }

    private func open(with options: [String], _ skews: [String: Int]) async throws {
        var tokens: [String] = []
        for agent in agents { tokens.append(try await token(of: agent)) }
        let commit = try await repository.push("the places")
        try serve(with: options)
        let clock = skews.isEmpty ? nil : try await WrongClock(in: scratch)
        for (agent, token) in zip(agents, tokens) {
            let variables = skews[agent.node].flatMap { clock?.variables(seconds: $0) }
            try agent.start(["--join", token], with: variables ?? [:])
        }
        try await eventuallyAway([])
        try await settle(at: commit)
    }

    /// Requests without pause to the gateway, which end with the scenario at the latest.
    func traffic(of sandbox: String) -> Traffic {
        let new = Traffic(
            to: .address(gateway.machine.address, Self.webPort), "/account", ["x-sandbox": sandbox])
        traffic.append(new)
        return new
    }

    // MARK: The end

    private func report() async -> String {
        let status = try? await berth("status")  // SAFE: the report of a failure
        let nodes = try? await berth("node", "list")  // SAFE: the report of a failure
        let agents = agents.map { "\($0.node) said: \($0.said)" }.joined(separator: "\n")
        let said = daemon?.said ?? "nothing"
        return "\(status?.output ?? "")\n\(nodes?.output ?? "")\nthe controller said: \(said)\n\(agents)"
    }

    private func clearUp() async throws {
        for one in traffic { one.cease() }
        account.stop()
        for machine in machines.all { try await machine.cable.mend() }
        var ends: [Outcome] = []
        if let end = try await stop() { ends.append(end) }
        for agent in agents { if let end = try await agent.stop() { ends.append(end) } }
        for end in ends { #expect(end.status == 0, "\(end.output)\(end.errors)") }
        // The gateway goes on without its agent.
        for process in proxies() { Foundation.kill(process, SIGKILL) }
        try FileManager.default.removeItem(atPath: scratch)
    }

    /// The HAProxy processes of this installation, from the table of processes.
    func proxies() -> [pid_t] {
        Processes.all.filter { id in
            let line = Processes.text(of: id, "cmdline")
            return line.contains("haproxy") && line.contains(scratch + "/")
        }
    }
}
