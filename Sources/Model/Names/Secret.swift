/// A value that must not reach a log, an error message, a plan or a database row.
package struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    package init(_ value: Value) { self.value = value }

    /// The only way to the value. Search for this name to audit every use.
    package func reveal() -> Value { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where a secret's value is kept. The value itself is read by the node that needs it, when it needs it.
package enum SecretReference: Hashable, Sendable, Comparable {
    /// A file on the node, by absolute path. One trailing line feed is not part of the value.
    case file(String)
    /// A variable of the node's own environment.
    case environment(String)
}

extension SecretReference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let path): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        }
    }
}
