internal import ArgumentParser
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct NodeCordonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cordon", abstract: "Send no new sandboxes to a node. What is on it stays.",
        discussion: """
            It holds until berth node uncordon, and is forgotten with the database. The lasting way is cordoned: true in \
            the node's manifest. A manifest that names the node for its sandbox is followed all the same.
            """)

    @Argument(help: "The node.")
    var name: String

    @OptionGroup var data: DataOptions

    func run() async throws {
        let word = try await NodeWord(name, data)
        try await word.cordon(isDraining: false)
        Terminal.say("\(word.node.name) takes no new sandboxes. Back: berth node uncordon \(word.node.name)")
        try word.nudge()
    }
}

struct NodeUncordonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uncordon", abstract: "Let new sandboxes come to a node again.",
        discussion: "It ends a drain too. A node that is cordoned by its manifest stays so until that is changed.")

    @Argument(help: "The node.")
    var name: String

    @OptionGroup var data: DataOptions

    func run() async throws {
        let word = try await NodeWord(name, data)
        guard word.node.cordon != nil else {
            return Terminal.say(
                "\(word.node.name) is not cordoned here; cordoned: true in its manifest is changed there")
        }
        try await word.journal.lift(word.node.name)
        Terminal.say("\(word.node.name) takes new sandboxes again.")
        try word.nudge()
    }
}

/// A person's word about a node, told to the daemon that serves it.
struct NodeWord {
    let node: NodesPicture.Node
    let journal: SQLiteJournal
    private let directory: DataDirectory

    init(_ text: String, _ data: DataOptions) async throws {
        let reader = try NodeReader(data)
        node = try reader.node(text, in: try await reader.picture())
        directory = reader.directory
        journal = try SQLiteJournal(path: directory.journal)
    }

    var isServed: Bool { directory.isHeld }

    func cordon(isDraining: Bool) async throws {
        try await journal.put(Cordon(node: node.name, isDraining: isDraining, by: NSUserName(), at: .now))
    }

    func nudge() throws {
        guard directory.isHeld else {
            return Terminal.complain("No berth serves \(directory.path); the next berth serve heeds it.")
        }
        try Nudges(directory: directory).send()
    }
}
