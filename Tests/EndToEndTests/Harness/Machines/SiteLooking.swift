internal import Foundation
internal import Testing

/// What the world says of a site: the gateway by HTTP, each machine's engine by its API.
extension Site {
    func status() async throws -> Standing? {
        let outcome = try await berth("status", "-o", "json")
        guard outcome.output.hasPrefix("{") else { return nil }
        return try JSONDecoder().decode(Standing.self, from: Data(outcome.output.utf8))
    }

    /// Pushes, and waits until everything is as the commit wants it.
    @discardableResult
    func pushAndSettle(_ subject: String, within bound: Duration = .seconds(60)) async throws -> String {
        let commit = try await repository.push(subject)
        try await settle(at: commit, within: bound)
        return commit
    }

    func settle(at commit: String, within bound: Duration = .seconds(60)) async throws {
        try await eventually("everything is at \(commit.prefix(7))", within: bound, every: .milliseconds(100)) {
            try await isSettled(at: commit)
        }
    }

    func isSettled(at commit: String) async throws -> Bool {
        guard daemon?.isRunning ?? true else { throw Trouble("berth serve ended") }
        guard let standing = try await status(), standing.isSettled(at: commit, repository.sandboxes) else {
            return false
        }
        // What an earlier process wrote is not this one's word.
        return daemon == nil || standing.daemon.processId == daemon?.id
    }

    func dryRun() async throws -> Outcome { try await berth("reconcile", "--dry-run", "--repo", repository.path) }

    func expectNothingToDo(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let dry = try await dryRun()
        #expect(dry.status == 0, "\(dry.output)\(dry.errors)", sourceLocation: sourceLocation)
        #expect(dry.output.contains("Plan: nothing to do"), "\(dry.output)", sourceLocation: sourceLocation)
    }

    /// Waits until the controller says that these nodes, and no others, are away.
    func eventuallyAway(_ names: Set<String>, within bound: Duration = .seconds(60)) async throws {
        struct List: Decodable {
            struct Node: Decodable {
                let name: String
                let connection: String?
            }
            let nodes: [Node]
        }
        try await eventually("away: \(names.sorted())", within: bound, every: .milliseconds(200)) {
            let outcome = try await berth("node", "list", "-o", "json")
            // A controller that has just begun has no database yet.
            guard outcome.output.hasPrefix("{") else { return false }
            let list = try JSONDecoder().decode(List.self, from: Data(outcome.output.utf8))
            let away = Set(list.nodes.filter { $0.connection != "Connected" }.map(\.name))
            return list.nodes.count >= agents.count && away == names && outcome.status == (names.isEmpty ? 0 : 5)
        }
    }

    // MARK: The gateway

    /// Asks at the gateway's machine for the service `account`, naming the sandbox by header.
    func ask(_ sandbox: String) async throws -> Answer {
        try await ask(Self.webPort, ["x-sandbox": sandbox])
    }

    func ask(_ port: UInt16, _ headers: [String: String] = [:], _ path: String = "/account") async throws -> Answer {
        let address = gateway.machine.address
        return try await blocking { try Wire(peer: .address(address, port)).get(path, headers) }
    }

    func eventuallyAnswers(_ words: String, _ sandbox: String, within bound: Duration = .seconds(60)) async throws {
        var last = "nothing"
        do {
            try await eventually("\(sandbox) answers \"\(words)\"", within: bound) {
                // SAFE: a proxy that is not there yet answers nothing
                guard let answer = try? await ask(sandbox) else { return false }
                last = "\(answer.status) \(answer.text)"
                return answer.text == words
            }
        } catch {
            throw Trouble("\(error), but \(last)")
        }
    }

    // MARK: The engines

    /// The containers of a sandbox, wherever they are.
    func containers(of sandbox: String) async throws -> [(machine: Machine, container: Engine.Container)] {
        var found: [(Machine, Engine.Container)] = []
        for machine in machines.nodes {
            found += try await machine.engine.containers("berth.sandbox=\(sandbox)").map { (machine, $0) }
        }
        return found
    }

    /// The one container of a sandbox, which must run under its proper name on that agent's machine and nowhere else.
    func container(of sandbox: String, on agent: AgentProgram) async throws -> Engine.Container {
        let all = try await containers(of: sandbox)
        let found =
            "containers: \(all.map { "\($0.container.name) \($0.container.state.status) on \($0.machine.name)" })"
        try #require(all.count == 1, "\(found)")
        #expect(all[0].machine == agent.machine, "\(found)")
        #expect(all[0].container.name == "/sandbox-\(sandbox)-account", "\(found)")
        #expect(all[0].container.isRunning, "\(found)")
        return all[0].container
    }

    /// How often the engine of a machine made a container for this branch of a sandbox since then.
    func creations(of sandbox: String, _ tag: String, on agent: AgentProgram, since start: Date) async throws -> Int {
        try await agent.machine.engine.events("berth.sandbox=\(sandbox)", since: start).count { $0 == "create \(tag)" }
    }

    /// The agent of the machine that a sandbox is on, by the engines.
    func agent(of sandbox: String) async throws -> AgentProgram {
        let all = try await containers(of: sandbox)
        try #require(all.count == 1, "\(all.map { "\($0.container.name) on \($0.machine.name)" })")
        return try #require(agents.first { $0.machine == all[0].machine })
    }

    /// A line for everything on every machine that an action could change.
    func portrait() async throws -> [String] {
        var lines: [String] = []
        for machine in machines.nodes {
            lines += try await machine.engine.portrait().map { "\(machine.name): \($0)" }
        }
        return lines
    }

    /// What is ours on any machine; empty where nothing is left.
    func residue() async throws -> [String] {
        let file = URL(filePath: data + "/secrets/installation")
        let owner = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let mark = "berth.owner=\(owner)"
        var left: [String] = []
        for machine in machines.nodes {
            left += try await machine.engine.containers(mark).map { "\(machine.name): container \($0.name)" }
            left += try await machine.engine.networks(mark).map { "\(machine.name): network \($0)" }
            left += try await machine.engine.images(mark).map { "\(machine.name): image \($0)" }
        }
        return left
    }
}
