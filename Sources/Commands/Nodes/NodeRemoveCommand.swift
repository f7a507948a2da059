internal import AgentTransport
internal import ArgumentParser
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct NodeRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take back every certificate and token of a node, and end its session.",
        discussion: """
            What runs there runs on, and nobody acts on it any more: drain the node before, or let its agent join again \
            with a new token. The Node manifest is removed in the repository.
            """)

    @Argument(help: "The node.")
    var name: String

    @OptionGroup var data: DataOptions

    @Flag(help: "Do it although sandboxes are on the node.")
    var yes = false

    func run() async throws {
        let word = try await NodeWord(name, data)
        let node = word.node
        guard yes || node.residents.isEmpty else {
            throw Complaint(
                "on \(node.name) there are still: \(node.residents.map(\.sandbox.text).joined(separator: ", ")). They "
                    + "would run on with nobody to look after them; berth node drain \(node.name) first, or say --yes")
        }
        guard node.status?.connection != .local else {
            throw Complaint(
                "\(node.name) is the machine of the controller itself; berth serve --no-local serves it no more")
        }
        let count = try Authority.open(folder: data.directory.agents).remove(node.name)
        try await word.journal.lift(node.name)
        try await word.journal.forget(node.name)
        Terminal.say(
            count == 0
                ? "\(node.name) had no certificate and no token."
                : count == 1
                    ? "A certificate or token of \(node.name) counts no more."
                    : "\(count) certificates and tokens of \(node.name) count no more.")
        try word.nudge()
    }
}
