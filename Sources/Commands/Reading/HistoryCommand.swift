internal import ArgumentParser
internal import Git
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Every pass: when, which commit, what came of it, and why.",
        discussion: """
            Of one sandbox it is the audit trail: who, which repository, branch and commit, and how long each stage took.
            """)

    @Argument(help: "Only this sandbox, with its code and stages.")
    var sandbox: String?

    @OptionGroup var data: DataOptions

    @Option(help: "How many of the newest.")
    var tail = 30

    @Option(name: .shortAndLong, help: "How it is written: text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard (1...10_000).contains(tail) else { throw ValidationError("--tail takes 1 to 10000") }
    }

    func run() async throws {
        let journal = try JournalReader(data).journal
        let terminal = Terminal.standard()
        guard let sandbox else {
            let passes = try await journal.passes(of: nil, limit: tail)
            switch output {
            case .text:
                let loads = try await Self.loads(among: passes, in: journal)
                terminal.write(HistoryTable(passes, loads: loads, zone: .local).text(in: terminal.display))
            case .json: terminal.write(HistoryJSON(passes).text)
            }
            return
        }
        let name = try SandboxName(slugging: sandbox)
        let runs = Array(
            Run.all(of: try await Self.sources(of: name, in: journal, data.directory, limit: tail)).prefix(tail))
        // What was deleted has its history still.
        if runs.isEmpty { _ = try Addressee(sandbox).status(in: try await journal.statuses()) }
        switch output {
        case .text: terminal.write(RunTable(runs, zone: .local).text(in: terminal.display))
        case .json: terminal.write(RunJSON(of: name, runs).text)
        }
    }

    /// Passes of no sandbox that loaded images; the others configured gateways.
    private static func loads(among passes: [PassSummary], in journal: SQLiteJournal) async throws -> Set<PassID> {
        var loads: Set<PassID> = []
        for pass in passes where pass.record.sandbox == nil && pass.record.piece == nil {
            let isLoad = try await journal.steps(of: pass.id).contains { Stage(of: $0.action) == .load }
            if isLoad { loads.insert(pass.id) }
        }
        return loads
    }

    private static func sources(
        of sandbox: SandboxName, in journal: SQLiteJournal, _ directory: DataDirectory, limit: Int
    ) async throws -> Run.Sources {
        let passes = try await journal.passes(of: sandbox, limit: limit)
        let awaited = try await journal.awaited(by: sandbox)
        let pieces = Set(passes.flatMap { $0.record.origins.map(\.piece) }).union(awaited.compactMap(\.piece))
        let makings = try await journal.passes(making: pieces)
        var steps: [PassID: [StepRecord]] = [:]
        for pass in passes + makings.values { steps[pass.id] = try await journal.steps(of: pass.id) }
        var authors: [CommitID: String] = [:]
        for event in try await journal.events(after: 0, sandbox: nil, limit: EventsCommand.most).map(\.event) {
            // `commit 9f3c1e2 by Achmad`
            guard event.kind == "revision.seen", let revision = event.revision,
                let name = event.cause.firstRange(of: " by ")
            else { continue }
            authors[revision] = String(event.cause[name.upperBound...])
        }
        for origin in (passes + makings.values).flatMap(\.record.origins) where authors[origin.commit] == nil {
            authors[origin.commit] = await author(of: origin, in: directory)
        }
        return Run.Sources(passes: passes, steps: steps, makings: makings, awaited: awaited, authors: authors)
    }

    /// Who wrote the commit that a container is made of, while the mirror of its repository is here.
    private static func author(of origin: PassRecord.Origin, in directory: DataDirectory) async -> String? {
        let mirror = "\(directory.sources)/\(origin.repository).git"
        do {
            let source = try RepositoryOptions.source(of: mirror, branch: origin.reference, mirror: directory.mirror)
            return try await source.resolve(origin.commit.text).author
        } catch {
            // The mirror went with its last workpiece: then nobody knows.
            return nil
        }
    }
}
