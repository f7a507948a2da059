internal import CLibgit2
internal import Model
internal import Reconciler

/// The bytes of an object id in lower-case hex.
private let digits = 40

extension git_oid {
    init(_ commit: CommitID) throws(LibgitFailure) { try self.init(hex: commit.text) }

    init(_ blob: BlobID) throws(LibgitFailure) { try self.init(hex: blob.text) }

    private init(hex text: String) throws(LibgitFailure) {
        guard text.utf8.count == digits else {
            throw LibgitFailure(code: GIT_ENOTFOUND.rawValue, message: "\"\(text)\" is not an object id")
        }
        self.init()
        _ = try call { git_oid_fromstr(&self, text) }
    }

    var text: String {
        withUnsafePointer(to: self) { id in
            String(unsafeUninitializedCapacity: digits) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { _ = git_oid_fmt($0.baseAddress, id) }
                return digits
            }
        }
    }

    /// Every id of libgit2's is 40 digits of lower-case hex.
    var commit: CommitID {
        guard let commit = CommitID(text) else { preconditionFailure("libgit2 gave an id that is none: \(text)") }
        return commit
    }
}

func isSame(_ one: git_oid?, _ other: git_oid?) -> Bool {
    guard var one, var other else { return one == nil && other == nil }
    return git_oid_equal(&one, &other) == 1
}
