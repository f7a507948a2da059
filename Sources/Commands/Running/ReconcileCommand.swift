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
        commandName: "reconcile", abstract: "Bring every node to a commit once, or show what that would do.",
        discussion: """
            With --dry-run nothing is touched: the plan is printed, and the exit code says 0 nothing to do, 2 there are \
            changes, 3 more deletions than the budget allows, 5 the observation is incomplete, 1 an error. Without it, \
            the command waits until all is healthy, and where a daemon serves the data directory it asks that one. With \
            --agents it serves agents for as long, and waits 20 s for those of declared nodes.
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var making: WorkshopOptions
    @OptionGroup var agents: AgentsOptions

    /// How long the agents of declared nodes are waited for.
    static let arrival = Duration.seconds(20)

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
        guard agents.agents == nil || !dryRun else {
            throw ValidationError(
                "--agents does not go with --dry-run; other nodes are seen through a running berth serve")
        }
        guard allowDeletions >= 0 else { throw ValidationError("--allow-deletions takes a number from 0") }
    }

    func run() async throws {
        if dryRun { return try await showPlan() }
        let terminal = Terminal.standard()
        let done: Void? = try await Installation.opened(data, node, making, agents, logger: .standard(.error)) {
            try await converge($0, terminal)
        }
        if done == nil { try await ask(terminal) }
    }

    // MARK: Looking

    private func showPlan() async throws {
        let only = sandbox.isEmpty ? nil : Set(try sandbox.map { try SandboxName(slugging: $0) })
        let dry = try await DryRun.take(
            repository, data, node, making, revision: revision, only: only, consented: allowDeletions)
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
        let source = try repository.source(mirror: installation.directory.mirror)
        let loader = ManifestLoader(source: source)
        let wanted: Revision = if let revision { try await source.resolve(revision) } else { try await source.head() }
        let desired = try await loader.load(wanted)
        let name = try installation.localName(in: desired, node)
        try await consent(at: wanted.commit, in: installation.journal)
        let (ending, plan) = try await installation.leased {
            try await installation.withAgents(of: Set(desired.nodes.keys), beside: name, for: Self.arrival) {
                let fleet = try await installation.fleet(
                    FixedRevision(wanted, from: loader), name: name, branch: repository.branch, interval: .seconds(30))
                let follow = Follow(
                    journal: installation.journal, target: wanted.commit, since: .now, timeout: timeout)
                let ending = try await run(fleet, while: follow, on: terminal)
                // Stopped by a person: nobody waits for a further look.
                let plan = ending == .stopped ? nil : try await look(desired, installation, name)
                return (ending, plan)
            }
        }
        guard ending != .stopped else { throw Complaint("stopped; the next berth reconcile goes on from here") }
        try await conclude(ending, wanted, plan, installation.journal)
    }

    private func look(_ desired: DesiredState, _ installation: Installation, _ name: NodeName?) async throws
        -> FleetPlan
    {
        var applied: [SandboxName: CommitID] = [:]
        for status in try await installation.journal.statuses() { applied[status.sandbox] = status.applied }
        let hosts = installation.hosts(name)
        let pools = AllocationTable(held: try await installation.journal.allocations())
        return await Survey.take(
            of: desired, on: hosts.observers,
            placing: Placement.Circumstances(pools.places, try await installation.journal.cordons()), applied: applied,
            consented: allowDeletions, policy: installation.policy, pools: pools, patience: WorkshopOptions.patience
        ).plan
    }

    /// Runs the fleet until the journal says that it is where it should be, then stops it in order.
    private func run(
        _ fleet: Fleet<ContinuousClock>, while follow: Follow, on terminal: Terminal
    ) async throws -> Follow.Ending {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: fleet, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: .standard(.critical))
        configuration.maximumGracefulShutdownDuration = ServeCommand.longestShutdown
        let group = ServiceGroup(configuration: configuration)
        let newest = try await Follow.newest(in: follow.journal)
        return try await withThrowingTaskGroup(of: Follow.Ending?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                let ending = try await watch(follow, from: newest, on: terminal)
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

    private func watch(_ follow: Follow, from last: Int64, on terminal: Terminal) async throws -> Follow.Ending {
        var view = ProgressView(display: terminal.display, now: .now)
        let ending = try await follow.run(from: last) { events in
            view.resize(to: terminal.display)
            terminal.write(view.feed(events.map(\.event), now: .now))
            terminal.write(view.tick(now: .now))
        }
        terminal.write(view.finish(now: .now))
        return ending
    }

    private func conclude(
        _ ending: Follow.Ending, _ revision: Revision?, _ plan: FleetPlan?, _ journal: SQLiteJournal
    ) async throws {
        let conclusion = Conclusion(
            ending, try await journal.statuses(), notices: try await journal.fleetStatus()?.notices ?? [], plan: plan,
            timeout: timeout)
        guard conclusion.status != .failure else {
            throw Complaint(conclusion.sentences.joined(separator: "\n"))
        }
        for sentence in conclusion.sentences { Terminal.complain(sentence) }
        if conclusion.status == .success { Terminal.say("All is as \(revision?.commit.short ?? "?") wants it.") }
        try finish(conclusion.status)
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
        let beginning = try await Follow.beginning(in: journal)
        let follow = Follow(journal: journal, target: nil, since: .now, timeout: timeout)
        try Nudges(directory: directory).send()
        let ending = try await watch(follow, from: beginning, on: terminal)
        try await conclude(ending, try await journal.fleetStatus()?.head, nil, journal)
    }

    private func consent(at commit: CommitID, in journal: SQLiteJournal) async throws {
        guard allowDeletions > 0 else { return }
        try await journal.consent(to: allowDeletions, at: commit, by: NSUserName(), time: .now)
    }
}
