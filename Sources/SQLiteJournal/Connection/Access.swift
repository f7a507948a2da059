internal import GRDB
internal import Model
internal import Reconciler

extension SQLiteJournal {
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

    private func value<Value>(
        of result: Result<Value, any Error>, _ operation: String
    ) throws(JournalError) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw JournalError(operation, error)
        }
    }
}

extension JournalError {
    /// An error of SQLite in the words of the one who asked, with its remedy.
    init(_ operation: String, _ error: any Error) {
        switch error {
        case let known as JournalError: self = known
        case let refusal as Refusal: self.init(operation, .unavailable, refusal.message)
        case let unreadable as Unreadable: self.init(operation, .unavailable, "\(unreadable); \(Self.moveAway)")
        case let failure as DatabaseError: self.init(operation, .unavailable, Self.remedy(for: failure))
        default: self.init(operation, .unavailable, "\(error)")
        }
    }

    private static let moveAway = "move the file away: everything in it is found again, only history is lost"

    private static func remedy(for error: DatabaseError) -> String {
        // Never `error.description`: it quotes the values of the statement.
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: "the file is damaged (\(message)); \(moveAway)"
        case .SQLITE_FULL: "the disk is full; free some space, and it goes on by itself"
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            "another process has held it for more than \(Int(Opening.busyTimeout)) s; is there a second \"berth serve\"?"
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            "it cannot be opened or written (\(message)); look at the permissions of the file and its folder"
        case .SQLITE_IOERR: "the disk failed (\(message)); look at the kernel's log, then \(moveAway)"
        default: message
        }
    }
}
