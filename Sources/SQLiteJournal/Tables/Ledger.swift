internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    /// Entering the same thing again is harmless, and takes its newest name. A uid that is something else already is
    /// a conflict.
    package func enter(_ entry: LedgerEntry) async throws(JournalError) {
        let operation = "enter \(entry.kind.rawValue) \(entry.name) in the ledger"
        try await write(operation) { db in
            try db.execute(
                literal: """
                    INSERT INTO ledger (uid, kind, name, node, sandbox, enteredAt)
                    VALUES (\(entry.uid.text), \(entry.kind.rawValue), \(entry.name), \(entry.node.text),
                        \(entry.sandbox?.text), \(entry.enteredAt.milliseconds))
                    ON CONFLICT (uid) DO UPDATE SET name = excluded.name
                    WHERE kind = excluded.kind AND node = excluded.node AND sandbox IS excluded.sandbox
                    """)
            guard db.changesCount == 0 else { return }
            let holder = try SQLRequest<String>(
                literal: """
                    SELECT kind || ' ' || name || coalesce(' of ' || sandbox, '') FROM ledger
                    WHERE uid = \(entry.uid.text)
                    """
            ).fetchOne(db)
            throw JournalError(operation, .conflict, "\(entry.uid) is \(holder ?? "something else") already")
        }
    }

    /// Settling what is not there is harmless.
    package func settle(_ uid: ResourceUID) async throws(JournalError) {
        try await write("settle \(uid) in the ledger") { db in
            try db.execute(literal: "DELETE FROM ledger WHERE uid = \(uid.text)")
        }
    }

    package func openEntries(of sandbox: SandboxName) async throws(JournalError) -> [LedgerEntry] {
        try await read("read the ledger of \(sandbox)") { db in
            let request: SQLRequest<Row> = """
                SELECT uid, kind, name, node, sandbox, enteredAt FROM ledger
                WHERE sandbox = \(sandbox.text) ORDER BY enteredAt, uid
                """
            return try request.fetchAll(db).map(LedgerEntry.init)
        }
    }

    package func openEntries() async throws(JournalError) -> [LedgerEntry] {
        try await read("read the ledger") { db in
            try Row.fetchAll(
                db, sql: "SELECT uid, kind, name, node, sandbox, enteredAt FROM ledger ORDER BY enteredAt, uid"
            ).map(LedgerEntry.init)
        }
    }
}

extension LedgerEntry {
    fileprivate init(_ row: Row) throws {
        self.init(
            uid: ResourceUID(try row.value("uid")), kind: try row.word("kind"), name: try row.value("name"),
            node: try row.name("node"), sandbox: try row.optionalName("sandbox"), enteredAt: try row.time("enteredAt"))
    }
}
