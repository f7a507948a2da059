internal import Model
package import Planner
internal import ServiceLifecycle

/// Keeps every sandbox at what the newest commit wants, until told to stop.
///
/// When to do what is decided by one ``ReconcileLoop`` a subject, and one for the look at everything; this actor gives
/// them a clock and carries out their commands. The look waits for no subject, so that a commit is seen however many
/// passes hang on an earlier one. On graceful shutdown it starts nothing new and lets running steps end.
package actor Fleet<Time: Clock>: Service where Time.Duration == Duration, Time.Instant: Sendable {
    /// How many subjects are worked on at once.
    static var widest: Int { 16 }
    /// How many workpieces and bundles are worked on at once beside them; of those that build, a node's own width runs.
    static var mostPieces: Int { 8 }
    /// How many observations of one sandbox are kept for the next plan's cause.
    static var mostObservations: Int { 4 }

    typealias Loop = ReconcileLoop<Time.Instant>

    /// What a loop is about.
    enum Topic: Hashable, Sendable {
        case everything
        case subject(Plan.Subject)
    }

    /// What may take minutes has a lane of its own, so that it holds up no repair.
    private enum Lane: Hashable, CaseIterable { case sandboxes, pieces }

    private enum Command: Sendable {
        case run(Topic)
        case wake(Topic, at: Time.Instant)
    }

    package struct Settings: Sendable {
        /// The time between two looks at everything.
        package var interval: Duration
        package var firstRetry: Duration
        package var longestRetry: Duration
        package var policy: PlanPolicy
        /// How long a node may be away before its sandboxes are told of as unknown.
        package var unknownAfter: Duration
        package var branch: String
        package var processID: Int32?

        package init(
            interval: Duration = .seconds(30), firstRetry: Duration = .seconds(1),
            longestRetry: Duration = .seconds(60), policy: PlanPolicy = PlanPolicy(),
            unknownAfter: Duration = .seconds(300), branch: String, processID: Int32?
        ) {
            self.interval = interval
            self.firstRetry = firstRetry
            self.longestRetry = longestRetry
            self.policy = policy
            self.unknownAfter = unknownAfter
            self.branch = branch
            self.processID = processID
        }
    }

    let source: any DesiredSource
    let hosts: any Hosts
    let journal: any Journal
    let pools: Pools
    let pass: Pass
    let surroundings: Surroundings
    let settings: Settings

    let clock: Time
    private let commands: AsyncStream<Command>
    private let send: AsyncStream<Command>.Continuation
    private var loops: [Topic: Loop] = [:]
    private var queues: [Lane: [Topic]] = [:]
    private var running: [Lane: Int] = [:]
    private(set) var isStopping = false

    /// What the newest commit says.
    var declared: DesiredState?
    /// The same, with a node for every sandbox that has one.
    var desired: DesiredState?
    /// Sandboxes in no manifest whose deletion was found to be within the budget, or consented to.
    var deletable: Set<SandboxName> = []
    /// Those whose deletion ended since the look that is under way began: it still saw them.
    var departed: Set<SandboxName> = []
    /// What each sandbox waits for.
    var waiting: [SandboxName: [Wait]] = [:]
    /// What is made because somebody waits for it.
    var orders: [Workpiece.ID: PieceOrder] = [:]
    /// Sandboxes whose waits were learnt since the look that is under way began: it may have seen less.
    var freshlyWaiting: Set<SandboxName> = []
    /// Whether the ledger may hold workpieces that never came to be: one was begun since it was looked at.
    var isLedgerStale = true
    /// Workpieces that nobody refers to, as the last look saw it.
    var discardable: Set<Workpiece.ID> = []
    var statuses: [SandboxName: SandboxStatus] = [:]
    /// The newest commit that each sandbox stood at. It differs from what is applied where an older version is kept.
    var reached: [SandboxName: CommitID] = [:]
    var observations: [SandboxName: [String]] = [:]
    /// What the last pass of each subject was toward.
    var tried: [Plan.Subject: Wish] = [:]
    /// What the last pass of each subject ended with, where it did not end well.
    var complaints: [Plan.Subject: Complaint] = [:]
    /// Subjects whose pass has begun to act.
    var acting: Set<Plan.Subject> = []
    /// Gateways at which something is to be done.
    var unready: Set<GatewayName> = []
    /// Nodes that the last look could not see, and since when that is so.
    var away: [NodeName: Time.Instant] = [:]
    /// Nodes that take no new sandboxes, by a person's word.
    var cordoned: Set<NodeName> = []
    /// Nodes that a look has seen since we run: whatever we placed there is known.
    var known: Set<NodeName> = []
    /// The nodes at which each subject has anything, as the last look saw it.
    var traces: [Plan.Subject: Set<NodeName>] = [:]
    /// Whether a person asked for the next look.
    var isAsked = false
    /// What the last look found wrong; a sentence each.
    var trouble: [String] = []
    /// What was told last.
    var notices: [String] = []
    var fleetStatus: FleetStatus?

    package init(
        source: any DesiredSource, hosts: any Hosts, journal: any Journal, pools: Pools,
        surroundings: Surroundings, clock: Time, settings: Settings
    ) {
        self.source = source
        self.hosts = hosts
        self.journal = journal
        self.pools = pools
        self.surroundings = surroundings
        self.clock = clock
        self.settings = settings
        pass = Pass(hosts: hosts, journal: journal, pools: pools, surroundings: surroundings)
        // Bounded by what is in it: one loop a topic never has more than a run and an alarm outstanding.
        (commands, send) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    package func run() async {
        await restore()
        handle(.woke, of: .everything)
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in self.source.changes().cancelOnGracefulShutdown() { await self.lookSoon() }
            }
            group.addTask {
                for await hint in self.hosts.changes().cancelOnGracefulShutdown() { await self.heed(hint) }
            }
            for await command in commands.cancelOnGracefulShutdown() {
                switch command {
                case .run(let topic): group.addTask { await self.work(on: topic) }
                case .wake(let topic, let due): group.addTask { await self.sleep(until: due, for: topic) }
                }
            }
            isStopping = true
        }
    }

    /// A person asks for a look at everything soon, and for another try at what failed. Safe to call at any rate: these
    /// coalesce.
    package func lookAgain() {
        isAsked = true
        lookSoon()
    }

    /// What it remembers anything of.
    package var remembered: Set<Plan.Subject> {
        let subjects = loops.keys.compactMap { if case .subject(let subject) = $0 { subject } else { nil } }
        return Set(subjects).union(observations.keys.map { .sandbox($0) }).union(tried.keys).union(complaints.keys)
    }

    private func lookSoon() { handle(.triggered, of: .everything) }

    func trigger(_ subject: Plan.Subject) { handle(.triggered, of: .subject(subject)) }

    /// The same for what may be our own doing.
    func hint(_ subject: Plan.Subject) { handle(.hinted, of: .subject(subject)) }

    private func heed(_ hint: Hint) {
        switch hint {
        case .everything:
            lookSoon()
        case .sandbox(let sandbox, let what):
            guard isKnown(.sandbox(sandbox)) else { return }
            // What we do ourselves is heard as well; a pass that finds nothing to do is cheap.
            observations[sandbox, default: []].append(what)
            if let count = observations[sandbox]?.count, count > Self.mostObservations {
                observations[sandbox]?.removeFirst()
            }
            self.hint(.sandbox(sandbox))
        case .code(let code, let what):
            for sandbox in desired?.followers(of: code) ?? [] {
                observations[sandbox, default: []].append(what)
                trigger(.sandbox(sandbox))
            }
        }
    }

    /// Whether it is declared, on its way out, or told of.
    private func isKnown(_ subject: Plan.Subject) -> Bool {
        switch subject {
        case .gateway(let name): desired?.gateways[name] != nil || unready.contains(name)
        case .bundle(let name): desired?.bundles[name] != nil
        case .workpiece(let id): orders[id] != nil || discardable.contains(id)
        case .sandbox(let name):
            desired?.sandboxes[name] != nil || deletable.contains(name) || statuses[name] != nil
        }
    }

    // MARK: Loops

    /// Synchronous, so that no other event can come between a decision and its command.
    private func handle(_ event: Loop.Event, of topic: Topic) {
        let now = clock.now
        // The alarm of one that is forgotten.
        if case .woke = event, topic != .everything, loops[topic] == nil { return }
        var loop = loops[topic] ?? Loop(policy: policy(of: topic), now: now)
        let command = loop.handle(event, at: now)
        loops[topic] = loop
        switch (command, topic) {
        case (.reconcile?, .everything):
            if !isStopping { send.yield(.run(topic)) }
        case (.reconcile?, .subject):
            queues[lane(of: topic), default: []].append(topic)
            startNext()
        case (.wake(let due)?, _): send.yield(.wake(topic, at: due))
        case (nil, _): break
        }
    }

    private func policy(of topic: Topic) -> Loop.Policy {
        let interval: Duration? = topic == .everything ? settings.interval : nil
        return Loop.Policy(
            interval: interval, firstRetry: settings.firstRetry, longestRetry: settings.longestRetry)
    }

    private func lane(of topic: Topic) -> Lane {
        switch topic {
        case .everything, .subject(.gateway), .subject(.sandbox): .sandboxes
        case .subject(.bundle), .subject(.workpiece): .pieces
        }
    }

    private func startNext() {
        for lane in Lane.allCases {
            let widest = lane == .sandboxes ? Self.widest : Self.mostPieces
            while !isStopping, running[lane, default: 0] < widest, let next = queues[lane]?.first {
                queues[lane]?.removeFirst()
                running[lane, default: 0] += 1
                send.yield(.run(next))
            }
        }
    }

    private func work(on topic: Topic) async {
        switch topic {
        case .everything:
            handle(await look() ? .passed : .failed, of: topic)
        case .subject(let subject):
            let isWell = await converge(subject)
            running[lane(of: topic), default: 1] -= 1
            handle(isWell ? .passed : .failed, of: topic)
            drop(subject)
            startNext()
        }
    }

    /// Forgets a subject that is no more, unless a pass of it runs; then the end of that does.
    func drop(_ subject: Plan.Subject) {
        guard !isKnown(subject), loops[.subject(subject)]?.isRunning != true else { return }
        loops[.subject(subject)] = nil
        tried[subject] = nil
        complaints[subject] = nil
        acting.remove(subject)
        guard case .sandbox(let name) = subject else { return }
        stopWaiting(name)
        observations[name] = nil
        reached[name] = nil
    }

    private func sleep(until due: Time.Instant, for topic: Topic) async {
        do {
            try await cancelWhenGracefulShutdown { try await self.clock.sleep(until: due, tolerance: nil) }
            handle(.woke, of: topic)
        } catch {
            // Cancelled: we are stopping, and there is nobody to wake.
        }
    }
}
