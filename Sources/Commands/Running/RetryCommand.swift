internal import ArgumentParser
internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try again what failed: builds that would otherwise wait for another commit.",
        discussion: "A build that failed is not tried again by itself, for the same commit fails the same way.")

    @Argument(help: "SANDBOX, or SANDBOX/SERVICE.")
    var sandbox: String

    @OptionGroup var data: DataOptions

    func run() async throws {
        let reader = try JournalReader(data)
        let directory = data.directory
        let addressee = try Addressee(sandbox)
        let status = try addressee.status(in: try await reader.journal.statuses())
        let failures = Failures(directory.workshop)
        let concerned = try await concerned(failures.all(), addressee, status, in: reader.journal)
        for failure in concerned {
            let title = Self.title(failure)
            let isForgotten = try failures.forget(failure.piece)
            Terminal.say(
                isForgotten
                    ? "\(title): \(failure.stage.rawValue) is tried again" : "\(title): it is worked on already")
        }
        if concerned.isEmpty {
            Terminal.say("No build of \(addressee.description) has failed.")
            if addressee.service != nil {
                let whole = try Addressee(addressee.sandbox.text)
                for failure in try await self.concerned(failures.all(), whole, status, in: reader.journal) {
                    Terminal.say("\(Self.title(failure)) has: berth retry \(whole.description)")
                }
            }
            switch status.phase {
            case .ready, .suspended, .held, .deleting: return
            // What the net or a health check kept from it is tried again at once instead of after its pause.
            case .failed, .degraded, .pending, .progressing, .unknown: break
            }
        }
        guard directory.isHeld else {
            return Terminal.say("No berth serves \(directory.path); berth serve or berth reconcile tries it.")
        }
        try Nudges(directory: directory).send()
        Terminal.say("The daemon was asked to look; berth status \(addressee.sandbox) shows what comes of it.")
    }

    /// Those of the newest workpieces of the sandbox's services. Where the journal remembers none, as one that was
    /// deleted does not, those that its status tells of.
    private func concerned(
        _ all: [Failures.Failure], _ addressee: Addressee, _ status: SandboxStatus, in journal: SQLiteJournal
    ) async throws -> [Failures.Failure] {
        func isMeant(_ service: ServiceName) -> Bool { addressee.service.map { $0 == service } ?? true }
        let known = try await MadeOf(addressee.sandbox, in: journal).pieces
        if !known.isEmpty {
            let pieces = Set(known.filter { isMeant($0.key) }.values)
            return all.filter { pieces.contains($0.piece) }
        }
        return all.filter { status.blames($0.reference, $0.commit, for: addressee.service) }
    }

    private static func title(_ failure: Failures.Failure) -> String {
        "\(failure.repository) \(spoken(failure.reference, at: failure.commit.short))"
    }
}
