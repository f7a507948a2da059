internal import ArgumentParser
internal import Model
internal import Reconciler

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Where every sandbox stands: attempted, applied and healthy commit.",
        discussion: "Exit code 1 when a sandbox has failed or is degraded.")

    @Argument(help: "One sandbox, with its services and addresses.")
    var sandbox: String?

    @OptionGroup var data: DataOptions

    @Flag(help: "Keep showing it, until Ctrl-C.")
    var watch = false

    @Option(name: .shortAndLong, help: "How it is written: text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard !watch || output == .text else { throw ValidationError("--watch is for people; use -o json in a loop") }
    }

    func run() async throws {
        let name = try sandbox.map { try SandboxName(slugging: $0) }
        let reader = try JournalReader(data)
        let terminal = Terminal.standard()
        var standing = try await reader.standing(of: name)
        guard output == .text else {
            terminal.write(StatusJSON(standing).text)
            return try finish(standing)
        }
        var canvas = Canvas()
        if watch { _ = redraw(standing, on: &canvas, terminal) } else { show(standing, on: terminal) }
        while watch, !Task.isCancelled {
            try await Task.sleep(for: followRhythm)  // SAFE: until Ctrl-C
            standing = try await reader.standing(of: name)
            guard redraw(standing, on: &canvas, terminal) == .written else { return }
        }
        try finish(standing)
    }

    private func finish(_ standing: Standing) throws {
        let isWell = standing.sandboxes.allSatisfy { $0.phase != .failed && $0.phase != .degraded }
        if !isWell { throw ExitCode(ExitStatus.failure.rawValue) }
    }

    private func redraw(_ standing: Standing, on canvas: inout Canvas, _ terminal: Terminal) -> Terminal.Delivery {
        let display = terminal.display
        return terminal.write(
            sandbox == nil
                ? canvas.draw(StatusTable(standing), in: display) : canvas.draw(StatusDetail(standing), in: display))
    }

    private func show(_ standing: Standing, on terminal: Terminal) {
        let display = terminal.display
        terminal.write(
            sandbox == nil ? StatusTable(standing).text(in: display) : StatusDetail(standing).text(in: display))
    }
}
