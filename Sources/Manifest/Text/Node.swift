/// A value of a manifest as it was written: nothing is typed yet, and everything knows where it stands.
struct Node: Sendable {
    enum Content: Sendable {
        /// `isPlain` is false for a text in quotes or a block: only a plain text can be a number or `true`.
        case scalar(String, isPlain: Bool)
        case sequence([Node])
        case mapping([Entry])
    }

    let mark: Mark
    let content: Content
}

/// One `key: value` of a mapping.
struct Entry: Sendable {
    let key: String
    let mark: Mark
    let value: Node
}

/// A position in a file. Lines and columns count from 1; a column is a character.
struct Mark: Hashable, Sendable, Comparable {
    let line: Int32
    let column: Int32

    static let start = Mark(line: 1, column: 1)

    static func < (lhs: Self, rhs: Self) -> Bool { (lhs.line, lhs.column) < (rhs.line, rhs.column) }
}

/// A problem of a text that does not know its file's name.
struct Flaw: Error, Hashable {
    let mark: Mark
    let code: String
    let message: String
}

extension Node {
    var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    var scalar: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Nothing was written after the colon.
    var isEmpty: Bool {
        if case .scalar("", isPlain: true) = content { true } else { false }
    }

    subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// What a message calls it.
    var noun: String {
        switch content {
        case .scalar(let text, _): text.isEmpty ? "nothing" : "the text \(quoted(text))"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// The text in quotes, cut to what a message can hold.
func quoted(_ text: String) -> String {
    guard text.utf8.count > ReadingLimits.quotation else { return "\"\(text)\"" }
    return "\"\(text.prefix(ReadingLimits.quotation))…\""
}
