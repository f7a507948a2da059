internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    package func put(_ status: SandboxStatus) async throws(JournalError) {
        try await write("keep the status of \(status.sandbox)") { db in
            // Its services go with the old row.
            try db.execute(literal: "DELETE FROM status WHERE sandbox = \(status.sandbox.text)")
            try db.execute(
                literal: """
                    INSERT INTO status (sandbox, title, owner, phase, message, attempted, applied, healthy, cause,
                        port, updatedAt)
                    VALUES (\(status.sandbox.text), \(status.title), \(status.owner), \(status.phase.rawValue),
                        \(status.message.atMost(Longest.message)), \(status.attempted?.text), \(status.applied?.text),
                        \(status.healthy?.text), \(status.cause.atMost(Longest.message)), \(status.port),
                        \(status.updatedAt.milliseconds))
                    """)
            for (position, service) in status.services.enumerated() {
                try db.execute(
                    literal: """
                        INSERT INTO statusService (sandbox, position, name, use, health, target)
                        VALUES (\(status.sandbox.text), \(position), \(service.name.text), \(service.use),
                            \(service.health), \(service.target))
                        """)
            }
        }
    }

    /// Forgetting what is not there is harmless.
    package func forget(_ sandbox: SandboxName) async throws(JournalError) {
        try await write("forget the status of \(sandbox)") { db in
            try db.execute(literal: "DELETE FROM status WHERE sandbox = \(sandbox.text)")
        }
    }

    package func statuses() async throws(JournalError) -> [SandboxStatus] {
        try await read("read the statuses") { db in
            var services: [String: [SandboxStatus.Service]] = [:]
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT sandbox, name, use, health, target FROM statusService ORDER BY sandbox, position")
            for row in rows {
                services[try row.value("sandbox"), default: []].append(try SandboxStatus.Service(row))
            }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT sandbox, title, owner, phase, message, attempted, applied, healthy, cause, port, updatedAt
                    FROM status ORDER BY sandbox
                    """
            ).map { row in try SandboxStatus(row, services: services[try row.value("sandbox"), default: []]) }
        }
    }
}

extension SandboxStatus {
    fileprivate init(_ row: Row, services: [Service]) throws {
        self.init(
            sandbox: try row.name("sandbox"), title: try row.value("title"), owner: try row.optional("owner"),
            phase: try row.word("phase"), message: try row.value("message"),
            attempted: try row.optionalCommit("attempted"), applied: try row.optionalCommit("applied"),
            healthy: try row.optionalCommit("healthy"), cause: try row.value("cause"), port: try row.optional("port"),
            services: services, updatedAt: try row.time("updatedAt"))
    }
}

extension SandboxStatus.Service {
    fileprivate init(_ row: Row) throws {
        self.init(
            name: try row.name("name"), use: try row.value("use"), health: try row.value("health"),
            target: try row.value("target"))
    }
}
