internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    package func put(_ status: NodeStatus) async throws(JournalError) {
        try await write("keep the status of node \(status.node)") { db in
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO node (name, connection, since, seenAt, berthRelease, engine, skewMillis,
                        containers, message)
                    VALUES (\(status.node.text), \(status.connection.rawValue), \(status.since.milliseconds),
                        \(status.seenAt?.milliseconds), \(status.release.atMost(Longest.word)),
                        \(status.engine.atMost(Longest.word)), \(status.skewMillis), \(max(0, status.containers)),
                        \(status.message.atMost(Longest.message)))
                    """)
        }
    }

    /// Forgetting what is not there is harmless.
    package func forget(_ node: NodeName) async throws(JournalError) {
        try await write("forget the status of node \(node)") { db in
            try db.execute(literal: "DELETE FROM node WHERE name = \(node.text)")
        }
    }

    package func nodeStatuses() async throws(JournalError) -> [NodeStatus] {
        try await read("read the statuses of the nodes") { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name, connection, since, seenAt, berthRelease, engine, skewMillis, containers, message
                    FROM node ORDER BY name
                    """
            ).map(NodeStatus.init)
        }
    }

    /// The newest word about a node is the one in force.
    package func put(_ cordon: Cordon) async throws(JournalError) {
        try await write("cordon node \(cordon.node)") { db in
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO cordon (node, isDraining, who, at)
                    VALUES (\(cordon.node.text), \(cordon.isDraining), \(cordon.by.atMost(Longest.word)),
                        \(cordon.at.milliseconds))
                    """)
        }
    }

    /// Lifting what is not there is harmless.
    package func lift(_ node: NodeName) async throws(JournalError) {
        try await write("uncordon node \(node)") { db in
            try db.execute(literal: "DELETE FROM cordon WHERE node = \(node.text)")
        }
    }

    package func cordons() async throws(JournalError) -> [Cordon] {
        try await read("read the cordons") { db in
            try Row.fetchAll(db, sql: "SELECT node, isDraining, who, at FROM cordon ORDER BY node").map { row in
                Cordon(
                    node: try row.name("node"), isDraining: try row.value("isDraining"), by: try row.value("who"),
                    at: try row.time("at"))
            }
        }
    }
}

extension NodeStatus {
    fileprivate init(_ row: Row) throws {
        self.init(
            node: try row.name("name"), connection: try row.word("connection"), since: try row.time("since"),
            seenAt: try row.optionalTime("seenAt"), release: try row.value("berthRelease"),
            engine: try row.value("engine"), skewMillis: try row.optional("skewMillis"),
            containers: try row.value("containers"), message: try row.value("message"))
    }
}
