internal import ArgumentParser
internal import Foundation
internal import Git
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import Workshop

/// How services are made of the branches of their repositories.
struct WorkshopOptions: ParsableArguments {
    @Option(help: "The user that host builds run as (standard: nobody when root, else oneself).")
    var buildUser: String?

    @Option(
        help: "How long what was made of a commit is kept once nobody uses it, such as 24h or 7d.",
        transform: parseLongDuration)
    var keepBuilds = Duration.milliseconds(PlanPolicy.standardKeepMillis)

    @Option(
        help: "The time between two questions to a remote repository of a service, such as 30s.",
        transform: parseDuration)
    var codeInterval = Duration.seconds(30)

    /// How long a dry run waits for repositories to say where their branches are.
    static let patience = Duration.seconds(20)

    var policy: PlanPolicy { PlanPolicy(keepMillis: keepBuilds.components.seconds * 1000) }

    func settings(in directory: DataDirectory) -> Workshop.Settings {
        var settings = directory.workshop
        settings.builder.user = buildUser
        settings.pollInterval = codeInterval
        return settings
    }

    /// The workshop of this machine.
    func workshop(
        in directory: DataDirectory, on engine: some ImageEngine, hostKeys: GitCodeHost.FirstHostKeys, logger: Logger
    ) throws -> Workshop {
        let secrets = LocalSecrets(environment: ProcessInfo.processInfo.environment)
        var settings = settings(in: directory)
        // Whoever keeps no key only looks, and leaves no trace of that.
        if case .forgotten = hostKeys { settings.notesUse = false }
        return Workshop(
            settings, code: GitCodeHost(fetch: try .own(), hostKeys: hostKeys), images: engine,
            secret: { secrets.value(of: $0) }, now: { .now }, clock: ContinuousClock(),
            jitter: { Double.random(in: 0...1) }, logger: logger)
    }
}

extension DataDirectory {
    /// The folders of the workshop, for who only reads there.
    var workshop: Workshop.Settings { Workshop.Settings(folder: sources, logs: pieceLogs) }
}
