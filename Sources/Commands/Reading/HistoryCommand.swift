internal import ArgumentParser
internal import Model
internal import Reconciler
internal import SQLiteJournal

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Every pass: when, which commit, what came of it, and why.")

    @Argument(help: "Only this sandbox.")
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
        let name = try sandbox.map { try SandboxName(slugging: $0) }
        let terminal = Terminal.standard()
        let passes = try await JournalReader(data).journal.passes(of: name, limit: tail)
        switch output {
        case .text: terminal.write(HistoryTable(passes, zone: .local).text(in: terminal.display))
        case .json: terminal.write(HistoryJSON(passes).text)
        }
    }
}
