package import ArgumentParser

/// The program: one binary for the daemon, the dry run and everything people ask of them.
package struct Berth: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "berth",
        abstract: "A berth for every branch: turns a git repository of manifests into running sandboxes.",
        discussion: """
            Exit codes: 0 nothing to do or done, 1 error, 2 there are changes (dry run), 3 more deletions than the \
            budget allows, 5 the observation is incomplete.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Manifests", subcommands: [InitCommand.self, ValidateCommand.self]),
            CommandGroup(
                name: "Converging",
                subcommands: [ReconcileCommand.self, ServeCommand.self, RetryCommand.self, DestroyCommand.self]),
            CommandGroup(name: "Machines", subcommands: [AgentCommand.self, NodeCommand.self]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    StatusCommand.self, RoutesCommand.self, ExplainCommand.self, LogsCommand.self, EventsCommand.self,
                    HistoryCommand.self,
                ]),
            CommandGroup(name: "Internal", subcommands: [InternalFetchCommand.self]),
        ])

    package init() {}

    /// Runs the program with the arguments of the process.
    package static func start() async {
        Terminal.ignoreBrokenPipes()
        do {
            var command = try parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch  where exitCode(for: error) == .validationFailure {
            // A word misspelt is an error like any other: 1, as `design.md` §9 has it, and not the 64 of sysexits.
            Terminal.complain(fullMessage(for: error))
            exit(withError: ExitCode(ExitStatus.failure.rawValue))
        } catch {
            exit(withError: error)
        }
    }
}
