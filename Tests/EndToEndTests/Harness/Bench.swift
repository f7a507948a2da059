internal import Foundation
internal import Testing

/// An installation of its own: repository, data directory, ports, network and shared deployments. At the end of a
/// scenario all of it is stopped and removed, and nothing of it may be left.
final class Bench {
    let scratch: String
    let data: String
    let engine: Engine
    let repository: ManifestRepository
    let account: Baseline
    let payment: Baseline
    let sandboxPorts: ClosedRange<UInt16>
    let nodePorts: ClosedRange<UInt16>
    let webPort: UInt16
    let subnet: String
    /// Distinguishes the names of this scenario.
    let tail: String
    private let binary: String
    private(set) var daemon: Program?
    private let variables: [String: String]
    /// Containers that are not Berth's, to be removed at the end.
    private var strangers: [String] = []
    private var traffic: [Traffic] = []

    static func scenario(_ body: (Bench) async throws -> Void) async throws {
        let bench = try await Bench()
        var failure: (any Error)?
        do { try await body(bench) } catch { failure = error }
        do { try await bench.clearUp() } catch {
            Issue.record("clearing up: \(error)")
        }
        if let failure {
            throw Trouble("\(failure)")
        }
    }

    private init() async throws {
        engine = try Engine.ofTheTests()
        binary = try Self.program()
        tail = String(UUID().uuidString.prefix(4).lowercased())
        scratch = "/tmp/berth-e2e-\(tail)"
        data = scratch + "/data"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        repository = try await ManifestRepository(in: scratch)
        account = try Baseline("account baseline")
        payment = try Baseline("payment baseline")
        sandboxPorts = try Places.ports(6)
        nodePorts = try Places.ports(6)
        webPort = try Places.ports(1).lowerBound
        subnet = Places.network()
        variables = [
            "DOCKER_HOST": engine.host, "HOME": scratch, "NO_COLOR": "1",
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        ]
        try await Images(engine: engine, scratch: scratch).prepare()
        try writeCatalogue()
    }

    /// Beside the test bundle, where the build puts it; `BERTH_BINARY` names another.
    static func program() throws -> String {
        let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["BERTH_BINARY"]
        let path = named ?? own.appending(path: "berth").path(percentEncoded: false)
        guard access(path, X_OK) == 0 else {
            throw Trouble("no berth at \(path): run `make build`, or set BERTH_BINARY")
        }
        return path
    }

    /// Node, gateway and the services account and payment.
    func writeCatalogue() throws {
        try repository.write("places.yaml", Manifests.places(self))
        try repository.write("account.yaml", Manifests.service("account", baseline: account.port))
        try repository.write("payment.yaml", Manifests.service("payment", baseline: payment.port))
    }

    /// A name that no other scenario has.
    func name(_ stem: String) -> String { "\(stem)-\(tail)" }

    /// Writes a sandbox into a file of its own.
    func write(_ sandbox: String, _ services: String, state: String = "Active") throws {
        try repository.write(
            "sandboxes/\(sandbox).yaml", Manifests.sandbox(sandbox, services, state: state))
    }

    // MARK: Berth

    /// `berth …`, with the words that say where.
    func berth(_ words: String..., within bound: Duration = .seconds(60)) async throws -> Outcome {
        try await run(words, within: bound)
    }

    func run(
        _ words: [String], with more: [String: String] = [:], within bound: Duration = .seconds(60)
    ) async throws -> Outcome {
        try await start(words, with: more).end(within: bound)
    }

    func start(_ words: [String], with more: [String: String] = [:]) throws -> Program {
        try Program(
            [binary] + words, environment: variables.merging(more) { _, new in new }, scratch: scratch)
    }

    var place: [String] { ["--repo", repository.path, "--data", data] }

    func dryRun(_ words: String...) async throws -> Outcome {
        try await run(["reconcile", "--dry-run"] + place + words)
    }

    func reconcile(_ words: String...) async throws -> Outcome { try await run(["reconcile"] + place + words) }

    func status() async throws -> Standing? {
        let outcome = try await berth("status", "--data", data, "-o", "json")
        guard outcome.output.hasPrefix("{") else { return nil }
        return try JSONDecoder().decode(Standing.self, from: Data(outcome.output.utf8))
    }

