internal import AgentService
internal import AgentTransport
internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Logging
internal import Manifest
internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import ServiceLifecycle
internal import UnixSignals

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Serve this machine to a controller elsewhere, which this command dials.",
        discussion: """
            The controller is a berth serve --agents. The first start needs --join with a token of berth node token; \
            from then on the agent has a certificate, which it renews by itself. Cut off from its controller it changes \
            nothing: what runs, runs on. Stop it with SIGTERM.
            """)

    @Option(help: "Where the controller listens: HOST:PORT (standard port: 3452).")
    var controller: String?

    @Option(help: "The token to join with, once. It may stand there at later starts too.")
    var join: String?

    @Option(help: "A file that says what is allowed here: repositories, ports, limits (see schemas/agent.json).")
    var config: String?

    @Option(
        help: "Where the agent keeps what it knows (standard: /var/lib/berth-agent, or ~/.local/share/berth-agent).")
    var data: String?

    @Option(help: "The HAProxy program (standard: /usr/sbin/haproxy).")
    var haproxy: String?

    @Option(help: "The user that host builds run as (standard: nobody when root, else oneself).")
    var buildUser: String?

    @Option(
        help: "The time between two questions to a remote repository of a service, such as 30s.",
        transform: parseDuration)
    var codeInterval = Duration.seconds(30)

    @Option(help: "How much is logged: debug, info, notice, warning or error.", transform: parseLevel)
    var logLevel = Logger.Level.notice

    func run() async throws {
        let logger = Logger.standard(logLevel)
        let choices = try AgentChoices(
            .init(controller: controller, data: data, haproxy: haproxy), file: try configuration(),
            environment: ProcessInfo.processInfo.environment)
        let token = try join.map { try GivenToken($0, for: choices.node) }
        let directory = choices.directory
        try directory.prepare()
        guard let lock = try directory.lock() else {
            throw Complaint(
                "another berth acts for \(directory.path); stop it, or give this one its own --data")
        }
        let credentials = try AgentCredentials(folder: directory.controller)
        let acquaintance = Acquaintance(at: choices.controller, credentials, logger: logger)
        let node = try await acquaintance.node(joiningWith: token, named: choices.node)
        let log = try SQLiteOrderLog(path: directory.orders)
        let installation = try await acquaintance.installation(of: node, in: directory, log: log)
        var making = try WorkshopOptions.parse([])
        making.buildUser = buildUser
        making.codeInterval = codeInterval
        let identity = Identity(installation: installation, key: try directory.key())
        try await withEngine(choices, identity) { [making] engine in
            try await pin(engine, in: directory, as: node)
            let seat = AgentSeat(
                choices: choices, node: node, identity: identity, engine: engine, making: making, logger: logger)
            try await seat.leased { try await serve(seat, acquaintance, log, logger) }
        }
        withExtendedLifetime(lock) {}
    }

    private func pin(_ engine: DockerEngine, in directory: DataDirectory, as node: NodeName) async throws {
        guard let identity = try await engine.identity(), try !directory.isOwn(engine: identity) else { return }
        throw Complaint(
            "\(directory.path) belongs to the agent of another engine than this machine's: it was copied, or the engine "
                + "was set up anew. Give this machine a node of its own (berth node token NAME) and a new --data; if it "
                + "is \(node) with a new engine, remove secrets/engine there")
    }

    private func configuration() throws -> AgentConfiguration? {
        guard let config else { return nil }
        guard let text = FileManager.default.contents(atPath: config) else {
            throw Complaint("the configuration \(config) cannot be read; is it there, and may this user read it?")
        }
        do throws(UnusableConfiguration) {
            return try AgentConfiguration.read(Array(text), file: config)
        } catch {
            throw Complaint("\(error)")
        }
    }

    private func withEngine(
        _ choices: AgentChoices, _ identity: Identity, _ body: (DockerEngine) async throws -> Void
    ) async throws {
        let named = choices.engine.map { "unix://\($0)" } ?? ProcessInfo.processInfo.environment["DOCKER_HOST"]
        let engine = DockerEngine(
            socket: try DockerEngine.socketPath(fromDockerHost: named), installation: identity.installation,
            key: identity.key, namesRoot: choices.directory.names)
        do {
            try await body(engine)
            await engine.shutdown()
        } catch {
            await engine.shutdown()
            throw error
        }
    }

    private func serve(
        _ seat: AgentSeat, _ acquaintance: Acquaintance, _ log: SQLiteOrderLog, _ logger: Logger
    ) async throws {
        let agent = try seat.agent(log: log, dial: acquaintance.dial(expecting: seat.identity.installation))
        logger.notice(
            "Serving a controller",
            metadata: [
                "node": "\(seat.node)", "controller": "\(seat.choices.controller)",
                "data": "\(seat.choices.directory.path)",
            ])
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: acquaintance.renewal),
                .init(service: agent, successTerminationBehavior: .gracefullyShutdownGroup),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = ServeCommand.longestShutdown
        try await ServiceGroup(configuration: configuration).run()
    }
}
