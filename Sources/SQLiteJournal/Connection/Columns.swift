internal import GRDB
internal import Model
internal import Reconciler

/// A value in the database that no version of ours wrote.
struct Unreadable: Error, CustomStringConvertible {
    let column: String
    var description: String { "the value of column \(column) is damaged" }
}

/// Columns as values of the vocabulary. A damaged value is an error, never a trap.
extension Row {
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value = Value.fromDatabaseValue(self[column]) else { throw Unreadable(column: column) }
        return value
    }

    func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try value(column)
    }

    func word<Word: RawRepresentable>(_ column: String) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try value(column)) else { throw Unreadable(column: column) }
        return word
    }

    func optionalWord<Word: RawRepresentable>(_ column: String) throws -> Word? where Word.RawValue == String {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try word(column)
    }

    func name<Kind>(_ column: String) throws -> Name<Kind> {
        do throws(InvalidName) {
            return try Name(try text(column))
        } catch {
            throw Unreadable(column: column)
        }
    }

    func optionalName<Kind>(_ column: String) throws -> Name<Kind>? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try name(column)
    }

    /// Names separated by commas.
    func names<Kind>(_ column: String) throws -> [Name<Kind>] {
        try text(column).split(separator: ",").map { part in
            do throws(InvalidName) { return try Name(String(part)) } catch { throw Unreadable(column: column) }
        }
    }

    func commit(_ column: String) throws -> CommitID {
        guard let commit = CommitID(try value(column)) else { throw Unreadable(column: column) }
        return commit
    }

    func optionalCommit(_ column: String) throws -> CommitID? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try commit(column)
    }

    func piece(_ column: String) throws -> Workpiece.ID {
        guard let piece = Workpiece.ID(try value(column)) else { throw Unreadable(column: column) }
        return piece
    }

    func optionalPiece(_ column: String) throws -> Workpiece.ID? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try piece(column)
    }

    func count(_ column: String) throws -> UInt64 {
        guard let count = UInt64(exactly: try value(column) as Int64) else { throw Unreadable(column: column) }
        return count
    }

    func time(_ column: String) throws -> Timestamp { Timestamp(milliseconds: try value(column)) }

    func optionalTime(_ column: String) throws -> Timestamp? {
        try optional(column).map(Timestamp.init(milliseconds:))
    }

    /// Text for a name: a missing one is empty, which is no name.
    private func text(_ column: String) throws(InvalidName) -> String {
        guard let text = String.fromDatabaseValue(self[column]) else { throw InvalidName(text: "") }
        return text
    }
}

extension String {
    /// This text, or its beginning where it is longer than a row should hold.
    func atMost(_ bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        return String(decoding: utf8.prefix(bytes), as: UTF8.self) + " … (cut)"
    }
}

/// The longest texts a row holds, in bytes.
enum Longest {
    /// The plan of a sandbox with some hundred services.
    static let plan = 256 << 10
    /// A sentence with the last output of a container.
    static let message = 16 << 10
    /// What another program calls itself.
    static let word = 256
}
