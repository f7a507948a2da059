internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Git
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import SQLiteJournal
internal import ServiceLifecycle
internal import UnixSignals

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Bring this machine to a commit once, or show what that would do.",
        discussion: """
            With --dry-run nothing is touched: the plan is printed, and the exit code says 0 nothing to do, 2 there are \
            changes, 3 more deletions than the budget allows, 5 the observation is incomplete, 1 an error. Without it, \
            the command waits until all is healthy, and where a daemon serves the data directory it asks that one.
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions

    @Flag(help: "Show the plan and touch nothing.")
    var dryRun = false

    @Option(help: "A branch, tag or commit instead of the newest of the branch.")
    var revision: String?

    @Option(help: "Plan only this sandbox (dry run); may be given several times.")
    var sandbox: [String] = []

    @Option(name: .shortAndLong, help: "How the plan is written: text or json.")
    var output = OutputFormat.text

    @Option(help: "How long to wait for everything to be healthy, such as 5m.", transform: parseDuration)
    var timeout = Duration.seconds(600)

    @Option(help: "Consent to this many deletions at this commit.")
    var allowDeletions = 0

    func validate() throws {
        guard sandbox.isEmpty || dryRun else {
            throw ValidationError("--sandbox goes with --dry-run; a commit is converged to as a whole")
        }
        guard allowDeletions >= 0 else { throw ValidationError("--allow-deletions takes a number from 0") }
    }

    func run() async throws {
        if dryRun { return try await showPlan() }
        let terminal = Terminal.standard()
        if let installation = try Installation(data, node, logger: .standard(.error)) {
            do {
                try await converge(installation, terminal)
            } catch {
                await installation.engine.shutdown()
                throw error
            }
        } else {
            try await ask(terminal)
        }
    }

    // MARK: Looking

    private func showPlan() async throws {
        let only = sandbox.isEmpty ? nil : Set(try sandbox.map { try SandboxName(slugging: $0) })
        let dry = try await DryRun.take(
            repository, data, node, revision: revision, only: only, consented: allowDeletions)
        if let stranger = only?.subtracting(dry.known).min() {
            let known = dry.known.sorted().map(\.text).joined(separator: ", ")
            throw Complaint("there is no sandbox \(stranger); there are: \(known.isEmpty ? "none" : known)")
        }
        switch output {
        case .text: Terminal.say(PlanText(of: dry.plan, heading: dry.heading).text)
        case .json: Terminal.say(PlanJSON(of: dry.plan).text)
        }
        try finish(ExitStatus(of: dry.plan))
    }

    private func finish(_ status: ExitStatus) throws {
        if status != .success { throw ExitCode(status.rawValue) }
    }

    // MARK: Acting here

    private func converge(_ installation: Installation, _ terminal: Terminal) async throws {
        try await installation.acquireLease()
        let source = try repository.source(mirror: installation.directory.mirror)
        let loader = ManifestLoader(source: source)
        let wanted: Revision = if let revision { try await source.resolve(revision) } else { try await source.head() }
        let desired = try await loader.load(wanted)
        try await consent(at: wanted.commit, in: installation.journal)
        let name = try node.name(in: desired)
        let fleet = try await installation.fleet(
            FixedRevision(wanted, from: loader), node: name, branch: repository.branch, interval: .seconds(30))
        let follow = Follow(journal: installation.journal, target: wanted.commit, since: .now, timeout: timeout)
        let ending = try await run(fleet, while: follow, on: terminal)

        let host = installation.host(for: name)
        let survey = await Survey.take(
            of: desired, on: [name: host], applied: [:], consented: allowDeletions, policy: PlanPolicy(),
            pools: AllocationTable(held: try await installation.journal.allocations()))
        await installation.close()
        try conclude(ending, survey.plan)
    }

    /// Runs the fleet until the journal says that it is where it should be, then stops it in order.
    private func run(
        _ fleet: Fleet<ContinuousClock>, while follow: Follow, on terminal: Terminal
    ) async throws -> Follow.Ending {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: fleet)], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .standard(.error)))
        return try await withThrowingTaskGroup(of: Follow.Ending?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                let ending = try await watch(follow, on: terminal)
                await group.triggerGracefulShutdown()
                return ending
            }
            var ending: Follow.Ending?
            for try await result in tasks {
                if let result { ending = result } else { tasks.cancelAll() }
            }
            return ending ?? .stopped
        }
    }

    private func watch(_ follow: Follow, on terminal: Terminal) async throws -> Follow.Ending {
        let last = try await follow.beginning()
        var view = ProgressView(display: terminal.display, now: .now)
        let ending = try await follow.run(from: last) { events in
            view.resize(to: terminal.display)
            terminal.write(view.feed(events.map(\.event), now: .now))
            terminal.write(view.tick(now: .now))
        }
        terminal.write(view.finish(now: .now))
        return ending
    }

    private func conclude(_ ending: Follow.Ending, _ plan: FleetPlan) throws {
        for problem in plan.problems { Terminal.complain("\(problem)") }
        switch ending {
        case .settled:
            let status = ExitStatus(of: plan)
            if let held = plan.heldDeletions { Terminal.complain(held.sentence) }
            for spot in plan.blindSpots { Terminal.complain(spot) }
            if status == .changes { throw Complaint("something changed while it was looked at; run it again") }
            if status == .success { Terminal.say("All is as \(plan.revision.commit.short) wants it.") }
            try finish(status)
        case .failed(let sentences):
            throw Complaint(sentences.joined(separator: "\n"))
        case .timedOut(let sentences):
            throw Complaint("not there after \(timeout): " + sentences.joined(separator: "; "))
        case .stopped:
            throw Complaint("stopped; the next berth reconcile goes on from here")
        }
    }

    // MARK: Asking the daemon

    private func ask(_ terminal: Terminal) async throws {
        let directory = data.directory
        guard revision == nil else {
            throw Complaint("a berth serves \(directory.path) and follows its branch; push there, or stop it first")
        }
        let journal = try SQLiteJournal(path: directory.journal)
        let before = try await journal.fleetStatus()
        if allowDeletions > 0 {
            guard let head = before?.head else { throw Complaint("the daemon has seen no commit yet; try again") }
            try await consent(at: head.commit, in: journal)
        }
        let since = Timestamp.now
        try Nudges(directory: directory).send()
        let ending = try await watch(
            Follow(journal: journal, target: nil, since: since, timeout: timeout), on: terminal)
        let after = try await journal.fleetStatus()
        for notice in after?.notices ?? [] { Terminal.complain(notice) }
        let isHeld = try await journal.statuses().contains { $0.phase == .held }
        switch ending {
        case .settled where isHeld: try finish(.deletionsHeld)
        case .settled where !(after?.notices ?? []).isEmpty: try finish(.failure)
        case .settled: Terminal.say("All is as \(after?.head?.commit.short ?? "?") wants it.")
        case .failed(let sentences): throw Complaint(sentences.joined(separator: "\n"))
        case .timedOut(let sentences):
            throw Complaint("not there after \(timeout): " + sentences.joined(separator: "; "))
        case .stopped: throw Complaint("stopped; the daemon goes on")
        }
    }

    private func consent(at commit: CommitID, in journal: SQLiteJournal) async throws {
        guard allowDeletions > 0 else { return }
        try await journal.consent(to: allowDeletions, at: commit, by: NSUserName(), time: .now)
    }
}
