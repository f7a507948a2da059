internal import CLibgit2
internal import Model
internal import Reconciler

/// An open repository, read only. It stays on the thread that opened it and closes when its owner lets go of it.
///
/// Opening costs about 0.1 ms, so every question opens it anew: nothing is stale after a repack, and a repository
/// that was deleted and made again needs no care.
struct Repository: ~Copyable {
    /// How many branches are counted before a message says "and more".
    private static let mostBranches = 10_000
    /// How many branches a message lists.
    private static let listedBranches = 5

    let handle: Owned

    /// Takes a work tree, a bare repository or a `.git` folder, and nothing above it.
    init(at path: String) throws(SourceError) {
        handle = try naming("open repository \(path)") { () throws(LibgitFailure) in
            try Owned(freedBy: git_repository_free) {
                git_repository_open_ext($0, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
            }
        }
    }

    /// Where the references are kept; ends in a slash. For a linked work tree that is the main repository.
    var referenceFolder: String {
        git_repository_commondir(handle.pointer).map { String(cString: $0) } ?? ""
    }

    /// `nil` where there is no such branch, or can be none of this name.
    func tip(of branch: String) throws(SourceError) -> git_oid? {
        let repository = handle.pointer
        var id = git_oid()
        do throws(LibgitFailure) {
            try call { git_reference_name_to_id(&id, repository, "refs/heads/\(branch)") }
            return id
        } catch {
            guard error.isOne(of: GIT_ENOTFOUND, GIT_EINVALIDSPEC) else {
                throw SourceError("read branch \(branch)", .refused, error.message)
            }
            return nil
        }
    }

    func head(of branch: String) throws(SourceError) -> Revision {
        guard let id = try tip(of: branch) else { throw try missing(branch) }
        return try revision(id.commit)
    }

    /// What `name` means to git: a branch, a tag, a commit in full or in short.
    func resolve(_ name: String) throws(SourceError) -> Revision {
        let object = try self.object(name)
        do throws(LibgitFailure) {
            let commit = try Owned(freedBy: git_object_free) {
                git_object_peel($0, object.pointer, GIT_OBJECT_COMMIT)
            }
            return Revision(reading: commit)
        } catch {
            throw SourceError("find \"\(name)\"", .refused, "it leads to no commit: \(error.message)")
        }
    }

    private func object(_ name: String) throws(SourceError) -> Owned {
        let repository = handle.pointer
        do throws(LibgitFailure) {
            return try Owned(freedBy: git_object_free) { git_revparse_single($0, repository, name) }
        } catch {
            let message =
                if error.isOne(of: GIT_ENOTFOUND, GIT_EINVALIDSPEC) {
                    "there is no branch, tag or commit of this name"
                } else if error.isOne(of: GIT_EAMBIGUOUS) {
                    "more than one object begins like this: give more digits"
                } else {
                    error.message
                }
            throw SourceError("find \"\(name)\"", .missing, message)
        }
    }

    func revision(_ id: CommitID) throws(SourceError) -> Revision {
        try naming("read commit \(id.short)") { () throws(LibgitFailure) in Revision(reading: try commit(id)) }
    }

    func commit(_ id: CommitID) throws(LibgitFailure) -> Owned { try commit(git_oid(id)) }

    func commit(_ id: git_oid) throws(LibgitFailure) -> Owned {
        let repository = handle.pointer
        var id = id
        return try Owned(freedBy: git_commit_free) { git_commit_lookup($0, repository, &id) }
    }

    func database() throws(LibgitFailure) -> Owned {
        let repository = handle.pointer
        return try Owned(freedBy: git_odb_free) { git_repository_odb($0, repository) }
    }

    private func missing(_ branch: String) throws(SourceError) -> SourceError {
        let operation = "read branch \(branch)"
        let branches = try naming(operation) { () throws(LibgitFailure) in try branchNames() }.sorted()
        guard !branches.isEmpty else {
            return SourceError(
                operation, .missing, "the repository is empty: it has no commits; push to branch \"\(branch)\" to begin"
            )
        }
        let listed = branches.prefix(Self.listedBranches).joined(separator: ", ")
        let rest = branches.count - Self.listedBranches
        return SourceError(
            operation, .missing,
            "there is no such branch; the repository has \(listed)" + (rest > 0 ? " and \(rest) more" : ""))
    }

    private func branchNames() throws(LibgitFailure) -> [String] {
        let repository = handle.pointer
        let iterator = try Owned(freedBy: git_branch_iterator_free) {
            git_branch_iterator_new($0, repository, GIT_BRANCH_LOCAL)
        }
        var names: [String] = []
        var type = GIT_BRANCH_LOCAL
        while names.count < Self.mostBranches {
            do throws(LibgitFailure) {
                let branch = try Owned(freedBy: git_reference_free) { git_branch_next($0, &type, iterator.pointer) }
                names.append(git_reference_shorthand(branch.pointer).map { String(cString: $0) } ?? "")
            } catch {
                guard error.isOne(of: GIT_ITEROVER) else { throw error }
                break
            }
        }
        return names
    }
}

extension Revision {
    private static let millisecondsPerSecond: Int64 = 1000

    init(reading commit: borrowing Owned) {
        self.init(
            commit: git_commit_id(commit.pointer).pointee.commit,
            author: git_commit_author(commit.pointer).flatMap { $0.pointee.name }.map { String(cString: $0) } ?? "",
            committedAt: Timestamp(milliseconds: git_commit_time(commit.pointer) * Self.millisecondsPerSecond),
            subject: git_commit_summary(commit.pointer).map { String(cString: $0) } ?? "")
    }
}
