internal import ArgumentParser
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What happened, each line with its cause.")

    @Argument(help: "Only this sandbox, and what is made for it.")
    var sandbox: String?

    @OptionGroup var data: DataOptions

    @Flag(help: "Keep showing new ones, until Ctrl-C.")
    var follow = false

    @Option(help: "How many of the newest to begin with.")
    var tail = 50

    @Option(name: .shortAndLong, help: "How they are written: text, or json for one object a line.")
    var output = OutputFormat.text

    /// Events read at once.
    static let most = 10_000

    func validate() throws {
        guard (0...Self.most).contains(tail) else { throw ValidationError("--tail takes 0 to \(Self.most)") }
    }

    func run() async throws {
        let name = try sandbox.map { try SandboxName(slugging: $0) }
        let journal = try JournalReader(data).journal
        let terminal = Terminal.standard()
        var lines = EventLines(zone: .local)
        var last: Int64 = 0
        var limit = tail
        repeat {
            // What is told between the questions below comes with the next round.
            let newest = try await Follow.newest(in: journal)
            let events = try await Self.events(after: last, upTo: newest, of: name, in: journal, limit: limit)
            // What was deleted has its events still.
            if last == 0, events.isEmpty, tail > 0, let name {
                _ = try Addressee(name.text).status(in: try await journal.statuses())
            }
            last = max(last, newest)
            let text = output == .text ? lines.text(of: events, in: terminal.display) : EventJSON.text(of: events)
            guard text.isEmpty || terminal.write(text) == .written else { return }
            limit = Self.most
            if follow { try await Task.sleep(for: followRhythm) }  // SAFE: until Ctrl-C
        } while follow && !Task.isCancelled
    }

    /// Those of a sandbox are its own and those of what its services waited for.
    private static func events(
        after last: Int64, upTo newest: Int64, of sandbox: SandboxName?, in journal: SQLiteJournal, limit: Int
    ) async throws -> [StoredEvent] {
        guard newest > last else { return [] }
        var events = try await journal.events(after: last, sandbox: sandbox, limit: limit)
        if let sandbox {
            let pieces = Set(try await journal.awaited(by: sandbox).compactMap(\.piece))
            let made = pieces.isEmpty ? [] : try await journal.events(after: last, sandbox: nil, limit: most)
            events += made.filter { $0.event.ownPiece.map(pieces.contains) ?? false }
        }
        return events.filter { $0.id <= newest }.sorted { $0.id < $1.id }.suffix(limit)
    }
}
