package import Model

/// What Berth remembers: passes and events for people, the ledger and allocations for itself. Losing it costs history
/// and nothing else: what runs is found again by its labels.
package protocol Journal: Sendable {
    // MARK: The ledger: entered before a thing is made, settled after it is gone

    func enter(_ entry: LedgerEntry) async throws(JournalError)
    func settle(_ uid: ResourceUID) async throws(JournalError)
    /// Entries not settled.
    func openEntries(of sandbox: SandboxName) async throws(JournalError) -> [LedgerEntry]
    func openEntries() async throws(JournalError) -> [LedgerEntry]

    func allocations() async throws(JournalError) -> [Allocation]
    /// All or none; fails as `.conflict` where one is held by another sandbox.
    func reserve(_ allocations: [Allocation]) async throws(JournalError)
    func release(_ allocations: [Allocation]) async throws(JournalError)

    // MARK: History

    func begin(_ pass: PassRecord) async throws(JournalError) -> PassID
    func record(_ step: StepRecord, of pass: PassID) async throws(JournalError)
    func end(_ pass: PassID, _ outcome: PassOutcome, at time: Timestamp, message: String) async throws(JournalError)
    /// The newest pass that made each of these, as far as they are remembered.
    func passes(making pieces: Set<Workpiece.ID>) async throws(JournalError) -> [Workpiece.ID: PassSummary]
    /// Every step of a pass as it was recorded, in order of time.
    func steps(of pass: PassID) async throws(JournalError) -> [StepRecord]
    /// Newest first.
    func passes(of sandbox: SandboxName?, limit: Int) async throws(JournalError) -> [PassSummary]
    func append(_ event: EventRecord) async throws(JournalError)
    /// Oldest first, those after `id`; the newest `limit` of them.
    func events(after id: Int64, sandbox: SandboxName?, limit: Int) async throws(JournalError) -> [StoredEvent]

    // MARK: Where things stand

    func put(_ status: SandboxStatus) async throws(JournalError)
    func forget(_ sandbox: SandboxName) async throws(JournalError)
    /// In order of name.
    func statuses() async throws(JournalError) -> [SandboxStatus]
    func put(_ status: FleetStatus) async throws(JournalError)
    func fleetStatus() async throws(JournalError) -> FleetStatus?

    // MARK: Nodes

    func put(_ status: NodeStatus) async throws(JournalError)
    func forget(_ node: NodeName) async throws(JournalError)
    /// In order of name.
    func nodeStatuses() async throws(JournalError) -> [NodeStatus]
    /// A person's word about a node; in force until it is lifted.
    func put(_ cordon: Cordon) async throws(JournalError)
    func lift(_ node: NodeName) async throws(JournalError)
    /// In order of name.
    func cordons() async throws(JournalError) -> [Cordon]

    // MARK: Consent to deletions, given by a person for one commit

    func consent(to deletions: Int, at commit: CommitID, by who: String, time: Timestamp) async throws(JournalError)
    func consentedDeletions(at commit: CommitID) async throws(JournalError) -> Int
}

package struct JournalError: Error, Hashable, CustomStringConvertible {
    package enum Failure: String, Hashable, Sendable {
        /// Somebody else holds it.
        case conflict
        /// The disk is full, the file is damaged, the database is locked.
        case unavailable
    }

    package let operation: String
    package let failure: Failure
    package let message: String

    package init(_ operation: String, _ failure: Failure, _ message: String) {
        self.operation = operation
        self.failure = failure
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}

/// One thing we are about to make, or made.
package struct LedgerEntry: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable { case container, network, worktree, image }

    package let uid: ResourceUID
    package let kind: Kind
    package let name: String
    package let node: NodeName
    /// `nil` for what no one sandbox has to itself: what is made of a commit.
    package let sandbox: SandboxName?
    package let enteredAt: Timestamp

    package init(
        uid: ResourceUID, kind: Kind, name: String, node: NodeName, sandbox: SandboxName?, enteredAt: Timestamp
    ) {
        self.uid = uid
        self.kind = kind
        self.name = name
        self.node = node
        self.sandbox = sandbox
        self.enteredAt = enteredAt
    }
}

