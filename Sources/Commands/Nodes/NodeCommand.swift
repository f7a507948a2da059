internal import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "The machines of this installation, and who may become one.",
        subcommands: [
            NodeTokenCommand.self, NodeListCommand.self, NodeDescribeCommand.self, NodeCordonCommand.self,
            NodeUncordonCommand.self, NodeDrainCommand.self, NodeRemoveCommand.self,
        ])
}
