internal import Foundation
internal import Model
internal import Reconciler

/// Watches the journal until every sandbox has reached a commit, or has failed to.
struct Follow {
    enum Ending: Hashable {
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

    /// `show` is given every new event, and a turn for each look.
    func run(from event: Int64, show: (_ new: [StoredEvent]) -> Void) async throws -> Ending {
        var last = event
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let new = try await journal.events(after: last, sandbox: nil, limit: Self.batch)
            last = new.last?.id ?? last
            show(new)
            let standing = try await standing()
            switch standing {
            case .settled, .failed, .stopped: return standing
            case .timedOut where ContinuousClock.now >= deadline: return standing
            case .timedOut: try await Task.sleep(for: Self.rhythm)  // SAFE: a bounded wait, until the deadline
            }
        }
    }

    /// The event after which to begin: the coming of the commit that is still being worked on, else the newest.
    func beginning() async throws -> Int64 {
        let recent = try await journal.events(after: 0, sandbox: nil, limit: Self.batch)
        let newest = recent.last?.id ?? 0
        guard try await journal.statuses().contains(where: { $0.phase == .progressing || $0.phase == .pending }),
            let commit = recent.last(where: { $0.event.kind == "revision.seen" })
        else { return newest }
        return commit.id
    }

    /// Where things are; `.timedOut` while they move.
    private func standing() async throws -> Ending {
        guard let fleet = try await journal.fleetStatus(), let head = fleet.head, fleet.updatedAt >= since,
            target == nil || head.commit == target
        else { return .timedOut(["the commit has not been seen yet"]) }
        var moving: [String] = []
        var failed: [String] = []
        for status in try await journal.statuses() {
            switch status.phase {
            case .failed: failed.append("\(status.sandbox): \(status.message)")
            case .deleting: moving.append("\(status.sandbox) is being deleted")
            case .pending, .progressing, .degraded:
                moving.append("\(status.sandbox) is \(status.phase.rawValue.lowercased()) \(status.message)")
            case .ready where status.healthy != head.commit, .suspended where status.applied != head.commit:
                moving.append("\(status.sandbox) is not at \(head.commit.short) yet")
            case .ready, .suspended, .held: break
            }
        }
        guard moving.isEmpty else { return .timedOut(moving) }
        return failed.isEmpty ? .settled : .failed(failed)
    }
}
