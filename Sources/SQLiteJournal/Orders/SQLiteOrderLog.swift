package import AgentProtocol
internal import GRDB
package import Model
package import Reconciler

/// What an agent remembers of its orders, in one SQLite file of its own. Every write is on the disk when it returns.
package struct SQLiteOrderLog: Sendable {
    private let file: DatabaseFile

    /// Opens the record at `path`, and makes it where there is none. The folder must be there.
    package init(path: String) throws(JournalError) {
        file = try Opening.forWriting(path: path, .orders)
    }

    private init(_ file: DatabaseFile) { self.file = file }

    /// A record that ends with the value that holds it.
    package static func inMemory() throws(JournalError) -> SQLiteOrderLog {
        SQLiteOrderLog(try Opening.inMemory(.orders))
    }

    /// The schema as SQLite has it, for the golden file `schemas/agent.sql`.
    package func schema() async throws(JournalError) -> String { try await file.schema() }

    /// How the connection treats the disk, in SQLite's words.
    package func durability() async throws(JournalError) -> String { try await file.durability() }
}

extension SQLiteOrderLog: OrderLog {
    package func highestEpoch() async throws(JournalError) -> Epoch {
        try await file.read("read the epoch") { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT epoch FROM reign") else { return Epoch(0) }
            return Epoch(try row.count("epoch"))
        }
    }

    package func raise(to epoch: Epoch) async throws(JournalError) {
        let operation = "raise the epoch to \(epoch)"
        try await file.write(operation) { db in
            let number = try stored(epoch.number, operation)
            try db.execute(
                literal: """
                    INSERT INTO reign (id, epoch) VALUES (1, \(number))
                    ON CONFLICT (id) DO UPDATE SET epoch = max(epoch, excluded.epoch)
                    """)
        }
    }

    package func begin(_ order: Order, at time: Timestamp) async throws(JournalError) {
        let operation = "enter order \(order.id)"
        try await file.write(operation) { db in
            let key = try Key(order.id, operation)
            try db.execute(
                literal: """
                    INSERT OR IGNORE INTO ordered (epoch, number, uid, revision, action, begunAt)
                    VALUES (\(key.epoch), \(key.number), \(order.uid.text), \(order.revision?.text),
                        \(order.action.description.atMost(Longest.message)), \(time.milliseconds))
                    """)
        }
    }

    /// The first outcome of an order stays. One of an order that was never entered is an error.
    package func end(_ id: Order.ID, _ outcome: Outcome, at time: Timestamp) async throws(JournalError) {
        let operation = "enter the outcome of order \(id)"
        try await file.write(operation) { db in
            let key = try Key(id, operation)
            let stored = StoredOutcome(outcome)
            try db.execute(
                literal: """
                    UPDATE ordered SET endedAt = \(time.milliseconds), outcome = \(stored.kind.rawValue),
                        effectiveAt = \(stored.flip?.effectiveAt.milliseconds), openOnOld = \(stored.flip?.openOnOld),
                        finished = \(stored.drain?.finished), dropped = \(stored.drain?.dropped),
                        operation = \(stored.error?.operation.atMost(Longest.message)),
                        failure = \(stored.error?.failure.rawValue),
                        message = \(stored.error?.message.atMost(Longest.message))
                    WHERE epoch = \(key.epoch) AND number = \(key.number) AND outcome IS NULL
                    """)
            guard db.changesCount == 0 else { return }
            let isThere = try SQLRequest<Bool>(
                literal: """
                    SELECT EXISTS (SELECT * FROM ordered WHERE epoch = \(key.epoch) AND number = \(key.number))
                    """
            ).fetchOne(db)
            guard isThere == true else {
                throw JournalError(
                    operation, .unavailable, "there is no such order; was the record moved away meanwhile?")
            }
        }
    }

    package func entry(_ id: Order.ID) async throws(JournalError) -> OrderEntry? {
        let operation = "read order \(id)"
        return try await file.read(operation) { db in
            let key = try Key(id, operation)
            return try entries(among: "WHERE epoch = \(key.epoch) AND number = \(key.number)", in: db).first
        }
    }

    package func unfinished() async throws(JournalError) -> [OrderEntry] {
        try await file.read("read the orders under way") { db in
            try entries(among: "WHERE outcome IS NULL ORDER BY epoch, number", in: db)
        }
    }

    package func trim(to limit: Int) async throws(JournalError) {
        try await file.write("forget old orders") { db in
            // The key only grows, so what is too old is all that is not newer than one row.
            try db.execute(
                literal: """
                    DELETE FROM ordered WHERE outcome IS NOT NULL AND (epoch, number) <= (
                        SELECT epoch, number FROM ordered WHERE outcome IS NOT NULL
                        ORDER BY epoch DESC, number DESC LIMIT 1 OFFSET \(max(0, limit))
                    )
                    """)
        }
    }
}

private func entries(among selection: SQL, in db: Database) throws -> [OrderEntry] {
    try SQLRequest<Row>(
        literal: """
            SELECT epoch, number, uid, action, begunAt, outcome, effectiveAt, openOnOld, finished, dropped, operation,
                failure, message
            FROM ordered \(selection)
            """
    ).fetchAll(db).map(OrderEntry.init)
}

/// SQLite counts to 2⁶³ − 1; nobody starts a controller that often.
private func stored(_ number: UInt64, _ operation: String) throws -> Int64 {
    guard let stored = Int64(exactly: number) else {
        throw JournalError(operation, .unavailable, "\(number) is no number that a controller of ours gives")
    }
    return stored
}

private struct Key {
    let epoch: Int64
    let number: Int64

    init(_ id: Order.ID, _ operation: String) throws {
        epoch = try stored(id.epoch.number, operation)
        number = try stored(id.number, operation)
    }
}