package struct PassID: Hashable, Sendable {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// One attempt to bring one subject to one revision: a sandbox, a workpiece, or a gateway or bundle where neither is
/// named.
package struct PassRecord: Hashable, Sendable {
    package let sandbox: SandboxName?
    /// What is made, where that is what the pass is about.
    package let piece: Workpiece.ID?
    /// What the containers of its plan are made of.
    package let origins: [Origin]
    package let revision: CommitID
    package let cause: String
    package let startedAt: Timestamp
    /// The plan as text.
    package let plan: String
    package let steps: Int

    /// One service of a pass beside the code it runs.
    package struct Origin: Hashable, Sendable {
        package let service: ServiceName?
        package let repository: RepositoryName
        /// Branch, tag or commit as it was asked for.
        package let reference: String
        package let commit: CommitID
        package let piece: Workpiece.ID
        /// The environments its container is given.
        package let environments: [EnvironmentName]

        package init(
            service: ServiceName?, repository: RepositoryName, reference: String, commit: CommitID,
            piece: Workpiece.ID, environments: [EnvironmentName] = []
        ) {
            self.service = service
            self.repository = repository
            self.reference = reference
            self.commit = commit
            self.piece = piece
            self.environments = environments
        }
    }

    package init(
        sandbox: SandboxName?, revision: CommitID, cause: String, startedAt: Timestamp, plan: String, steps: Int,
        piece: Workpiece.ID? = nil, origins: [Origin] = []
    ) {
        self.sandbox = sandbox
        self.piece = piece
        self.origins = origins
        self.revision = revision
        self.cause = cause
        self.startedAt = startedAt
        self.plan = plan
        self.steps = steps
    }
}

package enum PassOutcome: String, Hashable, Sendable, CaseIterable {
    case applied, failed
    /// A newer revision came between.
    case superseded
    /// Found half done after a crash.
    case abandoned
}

package struct StepRecord: Hashable, Sendable {
    package enum Result: String, Hashable, Sendable, CaseIterable { case started, completed, failed, skipped }

    package let index: Int
    package let action: String
    package let service: ServiceName?
    package let cause: String
    package let result: Result
    package let at: Timestamp
    package let message: String

    package init(
        index: Int, action: String, service: ServiceName?, cause: String, result: Result, at: Timestamp,
        message: String
    ) {
        self.index = index
        self.action = action
        self.service = service
        self.cause = cause
        self.result = result
        self.at = at
        self.message = message
    }
}

package struct PassSummary: Hashable, Sendable {
    package let id: PassID
    package let record: PassRecord
    /// `nil` while it runs.
    package let outcome: PassOutcome?
    package let endedAt: Timestamp?
    package let message: String

    package init(id: PassID, record: PassRecord, outcome: PassOutcome?, endedAt: Timestamp?, message: String) {
        self.id = id
        self.record = record
        self.outcome = outcome
        self.endedAt = endedAt
        self.message = message
    }
}

/// One line of `berth events`.
package struct EventRecord: Hashable, Sendable {
    package let at: Timestamp
    package let sandbox: SandboxName?
    package let service: ServiceName?
    /// What is made, where the event is of that and not of one sandbox.
    package let piece: Workpiece.ID?
    /// A stable word: `pass.started`, `step.completed`, `drift`, `manifest.problem`.
    package let kind: String
    package let message: String
    package let cause: String
    package let revision: CommitID?

    package init(
        at: Timestamp, sandbox: SandboxName? = nil, service: ServiceName? = nil, kind: String, message: String,
        cause: String, revision: CommitID? = nil, piece: Workpiece.ID? = nil
    ) {
        self.piece = piece
        self.at = at
        self.sandbox = sandbox
        self.service = service
        self.kind = kind
        self.message = message
        self.cause = cause
        self.revision = revision
    }
}

package struct StoredEvent: Hashable, Sendable {
    package let id: Int64
    package let event: EventRecord

    package init(id: Int64, event: EventRecord) {
        self.id = id
        self.event = event
    }
}

/// Where one sandbox stands. Attempted, applied and healthy are three revisions, for they differ when it matters.
package struct SandboxStatus: Hashable, Sendable {
    package enum Phase: String, Hashable, Sendable, CaseIterable {
        case pending = "Pending"
        case progressing = "Progressing"
        case ready = "Ready"
        case degraded = "Degraded"
        case suspended = "Suspended"
        case failed = "Failed"
        case deleting = "Deleting"
        /// In no manifest any more; its deletion waits for a person.
        case held = "Held"
        /// Its node has been away for long: nobody knows how it is. What runs there runs on.
        case unknown = "Unknown"
    }

    package struct Service: Hashable, Sendable {
        package let name: ServiceName
        /// `branch feature/login`, `baseline`, `target`.
        package let use: String
        /// `Healthy`, `Starting`, `Unhealthy`, `Stopped`, `-`.
        package let health: String
        /// Where its requests go now; empty where it has no route.
        package let target: String

        package init(name: ServiceName, use: String, health: String, target: String) {
            self.name = name
            self.use = use
            self.health = health
            self.target = target
        }
    }

    package let sandbox: SandboxName
    package var title: String
    package var owner: String?
    package var phase: Phase
    package var message: String
    package var attempted: CommitID?
    package var applied: CommitID?
    package var healthy: CommitID?
    package var cause: String
    /// The gateway port of its own.
    package var port: UInt16?
    package var services: [Service]
    package var updatedAt: Timestamp

    package init(
        sandbox: SandboxName, title: String, owner: String? = nil, phase: Phase, message: String = "",
        attempted: CommitID? = nil, applied: CommitID? = nil, healthy: CommitID? = nil, cause: String,
        port: UInt16? = nil, services: [Service] = [], updatedAt: Timestamp
    ) {
        self.sandbox = sandbox
        self.title = title
        self.owner = owner
        self.phase = phase
        self.message = message
        self.attempted = attempted
        self.applied = applied
        self.healthy = healthy
        self.cause = cause
        self.port = port
        self.services = services
        self.updatedAt = updatedAt
    }
}

/// Where the whole stands: what the daemon saw last and what holds it up.
package struct FleetStatus: Hashable, Sendable {
    package var branch: String
    package var head: Revision?
    /// Sentences a person should read: a branch that is gone, deletions that wait for consent, broken manifests.
    package var notices: [String]
    /// When the look that saw this began, before it asked for the newest commit: whoever asked earlier finds the answer
    /// in it.
    package var updatedAt: Timestamp
    /// The process that keeps it, while one does.
    package var processID: Int32?

    package init(
        branch: String, head: Revision?, notices: [String], updatedAt: Timestamp, processID: Int32?
    ) {
        self.branch = branch
        self.head = head
        self.notices = notices
        self.updatedAt = updatedAt
        self.processID = processID
    }
}
