package import Model
package import Planner
internal import ServiceLifecycle

/// Keeps every sandbox at what the newest commit wants, until told to stop.
///
/// When to do what is decided by one ``ReconcileLoop`` a subject, and one for the look at everything; this actor gives
/// them a clock and carries out their commands. On graceful shutdown it starts nothing new and lets running steps end.
package actor Fleet<Time: Clock>: Service where Time.Duration == Duration, Time.Instant: Sendable {
    /// How many subjects are worked on at once.
    static var widest: Int { 16 }
    /// How many observations of one sandbox are kept for the next plan's cause.
    static var mostObservations: Int { 4 }

    typealias Loop = ReconcileLoop<Time.Instant>

    /// What a loop is about.
    enum Topic: Hashable, Sendable {
        case everything
        case subject(Plan.Subject)
    }

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
        package var branch: String
        package var processID: Int32?

        package init(
            interval: Duration = .seconds(30), firstRetry: Duration = .seconds(1),
            longestRetry: Duration = .seconds(60), policy: PlanPolicy = PlanPolicy(), branch: String,
            processID: Int32?
        ) {
            self.interval = interval
            self.firstRetry = firstRetry
            self.longestRetry = longestRetry
            self.policy = policy
            self.branch = branch
            self.processID = processID
        }
    }

    let source: any DesiredSource
    let hosts: [NodeName: any Host]
    let journal: any Journal
    let pools: Pools
    let pass: Pass
    let surroundings: Surroundings
    let settings: Settings

    private let clock: Time
    private let commands: AsyncStream<Command>
    private let send: AsyncStream<Command>.Continuation
    private var loops: [Topic: Loop] = [:]
    private var queue: [Topic] = []
    private var running = 0
    private(set) var isStopping = false

    var desired: DesiredState?
    /// Sandboxes in no manifest whose deletion was found to be within the budget, or consented to.
    var deletable: Set<SandboxName> = []
    var statuses: [SandboxName: SandboxStatus] = [:]
    var observations: [SandboxName: [String]] = [:]
    var notices: [String] = []

    package init(
        source: any DesiredSource, hosts: [NodeName: any Host], journal: any Journal, pools: Pools,
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
                for await _ in self.source.changes().cancelOnGracefulShutdown() { await self.lookAgain() }
            }
            for host in hosts.values {
                group.addTask {
                    for await hint in host.changes().cancelOnGracefulShutdown() { await self.heed(hint) }
                }
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

    /// Asks for a look at everything soon. Safe to call at any rate: triggers coalesce.
    package func lookAgain() { handle(.triggered, of: .everything) }

    func trigger(_ subject: Plan.Subject) { handle(.triggered, of: .subject(subject)) }

    private func heed(_ hint: Hint) {
        switch hint {
        case .everything:
            lookAgain()
        case .sandbox(let sandbox, let what):
            // What we do ourselves is heard as well; a pass that finds nothing to do is cheap.
            observations[sandbox, default: []].append(what)
            if let count = observations[sandbox]?.count, count > Self.mostObservations {
                observations[sandbox]?.removeFirst()
            }
            trigger(.sandbox(sandbox))
        }
    }

    // MARK: Loops

    /// Synchronous, so that no other event can come between a decision and its command.
    private func handle(_ event: Loop.Event, of topic: Topic) {
        let now = clock.now
        var loop = loops[topic] ?? Loop(policy: policy(of: topic), now: now)
        let command = loop.handle(event, at: now)
        loops[topic] = loop
        switch command {
        case .reconcile?:
            queue.append(topic)
            startNext()
        case .wake(let due)?: send.yield(.wake(topic, at: due))
        case nil: break
        }
    }

    private func policy(of topic: Topic) -> Loop.Policy {
        let interval: Duration? = topic == .everything ? settings.interval : nil
        return Loop.Policy(
            interval: interval, firstRetry: settings.firstRetry, longestRetry: settings.longestRetry)
    }

    private func startNext() {
        while !isStopping, running < Self.widest, !queue.isEmpty {
            running += 1
            send.yield(.run(queue.removeFirst()))
        }
    }

    private func work(on topic: Topic) async {
        let isWell =
            switch topic {
            case .everything: await look()
            case .subject(let subject): await converge(subject)
            }
        running -= 1
        handle(isWell ? .passed : .failed, of: topic)
        startNext()
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
