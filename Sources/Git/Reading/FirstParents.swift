internal import CLibgit2
internal import Model
internal import Reconciler

extension Repository {
    /// `commit` and its first parents, newest first, at most `limit`.
    func history(from commit: CommitID, limit: Int) throws(SourceError) -> [Revision] {
        try naming("read the history of \(commit.short)") { () throws(LibgitFailure) in
            var revisions: [Revision] = []
            var next: git_oid? = try git_oid(commit)
            while revisions.count < limit, let id = next {
                let current = try self.commit(id)
                revisions.append(Revision(reading: current))
                next = firstParent(of: current)
            }
            return revisions
        }
    }

    /// The commit that last changed each of `paths`; what changed before the last `limit` commits is given the oldest
    /// of them. A path that never was has no answer.
    func lastChanges(
        of paths: Set<String>, from commit: CommitID, limit: Int
    ) throws(SourceError) -> [String: Revision] {
        try naming("read the history of \(commit.short)") { () throws(LibgitFailure) in
            var found: [String: Revision] = [:]
            var wanted = paths
            var next: git_oid? = try git_oid(commit)
            var looked = 0
            while let id = next, !wanted.isEmpty {
                let current = try self.commit(id)
                let revision = Revision(reading: current)
                next = firstParent(of: current)
                looked += 1
                guard looked < limit || next == nil else {
                    for path in wanted { found[path] = revision }
                    break
                }
                let before = try next.map { id throws(LibgitFailure) in try rootID(of: self.commit(id)) }
                var changes = TreeChanges(of: wanted, in: handle.pointer)
                try changes.compare(before, rootID(of: current), below: "", depth: 0)
                for path in changes.paths { found[path] = revision }
                wanted.subtract(changes.paths)
            }
            return found
        }
    }

    private func firstParent(of commit: borrowing Owned) -> git_oid? {
        git_commit_parent_id(commit.pointer, 0)?.pointee
    }

    private func rootID(of commit: borrowing Owned) -> git_oid { git_commit_tree_id(commit.pointer).pointee }
}
