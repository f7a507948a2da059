internal import CLibgit2
internal import Glibc
internal import Model
internal import Reconciler

extension Repository {
    /// Bytes of all files of one commit; a tree that names one large file very often would fill any disk.
    static let largestCheckout = 64 << 30

    /// Writes the files of `commit` into `folder`, which is new or empty. What a failure leaves in it stays.
    ///
    /// Bytes, executable bits and symbolic links are as git has them: nothing is converted, whatever the commit's
    /// attributes or this machine's configuration say. Files are 0644 or 0755 and folders 0755, less the process's
    /// `umask`. A submodule is an empty folder. A symbolic link is written with whatever target it has, one that
    /// leads out of the folder too: who reads the files as a user with rights must not follow it.
    func checkout(_ commit: CommitID, into folder: String) throws(SourceError) {
        let operation = "check out \(commit.short)"
        guard names(in: folder).isEmpty else {
            throw SourceError(operation, .refused, "\(folder) is not empty")
        }
        let entries = try code(at: commit)
        let most = Self.largestCheckout
        let size = entries.reduce(0) { sum, entry in min(sum + min(entry.size, most), most + 1) }
        guard size <= most else {
            throw SourceError(operation, .refused, "its files have more than \(Self.largestCheckout >> 30) GiB")
        }
        // One level: what is above it is somebody's who is not us.
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw SourceError(operation, .unreachable, "\(folder) cannot be made: \(String(cString: strerror(errno)))")
        }
        try naming(operation) { () throws(LibgitFailure) in try write(commit, into: folder) }
    }

    private func write(_ commit: CommitID, into folder: String) throws(LibgitFailure) {
        let root = try rootTree(of: self.commit(commit))
        let repository = handle.pointer
        // Compared with nothing, rather than with what the repository calls HEAD.
        let nothing = try Owned(freedBy: git_index_free) { git_index_new($0) }
        var options = git_checkout_options()
        try call { git_checkout_options_init(&options, UInt32(GIT_CHECKOUT_OPTIONS_VERSION)) }
        options.checkout_strategy =
            GIT_CHECKOUT_FORCE.rawValue | GIT_CHECKOUT_DONT_UPDATE_INDEX.rawValue
            | GIT_CHECKOUT_DONT_WRITE_INDEX.rawValue
        options.disable_filters = 1
        options.baseline_index = nothing.pointer
        // Of this open handle only. The option for another folder than the repository's own cannot do submodules.
        try call { git_repository_set_workdir(repository, folder, 0) }
        try call { git_checkout_tree(repository, root.pointer, &options) }
    }
}
