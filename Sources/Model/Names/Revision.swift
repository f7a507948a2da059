/// The id of a git commit: 40 lower-case hex digits.
package struct CommitID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count == 40, text.utf8.allSatisfy(Self.isHex) else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// The first seven digits, as people quote a commit.
    package var short: String { String(text.prefix(7)) }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

/// A commit of the manifest repository.
package struct Revision: Hashable, Sendable {
    package let commit: CommitID
    package let author: String
    package let committedAt: Timestamp
    /// The first line of the message.
    package let subject: String

    package init(commit: CommitID, author: String, committedAt: Timestamp, subject: String) {
        self.commit = commit
        self.author = author
        self.committedAt = committedAt
        self.subject = subject
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z. Always passed in, never read from a clock by a decision.
package struct Timestamp: Hashable, Sendable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }
}

/// Why something is done: a place in a manifest, something seen, or somebody who asked.
package enum Cause: Hashable, Sendable {
    /// `by` is the commit that last touched the file, where it is known.
    case manifest(Place, by: Revision?)
    /// What was seen on the engine or the gateway, in words: `container died 12:04:11`.
    case observation(String)
    /// The manifest is no longer in the repository since this commit.
    case removed(since: Revision)
    /// Sandboxes that cannot go on without it.
    case wanted(by: [SandboxName])
    /// Nobody refers to it any more.
    case unused
}

extension Cause: CustomStringConvertible {
    /// How many are named before the rest is counted.
    private static var mostNames: Int { 3 }

    private static func words(_ sandboxes: [SandboxName]) -> String {
        let named = sandboxes.prefix(mostNames).map(\.text).joined(separator: ", ")
        let rest = sandboxes.count - mostNames
        return rest > 0 ? "\(named) and \(rest) more" : named
    }

    package var description: String {
        switch self {
        case .manifest(let place, let by?): "\(place.short)  (\(by.author), \(by.commit.short))"
        case .manifest(let place, nil): place.short
        case .observation(let what): what
        case .removed(let since): "removed in \(since.commit.short)"
        case .wanted(let sandboxes): "for \(Self.words(sandboxes))"
        case .unused: "unused"
        }
    }
}
