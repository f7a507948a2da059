internal import ArgumentParser
internal import Git

/// The child process that fetches a remote repository: killed at a deadline, for the library has no timeouts.
struct InternalFetchCommand: ParsableCommand {
    static let name = "internal-fetch"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @Argument var mirror: String

    func run() throws { throw ExitCode(GitFetch.child(mirror: mirror)) }
}
