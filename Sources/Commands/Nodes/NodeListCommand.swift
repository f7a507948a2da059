internal import ArgumentParser
internal import Model
internal import Reconciler

struct NodeListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every node: whether its agent is connected, and what is on it.",
        discussion: "Exit code 5 when a node is away.")

    @OptionGroup var data: DataOptions

    @Option(name: .shortAndLong, help: "How it is written: text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let picture = try await NodeReader(data).picture()
        let terminal = Terminal.standard()
        switch output {
        case .text: terminal.write(NodesTable(picture).text(in: terminal.display))
        case .json: terminal.write(NodesJSON(picture.nodes, in: picture).text)
        }
        if picture.nodes.contains(where: { $0.status?.connection == .away }) {
            throw ExitCode(ExitStatus.incomplete.rawValue)
        }
    }
}

struct NodeDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "One node in full: its sandboxes, ports, subnets, certificate, clock, and why it is away.")

    @Argument(help: "The node.")
    var name: String

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions

    @Option(name: .shortAndLong, help: "How it is written: text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let reader = try NodeReader(data)
        let picture = try await reader.picture(repository)
        let node = try reader.node(name, in: picture)
        let terminal = Terminal.standard()
        switch output {
        case .text: terminal.write(NodeDetail(node, in: picture).text(in: terminal.display))
        case .json: terminal.write(NodesJSON([node], in: picture).text)
        }
    }
}
