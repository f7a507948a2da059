internal import AgentTransport
internal import ArgumentParser
internal import Foundation
internal import Model

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
        name: .customLong("for"), help: "How long it can be used, such as 10m, 1h or 7d.", transform: parseLongDuration)
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
        if !directory.isHeld {
            Terminal.complain(
                "No berth serves \(directory.path) yet; start berth serve --agents \(HostPort.standardPort).")
        }
    }
}
