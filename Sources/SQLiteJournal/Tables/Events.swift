internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    package func append(_ event: EventRecord) async throws(JournalError) {
        let retention = retention
        try await write("append event \(event.kind)") { db in
            try db.execute(
                literal: """
                    INSERT INTO event (at, sandbox, service, kind, message, cause, revision, piece)
                    VALUES (\(event.at.milliseconds), \(event.sandbox?.text), \(event.service?.text), \(event.kind),
                        \(event.message.atMost(Longest.message)), \(event.cause.atMost(Longest.message)),
                        \(event.revision?.text), \(event.piece?.text))
                    """)
            let oldest = db.lastInsertedRowID - retention.events
            // Ids only grow, so what is too old is a few rows at one end.
            try db.execute(literal: "DELETE FROM event WHERE id <= \(oldest)")
        }
    }

    package func events(
        after id: Int64, sandbox: SandboxName?, limit: Int
    ) async throws(JournalError) -> [StoredEvent] {
        try await read("read the events") { db in
            let filter: SQL = sandbox.map { "AND sandbox = \($0.text)" } ?? ""
            return try SQLRequest<Row>(
                literal: """
                    SELECT * FROM (
                        SELECT id, at, sandbox, service, kind, message, cause, revision, piece FROM event
                        WHERE id > \(id) \(filter) ORDER BY id DESC LIMIT \(max(0, limit))
                    ) ORDER BY id
                    """
            ).fetchAll(db).map(StoredEvent.init)
        }
    }
}

extension StoredEvent {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: try row.value("id"),
            event: EventRecord(
                at: try row.time("at"), sandbox: try row.optionalName("sandbox"),
                service: try row.optionalName("service"), kind: try row.value("kind"),
                message: try row.value("message"), cause: try row.value("cause"),
                revision: try row.optionalCommit("revision"), piece: try row.optionalPiece("piece")))
    }
}
