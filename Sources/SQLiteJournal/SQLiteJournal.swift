internal import GRDB
internal import Model
package import Reconciler

/// What Berth remembers, in one SQLite file. GRDB does not show outside this target.
///
/// One process writes; others may read meanwhile (``readOnly(path:)``). Every write is on the disk when it returns,
/// and none is given up because the task that asked for it was cancelled: a pass that is pre-empted still says so.
package struct SQLiteJournal: Sendable {
    private let file: DatabaseFile
    let retention: Retention

    /// How many rows of history are kept; older ones go as newer ones come.
    package struct Retention: Hashable, Sendable {
        package let events: Int64
        package let passes: Int64

        package init(events: Int64, passes: Int64) {
            precondition(events >= 1 && passes >= 1, "the newest row is always kept")
            self.events = events
            self.passes = passes
        }

        /// About 50 MB at the size of our usual rows.
        package static let standard = Retention(events: 100_000, passes: 100_000)
    }

    /// Opens the journal at `path`, and makes it where there is none. The folder must be there.
    package init(path: String, retention: Retention = .standard) throws(JournalError) {
        try self.init(Opening.forWriting(path: path, .journal), retention: retention)
    }

    /// A journal that ends with the value that holds it.
    package static func inMemory(retention: Retention = .standard) throws(JournalError) -> SQLiteJournal {
        try SQLiteJournal(Opening.inMemory(.journal), retention: retention)
    }

    /// Opens the journal at `path` for looking only, also while a daemon writes it. Nothing is made or migrated.
    package static func readOnly(path: String) throws(JournalError) -> SQLiteJournal {
        try SQLiteJournal(Opening.forReading(path: path, .journal), retention: .standard)
    }

    private init(_ file: DatabaseFile, retention: Retention) {
        self.file = file
        self.retention = retention
    }

    /// How the writing connection treats the disk, in SQLite's words.
    package func durability() async throws(JournalError) -> String { try await file.durability() }

    /// The schema as SQLite has it, for the golden file `schemas/journal.sql`.
    package func schema() async throws(JournalError) -> String { try await file.schema() }
}

extension SQLiteJournal {
    func write<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        try await file.write(operation, body)
    }

    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        try await file.read(operation, body)
    }
}

extension SQLiteJournal: Journal {}
