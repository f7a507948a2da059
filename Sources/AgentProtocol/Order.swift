package import Model
package import Reconciler

/// The reign of one start of one controller. It only grows; an agent never acts for an older one than it has acted for,
/// so that a controller that was replaced and does not know it does no harm.
package struct Epoch: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.number < rhs.number }
    package var description: String { "\(number)" }
}

/// One action that an agent is asked to do. Asked again with the same id, it answers with what became of it.
package struct Order: Hashable, Sendable {
    package struct ID: Hashable, Sendable, Comparable, CustomStringConvertible {
        package let epoch: Epoch
        package let number: UInt64

        package init(_ epoch: Epoch, _ number: UInt64) {
            self.epoch = epoch
            self.number = number
        }

        package static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.epoch, lhs.number) < (rhs.epoch, rhs.number)
        }

        package var description: String { "\(epoch).\(number)" }
    }

    package let id: ID
    /// What the ledger entered before anything was made.
    package let uid: ResourceUID
    /// The revision of the plan that it is a step of.
    package let revision: CommitID?
    package let action: Action

    package init(id: ID, uid: ResourceUID, revision: CommitID?, action: Action) {
        self.id = id
        self.uid = uid
        self.revision = revision
        self.action = action
    }
}

/// What became of an order.
package enum Outcome: Hashable, Sendable {
    case done(Receipt?)
    case failed(HostError)
}

/// What an agent remembers of its orders. It outlives the agent: killed in the middle of an action, it knows after the
/// restart which one that was. Entered durably before anything is done.
package protocol OrderLog: Sendable {
    /// The highest epoch that was ever acted for; 0 where none was.
    func highestEpoch() async throws(JournalError) -> Epoch
    /// Raises it, durably. A lower one changes nothing.
    func raise(to epoch: Epoch) async throws(JournalError)
    /// Enters an order before it is begun. Entered again, it changes nothing.
    func begin(_ order: Order, at time: Timestamp) async throws(JournalError)
    func end(_ id: Order.ID, _ outcome: Outcome, at time: Timestamp) async throws(JournalError)
    /// `nil` for one that was never begun, or is long forgotten.
    func entry(_ id: Order.ID) async throws(JournalError) -> OrderEntry?
    /// Begun and not ended, in order of id.
    func unfinished() async throws(JournalError) -> [OrderEntry]
    /// Forgets ended ones beyond the newest `limit`.
    func trim(to limit: Int) async throws(JournalError)
}

/// One line of an order log: enough to tell a person, and to answer again.
package struct OrderEntry: Hashable, Sendable {
    package let id: Order.ID
    package let uid: ResourceUID
    /// The action in words.
    package let action: String
    package let begunAt: Timestamp
    /// `nil` while it is under way, or was when the agent was killed.
    package let outcome: Outcome?

    package init(id: Order.ID, uid: ResourceUID, action: String, begunAt: Timestamp, outcome: Outcome?) {
        self.id = id
        self.uid = uid
        self.action = action
        self.begunAt = begunAt
        self.outcome = outcome
    }
}
