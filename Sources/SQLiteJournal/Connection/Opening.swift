internal import Foundation
internal import GRDB
internal import Reconciler

/// How a database is opened: the one place that knows files, modes and pragmas.
enum Opening {
    /// How long a statement waits for another process to let go of the file.
    static let busyTimeout: TimeInterval = 5

    static func forWriting(path: String) throws(JournalError) -> any DatabaseWriter {
        let operation = "open \(path)"
        try requireFolder(of: path, for: operation)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(path: path))
            // After opening: the pool sets NORMAL itself when it turns on the write-ahead log. The ledger is entered
            // before a thing is made, and that must hold after a power cut too.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            try pool.read { db in try refuseNewer(db) }
            try Migrations.all.migrate(pool)
            return pool
        } catch {
            throw JournalError(operation, error)
        }
    }

    static func forReading(path: String) throws(JournalError) -> any DatabaseWriter {
        let operation = "open \(path)"
        try requireFolder(of: path, for: operation)
        guard FileManager.default.fileExists(atPath: path) else {
            throw JournalError(operation, .unavailable, "there is no journal yet; \"berth serve\" makes it")
        }
        do {
            var configuration = configuration(path: path)
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { db in
                try refuseNewer(db)
                guard try Migrations.all.hasCompletedMigrations(db) else {
                    throw Refusal("it is not up to date; start \"berth serve\" of this version once")
                }
            }
            return queue
        } catch {
            throw JournalError(operation, error)
        }
    }

    static func inMemory() throws(JournalError) -> any DatabaseWriter {
        do {
            let queue = try DatabaseQueue(configuration: configuration(path: "the journal in memory"))
            try Migrations.all.migrate(queue)
            return queue
        } catch {
            throw JournalError("open the journal in memory", error)
        }
    }

    private static func configuration(path: String) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "journal"
        // Before anything is written, the write-ahead log included: another program's file stays as it is.
        configuration.prepareDatabase { db in try refuseForeign(db) }
        return configuration
    }

    private static func requireFolder(of path: String, for operation: String) throws(JournalError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw JournalError(operation, .unavailable, "there is no folder \(folder); make it, or choose another")
        }
    }

    private static func refuseForeign(_ db: Database) throws {
        let applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id")
        if applicationID == Migrations.applicationID { return }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard applicationID == 0, tables == 0 else {
            throw Refusal("it is a database of another program; choose another path")
        }
    }

    private static func refuseNewer(_ db: Database) throws {
        guard try Migrations.all.hasBeenSuperseded(db) else { return }
        throw Refusal(
            "it was written by a newer Berth; run that version, or move the file away: everything in it is found "
                + "again, only history is lost")
    }
}

/// Why we do not open a file that SQLite would open.
struct Refusal: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
