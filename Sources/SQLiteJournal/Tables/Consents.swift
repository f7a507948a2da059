internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    /// Every consent stays for the audit, up to the bound of events; the newest of a commit counts.
    package func consent(
        to deletions: Int, at commit: CommitID, by who: String, time: Timestamp
    ) async throws(JournalError) {
        let retention = retention
        try await write("consent to \(deletions) deletions at \(commit.short)") { db in
            try db.execute(
                literal: """
                    INSERT INTO consent (revision, deletions, who, at)
                    VALUES (\(commit.text), \(deletions), \(who), \(time.milliseconds))
                    """)
            let oldest = db.lastInsertedRowID - retention.events
            try db.execute(literal: "DELETE FROM consent WHERE id <= \(oldest)")
        }
    }

    /// 0 where nobody consented.
    package func consentedDeletions(at commit: CommitID) async throws(JournalError) -> Int {
        try await read("read the consents to \(commit.short)") { db in
            try SQLRequest<Int>(
                literal: "SELECT deletions FROM consent WHERE revision = \(commit.text) ORDER BY id DESC LIMIT 1"
            ).fetchOne(db) ?? 0
        }
    }
}
