internal import Foundation
package import Model
package import Reconciler

/// Watches the journal until every sandbox has reached a commit, or has failed to.
package struct Follow {
    package enum Ending: Hashable {
        case settled
        /// These cannot get there without another commit, image or secret.
        case failed([String])
        case timedOut([String])
        /// By a signal; what was begun is finished at the next run.
        case stopped
    }

    /// How often the journal is read.
    static let rhythm = Duration.milliseconds(100)
    /// Events read at once; more than a pass of fifty containers writes between two looks.
    static let batch = 5000

    let journal: any Journal
    /// `nil` follows whatever commit the daemon sees next.
    let target: CommitID?
    let since: Timestamp
    let timeout: Duration

    /// `show` is given every new event, and a turn for each look. A cancelled task ends as `.stopped`.
    func run(from event: Int64, show: (_ new: [StoredEvent]) -> Void) async throws -> Ending {
        var last = event
        var memory = Standings()
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let standing = try await standing(&memory)
            // Read after the statuses, so that what led to them is shown.
            let new = try await journal.events(after: last, sandbox: nil, limit: Self.batch)
            last = new.last?.id ?? last
            show(new)
            switch standing {
            case .settled, .failed, .stopped: return standing
            case .timedOut where ContinuousClock.now >= deadline: return standing
            case .timedOut: break
            }
            do {
                try await Task.sleep(for: Self.rhythm)  // SAFE: a bounded wait, until the deadline
            } catch {
                return .stopped
            }
        }
    }

    /// The event that is the newest now.
    static func newest(in journal: any Journal) async throws -> Int64 {
        try await journal.events(after: 0, sandbox: nil, limit: 1).last?.id ?? 0
    }

    /// The event after which to begin beside a daemon: the coming of the newest commit while it is being worked on,
    /// else the newest event.
    static func beginning(in journal: any Journal) async throws -> Int64 {
        let recent = try await journal.events(after: 0, sandbox: nil, limit: batch)
        let newest = recent.last?.id ?? 0
        guard let head = try await journal.fleetStatus()?.head,
            let coming = recent.last(where: { $0.event.kind == "revision.seen" }),
            coming.event.revision == head.commit,
            try await journal.statuses().contains(where: { $0.isMoving && $0.attempted == head.commit })
        else { return newest }
        return coming.id
    }

    private func standing(_ memory: inout Standings) async throws -> Ending {
        guard let fleet = try await journal.fleetStatus(), let head = fleet.head, fleet.updatedAt >= since,
            target == nil || head.commit == target
        else { return .timedOut(["the commit has not been seen yet"]) }
        return memory.judge(try await journal.statuses(), fleet.notices, at: head.commit)
    }
}

/// What the statuses of one look after the other come to.
package struct Standings {
    private var commit: CommitID?
    /// Sandboxes that failed at this commit; when they move again it is because they are tried again.
    private var failures: [SandboxName: String] = [:]

    package init() {}

    /// Where things are; `.timedOut` while they move.
    package mutating func judge(_ statuses: [SandboxStatus], _ notices: [String], at head: CommitID) -> Follow.Ending {
        if commit != head { failures = [:] }
        commit = head
        var moving: [String] = []
        for status in statuses {
            switch status.phase {
            case .failed: failures[status.sandbox] = told(status.message)
            case .deleting: moving.append("\(status.sandbox) is being deleted")
            case .pending, .progressing, .degraded:
                guard failures[status.sandbox] == nil || status.attempted != head else { continue }
                let message = status.message.isEmpty ? "" : ": \(told(status.message))"
                moving.append("\(status.sandbox) is \(status.phase.rawValue.lowercased())\(message)")
            case .ready, .suspended:
                failures[status.sandbox] = nil
                guard status.attempted != head, !status.isKept else { continue }
                moving.append("\(status.sandbox) is not at \(head.short) yet")
            // Its node is away: nobody waits for that, and a notice says it.
            case .held, .unknown: break
            }
        }
        let known = Set(statuses.map(\.sandbox))
        failures = failures.filter { known.contains($0.key) }
        var complaints = failures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        for notice in notices {
            switch Remark(notice) {
            case .gatewayMoves: moving.append(notice)
            case .shared: complaints.append(notice)
            case .blindSpot, .heldDeletions, .baseline, .other: break
            }
        }
        guard moving.isEmpty else { return .timedOut(moving + complaints) }
        return complaints.isEmpty ? .settled : .failed(complaints)
    }
}

extension SandboxStatus {
    fileprivate var isMoving: Bool { phase == .progressing || phase == .pending }

    /// Whether its last good version stays because the newest manifest is broken.
    fileprivate var isKept: Bool { message.hasPrefix("kept at its last good version") }
}
