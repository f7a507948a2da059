internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "What the containers of a sandbox wrote, or the builds of its services.",
        discussion: """
            Of several services each line says whose it is. Containers of other machines are heard through the berth \
            serve --agents that runs here; exit code 5 where that machine is away. With --build --follow it waits for a build that is about to \
            begin, and ends with it; containers are followed until Ctrl-C, also when one is replaced.
            """)

    @Argument(help: "SANDBOX, or SANDBOX/SERVICE.")
    var sandbox: String

    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions

    @Flag(help: "What fetching and building wrote, instead of the containers.")
    var build = false

    @Flag(name: .shortAndLong, help: "Keep showing what comes.")
    var follow = false

    @Option(help: "Only what is not older, such as 10m.", transform: parseLongDuration)
    var since: Duration?

    @Option(help: "Only so many of the newest lines of each service.")
    var tail: Int?

    @Flag(help: "The time of each line.")
    var timestamps = false

    func validate() throws {
        guard (0...PieceLogs.mostTail).contains(tail ?? 0) else {
            throw ValidationError("--tail takes 0 to \(PieceLogs.mostTail)")
        }
    }

    func run() async throws {
        let reader = try JournalReader(data)
        let addressee = try Addressee(sandbox)
        let status = try addressee.status(in: try await reader.journal.statuses())
        let printer = LogPrinter(times: timestamps ? .shown : .hidden)
        try refuseShared(addressee, status)
        if build {
            let logs = BuildLogs(
                addressee: addressee, journal: reader.journal, directory: data.directory, selection: selection
            ) { try await labelled(addressee.sandbox, reader.journal) }
            return try await logs.show(on: printer)
        }
        guard data.directory.exists else { throw Complaint("\(data.directory.path) holds no installation") }
        let hasBuilds = try await !MadeOf(addressee.sandbox, in: reader.journal).pieces.isEmpty
        do {
            try await onNodes(of: addressee.sandbox, reader.journal) { nodes in
                try await ContainerLogs(
                    addressee: addressee, nodes: nodes, selection: selection, hasBuilds: hasBuilds
                ).show(on: printer)
            }
        } catch let error as HostError where error.failure == .unreachable {
            Terminal.complain("Error: \(error)")
            throw ExitCode(ExitStatus.incomplete.rawValue)
        }
    }

    /// Gives `body` this machine, where it is a node, and those of other machines that have anything of the sandbox.
    private func onNodes<Answer>(
        of sandbox: SandboxName, _ journal: SQLiteJournal, _ body: ([LogNode]) async throws -> Answer
    ) async throws -> Answer {
        let directory = data.directory
        let look = try await RemoteLook.taken(in: directory)
        let holders = Set(try await journal.openEntries(of: sandbox).map(\.node))
        let remote = (look?.remote ?? []).filter(holders.contains).compactMap { node in
            look.map { LogNode(node, through: $0) }
        }
        if let look, look.local == nil { return try await body(remote) }
        return try await node.withEngine(try directory.identity(), in: directory) { engine in
            try await body([LogNode(engine)] + remote)
        }
    }

    private func labelled(_ sandbox: SandboxName, _ journal: SQLiteJournal) async throws
        -> [ServiceName: Workpiece.ID]
    {
        guard data.directory.exists else { return [:] }
        return try await onNodes(of: sandbox, journal) { nodes in
            var pieces: [ServiceName: Workpiece.ID] = [:]
            for node in nodes {
                for container in try await node.containers(sandbox) {
                    guard let mark = container.ownership.mark, mark.sandbox == sandbox, let service = mark.service,
                        let origin = mark.origin
                    else { continue }
                    pieces[service] = origin.piece
                }
            }
            return pieces
        }
    }

    private var selection: LogSelection {
        LogSelection(
            since: since.map { Timestamp(milliseconds: Timestamp.now.milliseconds - $0.components.seconds * 1000) },
            tail: tail, follow: follow)
    }

    /// What is shared has no container here.
    private func refuseShared(_ addressee: Addressee, _ status: SandboxStatus) throws {
        guard let name = addressee.service, let service = status.services.first(where: { $0.name == name }),
            service.health == "-"
        else { return }
        let use = service.use == "baseline" ? "the shared deployment" : "an address of its author's choice"
        let target = service.target.isEmpty ? "" : " (\(service.target))"
        throw Complaint(
            "\(name) of \(addressee.sandbox) is \(use)\(target), and has no container here; "
                + "its log is where it runs")
    }
}

/// Which lines are asked for.
struct LogSelection: Sendable {
    let since: Timestamp?
    /// Of each service.
    let tail: Int?
    let follow: Bool
}

/// Writes lines as they come, one after the other, whoever brings them.
actor LogPrinter {
    private let terminal = Terminal.standard()
    private var lines: LogLines

    init(times: LogLines.Times) { lines = LogLines(times: times) }

    func announce(_ names: [String]) { lines.announce(names) }

    /// Whether there is still somebody who reads.
    func show(_ line: SpokenLine) -> Bool {
        terminal.write(lines.text(of: line, in: terminal.display)) == .written
    }
}
