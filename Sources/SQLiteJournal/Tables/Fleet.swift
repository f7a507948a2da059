internal import GRDB
internal import Model
package import Reconciler

extension SQLiteJournal {
    package func put(_ status: FleetStatus) async throws(JournalError) {
        try await write("keep the status of the whole") { db in
            let head = status.head
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO fleet (id, branch, head, author, committedAt, subject, updatedAt, processID)
                    VALUES (1, \(status.branch), \(head?.commit.text), \(head?.author),
                        \(head?.committedAt.milliseconds), \(head?.subject), \(status.updatedAt.milliseconds),
                        \(status.processID))
                    """)
            try db.execute(sql: "DELETE FROM notice")
            for (position, notice) in status.notices.enumerated() {
                try db.execute(
                    literal: """
                        INSERT INTO notice (position, message) VALUES (\(position), \(notice.atMost(Longest.message)))
                        """)
            }
        }
    }

    package func fleetStatus() async throws(JournalError) -> FleetStatus? {
        try await read("read the status of the whole") { db in
            let fleet = try Row.fetchOne(
                db, sql: "SELECT branch, head, author, committedAt, subject, updatedAt, processID FROM fleet")
            guard let fleet else { return nil }
            return FleetStatus(
                branch: try fleet.value("branch"), head: try Revision(fleet),
                notices: try String.fetchAll(db, sql: "SELECT message FROM notice ORDER BY position"),
                updatedAt: try fleet.time("updatedAt"), processID: try fleet.optional("processID"))
        }
    }
}

extension Revision {
    /// `nil` where the branch has no commit, or is gone.
    fileprivate init?(_ row: Row) throws {
        guard let commit = try row.optionalCommit("head") else { return nil }
        self.init(
            commit: commit, author: try row.value("author"), committedAt: try row.time("committedAt"),
            subject: try row.value("subject"))
    }
}
