internal import GRDB
internal import Model
internal import Reconciler

/// One open database file: what is asked of it, and what went wrong with it in words for people.
struct DatabaseFile: Sendable {
    let database: any DatabaseWriter
    let layout: Layout

    /// Runs `body` in one transaction, which is on the disk when this returns. Not given up when the task is cancelled.
    func write<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            database.asyncWrite(body) { _, result in continuation.resume(returning: result) }
        }
        return try value(of: result, operation)
    }

    /// Runs `body` on one state of the database, beside writers.
    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            database.asyncRead { access in
                continuation.resume(returning: Result { try body(access.get()) })
            }
        }
        return try value(of: result, operation)
    }

    /// How the writing connection treats the disk, in SQLite's words.
    func durability() async throws(JournalError) -> String {
        try await write("read the settings") { db in
            let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
            let level = try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1
            return "\(mode), synchronous \(level)"
        }
    }

    /// The schema as SQLite has it.
    func schema() async throws(JournalError) -> String {
        try await read("read the schema") { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT sql || ';' FROM sqlite_schema
                    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE 'grdb~_%' ESCAPE '~'
                    ORDER BY tbl_name, type DESC, name
                    """
            ).joined(separator: "\n\n")
        }
    }

    private func value<Value>(
        of result: Result<Value, any Error>, _ operation: String
    ) throws(JournalError) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw JournalError(operation, error, remedy: layout.remedy)
        }
    }
}

extension JournalError {
    /// An error of SQLite in the words of the one who asked, with its remedy.
    /// `remedy` is for a file that is damaged.
    init(_ operation: String, _ error: any Error, remedy: String) {
        switch error {
        case let known as JournalError: self = known
        case let refusal as Refusal: self.init(operation, .unavailable, refusal.message)
        case let unreadable as Unreadable: self.init(operation, .unavailable, "\(unreadable); \(remedy)")
        case let failure as DatabaseError:
            self.init(operation, .unavailable, Self.sentence(for: failure, remedy: remedy))
        default: self.init(operation, .unavailable, "\(error)")
        }
    }

    private static func sentence(for error: DatabaseError, remedy: String) -> String {
        // Never `error.description`: it quotes the values of the statement.
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: "the file is damaged (\(message)); \(remedy)"
        case .SQLITE_FULL: "the disk is full; free some space, and it goes on by itself"
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            "another process has held it for more than \(Int(Opening.busyTimeout)) s; is there a second process of Berth?"
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            "it cannot be opened or written (\(message)); look at the permissions of the file and its folder"
        case .SQLITE_IOERR: "the disk failed (\(message)); look at the kernel's log, then \(remedy)"
        default: message
        }
    }
}
