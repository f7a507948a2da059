internal import Foundation
internal import Model

/// How values become JSON: keys in order, so that equal values give equal text.
enum JSONText {
    /// For a file or a person: indented, ending with a line feed.
    static func document(_ value: some Encodable) -> String {
        encode(value, [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])
    }

    /// One line of a stream, ending with a line feed.
    static func line(_ value: some Encodable) -> String { encode(value, [.sortedKeys, .withoutEscapingSlashes]) }

    private static func encode(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            preconditionFailure("the wire structs hold texts, whole numbers and lists, which all encode: \(error)")
        }
    }
}

/// Writes `null` where there is no value, so that a key is always there.
@propertyWrapper
struct OrNull<Value: Encodable & Sendable>: Encodable, Sendable {
    var wrappedValue: Value?

    init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

/// A place in a manifest.
struct PlaceJSON: Encodable, Sendable {
    let file: String
    let line: Int
    let column: Int

    init(_ place: Place) {
        file = place.file
        line = place.line
        column = place.column
    }
}

/// A commit of the manifest repository.
struct RevisionJSON: Encodable, Sendable {
    let commit: String
    let author: String
    let committedAt: String
    let subject: String

    init(_ revision: Revision) {
        commit = revision.commit.text
        author = revision.author
        committedAt = revision.committedAt.iso
        subject = revision.subject
    }
}

struct ProblemJSON: Encodable, Sendable {
    let severity: String
    let code: String
    let file: String
    let line: Int
    let column: Int
    let message: String

    init(_ problem: ManifestProblem) {
        severity = problem.severity.rawValue
        code = problem.code
        file = problem.place.file
        line = problem.place.line
        column = problem.place.column
        message = problem.message
    }
}
