internal import ArgumentParser
internal import Docker
internal import Logging
internal import Model
internal import Reconciler
internal import ServiceLifecycle
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Follow a manifest repository and keep its machines at its newest commit.",
        discussion: """
            A push is noticed at once where the repository is a folder of this machine, and within some seconds where \
            it is a URL; so is a push to a service's own repository. What is changed by hand is mended, from the \
            engine's events and at every interval. Stop it \
            with SIGTERM: what runs keeps running. With --agents other machines are nodes too: berth node token makes what \
            their agents join with.
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var making: WorkshopOptions
    @OptionGroup var agents: AgentsOptions

    @Option(
        help: "How long a node may be away before its sandboxes are told of as Unknown, such as 5m.",
        transform: parseDuration)
    var unknownAfter = Duration.seconds(300)

    @Option(help: "The time between two looks at everything, such as 30s or 5m.", transform: parseDuration)
    var interval = Duration.seconds(30)

    @Option(help: "How much is logged: debug, info, notice, warning or error.", transform: parseLevel)
    var logLevel = Logger.Level.notice

    /// After this, what still runs at shutdown is cancelled; the next start plans again.
    static let longestShutdown = Duration.seconds(20)

    func run() async throws {
        let logger = Logger.standard(logLevel)
        let done: Void? = try await Installation.opened(data, node, making, agents, logger: logger) { installation in
            if installation.roster != nil { OpenFiles.raise() }
            let source = try repository.source(mirror: installation.directory.mirror)
            let daemon = Daemon(
                installation: installation, loader: ManifestLoader(source: source), node: node,
                branch: repository.branch, interval: interval, unknownAfter: unknownAfter)
            var configuration = ServiceGroupConfiguration(
                // The daemon ends first: what it has under way needs the agents.
                services: [installation.roster.map { .init(service: $0) }].compactMap(\.self)
                    + [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration = Self.longestShutdown
            let group = ServiceGroup(configuration: configuration)
            try await installation.leased { try await group.run() }
        }
        guard done != nil else {
            throw Complaint(
                "another berth acts for \(data.directory.path); stop it, or give this one its own --data")
        }
    }
}

/// `30s`, `5m`, `2h`; between a second and a day.
@Sendable package func parseDuration(_ text: String) throws -> Duration {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
        count <= 86_400 / unit
    else { throw ValidationError("\"\(text)\" is no duration; write it like 30s, 5m or 2h, a day at most") }
    return .seconds(count * unit)
}

/// `30s`, `5m`, `2h` or `7d`; between a second and a year.
@Sendable package func parseLongDuration(_ text: String) throws -> Duration {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
        count <= 365 * 86_400 / unit
    else { throw ValidationError("\"\(text)\" is no duration; write it like 10m, 12h or 7d, a year at most") }
    return .seconds(count * unit)
}

@Sendable func parseLevel(_ text: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text) else {
        throw ValidationError("\"\(text)\" is no log level; choose debug, info, notice, warning or error")
    }
    return level
}
