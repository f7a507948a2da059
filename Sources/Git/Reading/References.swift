internal import CLibgit2
internal import Model
internal import Reconciler

extension Repository {
    /// Every branch and tag by its full name. What leads to no commit is passed over.
    func references() throws(SourceError) -> [String: CommitID] {
        try naming("read the branches") { () throws(LibgitFailure) in
            var references: [String: CommitID] = [:]
            for name in try referenceNames(in: handle)
            where name.hasPrefix("refs/heads/") || name.hasPrefix("refs/tags/") {
                references[name] = try commit(of: name)
            }
            return references
        }
    }

    /// `nil` where it leads to no commit, or went while we looked.
    private func commit(of name: String) throws(LibgitFailure) -> CommitID? {
        let repository = handle.pointer
        do throws(LibgitFailure) {
            let reference = try Owned(freedBy: git_reference_free) { git_reference_lookup($0, repository, name) }
            let commit = try Owned(freedBy: git_object_free) {
                git_reference_peel($0, reference.pointer, GIT_OBJECT_COMMIT)
            }
            return git_object_id(commit.pointer)?.pointee.commit
        } catch {
            guard error.isOne(of: GIT_ENOTFOUND, GIT_EPEEL, GIT_EINVALIDSPEC) else { throw error }
            return nil
        }
    }
}
