internal import AgentTransport
internal import ArgumentParser
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct NodeTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make a token with which one agent may join as a node, once.",
        discussion: """
            The token alone goes to standard output. Whoever has it may become that node until it is spent or ends: \
            carry it as you would carry a password.
            """)

    @Argument(help: "The node, as its manifest calls it.")
    var name: String

    @Option(
        name: .customLong("for"), help: "How long it can be used, such as 10m, 1h or 7d.", transform: parseInvitation)
    var time = Duration.seconds(3600)

    @OptionGroup var data: DataOptions

    /// The authority makes longer ones for nobody.
    static let longest = Duration.seconds(30 * 86_400)

    func validate() throws {
        guard time <= Self.longest else { throw ValidationError("--for is 30d at most") }
    }

    func run() async throws {
        let node = try NodeName(slugging: name)
        let directory = data.directory
        try directory.prepare()
        let invitation = try Authority.open(folder: directory.agents).invite(node, for: time, at: .now)
        Terminal.say(invitation.token.reveal())
        let length = words(milliseconds: time.milliseconds)
        Terminal.complain(
            "Good for \(length), once, for node \(node). There: berth agent --controller HOST:\(HostPort.standardPort) "
                + "--join TOKEN")
        if try await isConnected(node) {
            Terminal.complain("\(node) is connected already; who joins with this takes its place.")
        }
        if !directory.isHeld {
            Terminal.complain(
                "No berth serves \(directory.path) yet; start berth serve --agents \(HostPort.standardPort).")
        }
    }

    /// As far as somebody serves it; what is kept of an earlier time tells nothing.
    private func isConnected(_ node: NodeName) async throws -> Bool {
        let directory = data.directory
        guard directory.isHeld, FileManager.default.fileExists(atPath: directory.journal) else { return false }
        return try await SQLiteJournal.readOnly(path: directory.journal).nodeStatuses()
            .contains { $0.node == node && $0.connection == .connected }
    }
}

@Sendable private func parseInvitation(_ text: String) throws -> Duration {
    do { return try parseLongDuration(text) } catch {
        throw ValidationError("\"\(text)\" is no duration; write it like 10m, 12h or 7d, 30d at most")
    }
}
