internal import ArgumentParser
package import Model
package import Reconciler
internal import SQLiteJournal

struct NodeDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Move the sandboxes of a node elsewhere, each after it has proved itself there.",
        discussion: """
            Only those move whose node was chosen by Berth; what a manifest places there stays, and is named. No new \
            sandbox comes until berth node uncordon. Exit code 1 where something is still there when the time is over.
            """)

    @Argument(help: "The node.")
    var name: String

    @OptionGroup var data: DataOptions

    @Option(help: "How long to wait until all that moves has moved, such as 10m.", transform: parseDuration)
    var timeout = Duration.seconds(600)

    @Flag(inversion: .prefixedNo, help: "Wait until all that moves has moved.")
    var wait = true

    func run() async throws {
        let word = try await NodeWord(name, data)
        try await word.cordon(isDraining: true)
        let picture = DrainPicture(of: word.node)
        Terminal.say(picture.text(in: Terminal.standard().display))
        try word.nudge()
        guard wait, word.isServed, !picture.moving.isEmpty else { return }
        let left = try await Departures(node: word.node.name, journal: word.journal, timeout: timeout)
            .wait(for: Set(picture.moving)) { sandbox, target in
                Terminal.say("\(sandbox) is on \(target?.text ?? "no node") now")
            }
        guard left.isEmpty else {
            throw Complaint(
                "still on \(word.node.name) after \(words(milliseconds: timeout.milliseconds)): "
                    + left.map { "\($0.key)\($0.value.isEmpty ? "" : " (\($0.value))")" }.sorted().joined(
                        separator: ", ")
                    + "; it goes on without this command, and berth status shows it")
        }
        Terminal.say("Nothing of what can move is on \(word.node.name) any more.")
    }
}

/// Watches the ledger until sandboxes have left a node.
package struct Departures {
    /// How often the journal is read.
    static let rhythm = Duration.milliseconds(300)

    let node: NodeName
    let journal: any Journal
    let timeout: Duration

    package init(node: NodeName, journal: any Journal, timeout: Duration) {
        self.node = node
        self.journal = journal
        self.timeout = timeout
    }

    /// Tells `left` of each that is gone from the node, and where it is now. Returns those that are still there when the
    /// time is over, with what keeps them.
    package func wait(
        for sandboxes: Set<SandboxName>, left: (SandboxName, NodeName?) -> Void
    ) async throws -> [SandboxName: String] {
        var open = sandboxes
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let entries = try await journal.openEntries()
            let places = try await journal.allocations()
            for sandbox in open.sorted() where !isHere(sandbox, entries, places) {
                open.remove(sandbox)
                left(sandbox, entries.last { $0.sandbox == sandbox && $0.kind == .container }?.node)
            }
            guard !open.isEmpty, ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: Self.rhythm)  // SAFE: a bounded wait, until the deadline
        }
        guard !open.isEmpty else { return [:] }
        let statuses = try await journal.statuses()
        return Dictionary(
            uniqueKeysWithValues: open.map { name in (name, statuses.first { $0.sandbox == name }?.message ?? "") })
    }

    private func isHere(_ sandbox: SandboxName, _ entries: [LedgerEntry], _ allocations: [Allocation]) -> Bool {
        entries.contains { $0.sandbox == sandbox && $0.node == node }
            || allocations.contains { $0.resource == .place(node, of: sandbox) }
    }
}