    func serve(with options: [String] = []) throws {
        precondition(daemon == nil, "it serves already")
        daemon = try start(["serve", "--interval", "2s"] + place + options)
    }

    /// Serves, and waits until everything is as the newest commit wants it.
    func serve(
        until commit: String, with options: [String] = [], within bound: Duration = .seconds(30)
    ) async throws {
        try serve(with: options)
        try await settle(at: commit, within: bound)
    }

    /// Pushes, and waits until the daemon has brought everything there.
    @discardableResult
    func pushAndSettle(_ subject: String, within bound: Duration = .seconds(30)) async throws -> String {
        let commit = try await repository.push(subject)
        try await settle(at: commit, within: bound)
        return commit
    }

    func settle(at commit: String, within bound: Duration = .seconds(30)) async throws {
        do {
            try await eventually("everything is at \(commit.prefix(7))", within: bound, every: .milliseconds(50)) {
                guard daemon?.isRunning ?? true else { throw Trouble("berth serve ended") }
                guard let standing = try await status(), standing.isSettled(at: commit, repository.sandboxes)
                else { return false }
                // What an earlier process wrote is not this one's word.
                return daemon == nil || standing.daemon.processId == daemon?.id
            }
        } catch {
            let status = try await berth("status", "--data", data)
            throw Trouble("\(error)\n\(status.output)\(status.errors)\nthe daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// Ends the daemon as a service manager would.
    @discardableResult
    func stop(within bound: Duration = .seconds(25)) async throws -> Outcome? {
        guard let daemon else { return nil }
        daemon.send(SIGTERM)
        self.daemon = nil
        return try await daemon.end(within: bound)
    }

    /// Ends the daemon as a power cut would.
    func kill() async throws {
        guard let daemon else { return }
        daemon.send(SIGKILL)
        self.daemon = nil
        _ = try await daemon.end(within: .seconds(5))
    }

    /// Starts a container that is not Berth's; its id.
    func stranger(named name: String) async throws -> String {
        let id = try await engine.docker(
            "run", "--detach", "--network", "none", "--name", name, "berth-test/busybox:1")
        strangers.append(id)
        return id
    }

    /// Requests without pause, which end with the scenario at the latest.
    func traffic(to port: UInt16, _ path: String) -> Traffic {
        let new = Traffic(to: port, path)
        traffic.append(new)
        return new
    }

    // MARK: The end

    var owner: String {
        let file = URL(filePath: data + "/secrets/installation")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? "nobody"  // SAFE: nobody owns nothing
        return "berth.owner=" + text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func clearUp() async throws {
        for one in traffic { one.cease() }
        account.stop()
        payment.stop()
        let said = daemon?.said ?? ""
        _ = try await stop()
        let mine = owner
        if FileManager.default.fileExists(atPath: data) {
            let outcome = try await berth("destroy", "--yes", "--data", data)
            #expect(outcome.status == 0, "berth destroy: \(outcome.output)\(outcome.errors)\n\(said)")
        }
        let containers = try await engine.containers(mine)
        let networks = try await engine.networks(mine)
        #expect(containers.map(\.name) == [], "containers are left")
        #expect(networks == [], "networks are left")
        #expect(try await engine.volumes(named: "berth-lease") == [], "the lease is left")
        let images = try await engine.images(mine)
        #expect(images == [], "images are left")
        #expect(pieces == [], "what was made of commits is left")
        let proxies = proxies()
        #expect(proxies == [], "proxies are left")
        for proxy in proxies { Foundation.kill(proxy, SIGKILL) }
        for container in containers { try await engine.docker("rm", "--force", container.id) }
        for network in networks { try await engine.docker("network", "rm", network) }
        for image in images { try await engine.docker("rmi", "--force", image) }
        for stranger in strangers { try await engine.docker("rm", "--force", stranger) }
        try FileManager.default.removeItem(atPath: scratch)
    }

    /// The HAProxy processes of this installation, from the table of processes.
    func proxies() -> [pid_t] {
        Processes.all.filter { id in
            let line = Processes.text(of: id, "cmdline")
            return line.contains("haproxy") && line.contains(data + "/")
        }
    }
}
