internal import Foundation
internal import GRDB
internal import Reconciler

/// How a database is opened: the one place that knows files, modes and pragmas.
enum Opening {
    /// How long a statement waits for another process to let go of the file.
    static let busyTimeout: TimeInterval = 5

    static func forWriting(path: String, _ layout: Layout) throws(JournalError) -> DatabaseFile {
        let operation = "open \(path)"
        try requireFolder(of: path, for: operation)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(layout))
            // After opening: the pool sets NORMAL itself when it turns on the write-ahead log. The ledger is entered
            // before a thing is made, and that must hold after a power cut too.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            try pool.read { db in try refuseNewer(db, layout) }
            try layout.migrations.migrate(pool)
            return DatabaseFile(database: pool, layout: layout)
        } catch {
            throw JournalError(operation, error, remedy: layout.remedy)
        }
    }

    static func forReading(path: String, _ layout: Layout) throws(JournalError) -> DatabaseFile {
        let operation = "open \(path)"
        try requireFolder(of: path, for: operation)
        guard FileManager.default.fileExists(atPath: path) else {
            throw JournalError(operation, .unavailable, "there is no \(layout.name) yet; \(layout.maker) makes it")
        }
        do {
            var configuration = configuration(layout)
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { db in
                try refuseNewer(db, layout)
                guard try layout.migrations.hasCompletedMigrations(db) else {
                    throw Refusal("it is not up to date; start \(layout.maker) of this version once")
                }
            }
            return DatabaseFile(database: queue, layout: layout)
        } catch {
            throw JournalError(operation, error, remedy: layout.remedy)
        }
    }

    static func inMemory(_ layout: Layout) throws(JournalError) -> DatabaseFile {
        do {
            let queue = try DatabaseQueue(configuration: configuration(layout))
            try layout.migrations.migrate(queue)
            return DatabaseFile(database: queue, layout: layout)
        } catch {
            throw JournalError("open the \(layout.name) in memory", error, remedy: layout.remedy)
        }
    }

    private static func configuration(_ layout: Layout) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = layout.name
        // Before anything is written, the write-ahead log included: another program's file stays as it is.
        configuration.prepareDatabase { db in try refuseForeign(db, layout) }
        return configuration
    }

    private static func requireFolder(of path: String, for operation: String) throws(JournalError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw JournalError(operation, .unavailable, "there is no folder \(folder); make it, or choose another")
        }
    }

    private static func refuseForeign(_ db: Database, _ layout: Layout) throws {
        let applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id")
        if applicationID == layout.applicationID { return }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard applicationID == 0, tables == 0 else {
            throw Refusal("it is a database of another program; choose another path")
        }
    }

    private static func refuseNewer(_ db: Database, _ layout: Layout) throws {
        guard try layout.migrations.hasBeenSuperseded(db) else { return }
        throw Refusal(
            "it was written by a newer Berth; run that version, or \(layout.remedy)")
    }
}

/// Why we do not open a file that SQLite would open.
struct Refusal: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
