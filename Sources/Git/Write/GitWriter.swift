internal import CLibgit2
internal import Glibc
package import Model
package import Reconciler

/// Makes repositories and commits. It blocks, and it is given the time rather than asking for it.
///
/// A commit is made from trees in memory: a work tree that has the branch checked out is neither read nor touched, and
/// `git status` there shows the difference.
package enum GitWriter {
    private static let millisecondsPerSecond: Int64 = 1000
    private static let regularFile: UInt32 = 0o100644

    package struct Author: Hashable, Sendable {
        package let name: String
        package let email: String

        package init(name: String, email: String) {
            self.name = name
            self.email = email
        }
    }

    /// Makes an empty bare repository, its folder included; one that is there already stays as it is.
    package static func initialize(bare path: String, branch: String = "main") throws(SourceError) {
        try naming("make repository \(path)") { () throws(LibgitFailure) in
            var options = git_repository_init_options()
            try call {
                git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
            }
            options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
            let initial = strdup(branch)
            defer { free(initial) }
            options.initial_head = UnsafePointer(initial)
            _ = try Owned(freedBy: git_repository_free) { git_repository_init_ext($0, path, &options) }
        }
    }

    /// Puts a commit on top of `branch`, which begins with it where there is none. Files keep what is not named;
    /// executables and links that are named become plain files. If the branch moves meanwhile, nothing is done.
    @discardableResult
    package static func commit(
        files: [String: [UInt8]], removing: [String] = [], to path: String, branch: String, message: String,
        author: Author, at time: Timestamp
    ) throws(SourceError) -> CommitID {
        let repository = try Repository(at: path)
        let tip = try repository.tip(of: branch)
        return try naming("commit to \(branch) of \(path)") { () throws(LibgitFailure) in
            let parent = tip
            var tree = try self.tree(files, removing, upon: parent, in: repository)
            let pointer = repository.handle.pointer
            let treeObject = try Owned(freedBy: git_tree_free) { git_tree_lookup($0, pointer, &tree) }
            var signature: UnsafeMutablePointer<git_signature>?
            try call {
                git_signature_new(&signature, author.name, author.email, time.milliseconds / millisecondsPerSecond, 0)
            }
            defer { git_signature_free(signature) }
            var id = git_oid()
            let reference = "refs/heads/\(branch)"
            if let parent {
                let commit = try repository.commit(parent)
                var parents: [OpaquePointer?] = [commit.pointer]
                try call {
                    git_commit_create(
                        &id, pointer, reference, signature, signature, nil, message, treeObject.pointer, 1, &parents)
                }
            } else {
                try call {
                    git_commit_create(
                        &id, pointer, reference, signature, signature, nil, message, treeObject.pointer, 0, nil)
                }
            }
            return id.commit
        }
    }

    private static func tree(
        _ files: [String: [UInt8]], _ removing: [String], upon parent: git_oid?, in repository: borrowing Repository
    ) throws(LibgitFailure) -> git_oid {
        let pointer = repository.handle.pointer
        let index = try Owned(freedBy: git_index_free) { git_index_new($0) }
        if let parent {
            let root = try repository.rootTree(of: repository.commit(parent))
            try call { git_index_read_tree(index.pointer, root.pointer) }
        }
        for path in removing.sorted() {
            try call { git_index_find(nil, index.pointer, path) }
            try call { git_index_remove(index.pointer, path, 0) }
        }
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            var entry = git_index_entry()
            entry.mode = regularFile
            try call { git_blob_create_from_buffer(&entry.id, pointer, bytes, bytes.count) }
            let name = strdup(path)
            defer { free(name) }
            entry.path = UnsafePointer(name)
            try call { git_index_add(index.pointer, &entry) }
        }
        var tree = git_oid()
        try call { git_index_write_tree_to(&tree, index.pointer, pointer) }
        return tree
    }
}
