package import Model
package import Reconciler

/// The journal at our own port, in memory. With `failing` set it is the disk that is full.
package actor MemoryJournal: Journal {
    package var failing = false
    package private(set) var held: [Allocation.Resource: SandboxName] = [:]
    package private(set) var open: [ResourceUID: LedgerEntry] = [:]
    package private(set) var events: [StoredEvent] = []
    package private(set) var summaries: [PassSummary] = []
    package private(set) var steps: [StepRecord] = []
    private var stepsByPass: [PassID: [StepRecord]] = [:]
    /// Every status ever put, in order.
    package private(set) var told: [SandboxStatus] = []
    private var standing: [SandboxName: SandboxStatus] = [:]
    private var fleet: FleetStatus?
    private var consents: [CommitID: Int] = [:]

    package init() {}

    package func fail(_ failing: Bool) { self.failing = failing }

    private func check(_ operation: String) throws(JournalError) {
        if failing { throw JournalError(operation, .unavailable, "simulated: the disk is full") }
    }

    package func enter(_ entry: LedgerEntry) throws(JournalError) {
        try check("enter")
        open[entry.uid] = entry
    }
    package func settle(_ uid: ResourceUID) throws(JournalError) {
        try check("settle")
        open[uid] = nil
    }
    package func openEntries(of sandbox: SandboxName) throws(JournalError) -> [LedgerEntry] {
        open.values.filter { $0.sandbox == sandbox }
    }
    package func openEntries() throws(JournalError) -> [LedgerEntry] { Array(open.values) }

    package func allocations() throws(JournalError) -> [Allocation] { held.map { Allocation($0.key, to: $0.value) } }
    package func reserve(_ allocations: [Allocation]) throws(JournalError) {
        try check("reserve")
        for allocation in allocations {
            if let holder = held[allocation.resource], holder != allocation.sandbox {
                throw JournalError("reserve", .conflict, "\(allocation) is held by \(holder)")
            }
        }
        for allocation in allocations { held[allocation.resource] = allocation.sandbox }
    }
    package func release(_ allocations: [Allocation]) throws(JournalError) {
        try check("release")
        for allocation in allocations where held[allocation.resource] == allocation.sandbox {
            held[allocation.resource] = nil
        }
    }

    package func begin(_ pass: PassRecord) throws(JournalError) -> PassID {
        try check("begin")
        let id = PassID(Int64(summaries.count + 1))
        summaries.append(PassSummary(id: id, record: pass, outcome: nil, endedAt: nil, message: ""))
        return id
    }
    package func record(_ step: StepRecord, of pass: PassID) throws(JournalError) {
        try check("record")
        steps.append(step)
        stepsByPass[pass, default: []].append(step)
    }
    package func end(_ pass: PassID, _ outcome: PassOutcome, at time: Timestamp, message: String)
        throws(JournalError)
    {
        try check("end")
        let index = Int(pass.number) - 1
        summaries[index] = PassSummary(
            id: pass, record: summaries[index].record, outcome: outcome, endedAt: time, message: message)
    }
    package func passes(of sandbox: SandboxName?, limit: Int) throws(JournalError) -> [PassSummary] {
        Array(summaries.reversed().filter { sandbox == nil || $0.record.sandbox == sandbox }.prefix(limit))
    }
    package func passes(making pieces: Set<Workpiece.ID>) throws(JournalError) -> [Workpiece.ID: PassSummary] {
        var newest: [Workpiece.ID: PassSummary] = [:]
        for summary in summaries {
            guard let piece = summary.record.piece, pieces.contains(piece) else { continue }
            // One that discards it is made of nothing.
            if !summary.record.origins.isEmpty { newest[piece] = summary }
        }
        return newest
    }
    package func steps(of pass: PassID) throws(JournalError) -> [StepRecord] { stepsByPass[pass] ?? [] }
    package func append(_ event: EventRecord) throws(JournalError) {
        try check("append")
        events.append(StoredEvent(id: Int64(events.count + 1), event: event))
    }
    package func events(after id: Int64, sandbox: SandboxName?, limit: Int) throws(JournalError) -> [StoredEvent] {
        Array(events.filter { $0.id > id && (sandbox == nil || $0.event.sandbox == sandbox) }.suffix(limit))
    }

    package func put(_ status: SandboxStatus) throws(JournalError) {
        try check("put")
        standing[status.sandbox] = status
        told.append(status)
    }
    package func forget(_ sandbox: SandboxName) throws(JournalError) { standing[sandbox] = nil }
    package func statuses() throws(JournalError) -> [SandboxStatus] {
        standing.values.sorted { $0.sandbox < $1.sandbox }
    }
    package func put(_ status: FleetStatus) throws(JournalError) { fleet = status }
    package func fleetStatus() throws(JournalError) -> FleetStatus? { fleet }

    private var nodes: [NodeName: NodeStatus] = [:]
    private var keptOff: [NodeName: Cordon] = [:]

    package func put(_ status: NodeStatus) throws(JournalError) { nodes[status.node] = status }
    package func forget(_ node: NodeName) throws(JournalError) { nodes[node] = nil }
    package func nodeStatuses() throws(JournalError) -> [NodeStatus] { nodes.values.sorted { $0.node < $1.node } }
    package func put(_ cordon: Cordon) throws(JournalError) { keptOff[cordon.node] = cordon }
    package func lift(_ node: NodeName) throws(JournalError) { keptOff[node] = nil }
    package func cordons() throws(JournalError) -> [Cordon] { keptOff.values.sorted { $0.node < $1.node } }

    package func consent(to deletions: Int, at commit: CommitID, by who: String, time: Timestamp)
        throws(JournalError)
    {
        consents[commit] = deletions
    }
    package func consentedDeletions(at commit: CommitID) throws(JournalError) -> Int { consents[commit] ?? 0 }
}
