internal import ArgumentParser
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What happened, each line with its cause.")

    @Argument(help: "Only this sandbox.")
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
            let events = try await journal.events(after: last, sandbox: name, limit: limit)
            last = events.last?.id ?? last
            let text = output == .text ? lines.text(of: events, in: terminal.display) : EventJSON.text(of: events)
            guard text.isEmpty || terminal.write(text) == .written else { return }
            limit = Self.most
            if follow { try await Task.sleep(for: followRhythm) }  // SAFE: until Ctrl-C
        } while follow && !Task.isCancelled
    }
}
