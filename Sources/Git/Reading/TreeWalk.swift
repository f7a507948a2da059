internal import CLibgit2
internal import Model
internal import Reconciler

extension Repository {
    /// Every entry below the root of `commit` in byte order of path. A name that is not UTF-8 is repaired.
    func tree(at commit: CommitID) throws(SourceError) -> [TreeEntry] {
        try walk(commit).map { entry in
            switch entry.mode {
            case GIT_FILEMODE_COMMIT: TreeEntry(path: entry.path, kind: .submodule, blob: entry.blob, size: 0)
            case GIT_FILEMODE_LINK: TreeEntry(path: entry.path, kind: .symlink, blob: entry.blob, size: 0)
            default: TreeEntry(path: entry.path, kind: .file, blob: entry.blob, size: entry.size)
            }
        }
    }

    /// The same with what it takes to write them to a disk. A tree with a name that would lead out of its folder, or
    /// make a repository of it, is refused.
    func code(at commit: CommitID) throws(SourceError) -> [CodeEntry] {
        var entries: [CodeEntry] = []
        for entry in try walk(commit) {
            if let name = entry.path.split(separator: "/", omittingEmptySubsequences: false).first(where: isForbidden) {
                throw SourceError(
                    "read the tree of \(commit.short)", .refused,
                    "\(entry.path) cannot be written to a disk: \"\(name)\" is no name for a file or folder")
            }
            let kind: CodeEntry.Kind =
                switch entry.mode {
                case GIT_FILEMODE_COMMIT: .submodule
                case GIT_FILEMODE_LINK: .symlink
                case GIT_FILEMODE_BLOB_EXECUTABLE: .executable
                default: .file
                }
            entries.append(CodeEntry(path: entry.path, kind: kind, blob: entry.blob, size: entry.size))
        }
        return entries
    }

    private func walk(_ commit: CommitID) throws(SourceError) -> [TreeWalk.Entry] {
        let operation = "read the tree of \(commit.short)"
        let database = try naming(operation) { () throws(LibgitFailure) in try self.database() }
        let root = try naming(operation) { () throws(LibgitFailure) in try rootTree(of: self.commit(commit)) }
        var walk = TreeWalk(operation: operation, repository: handle.pointer, database: database.pointer)
        try walk.visit(root.pointer, below: "", depth: 0)
        return walk.entries
    }

    func rootTree(of commit: borrowing Owned) throws(LibgitFailure) -> Owned {
        let pointer = commit.pointer
        return try Owned(freedBy: git_tree_free) { git_commit_tree($0, pointer) }
    }
}

private func isForbidden(_ name: Substring) -> Bool {
    name.isEmpty || name == "." || name == ".." || name.lowercased() == ".git"
}

/// Lists a tree depth first: git keeps a folder where its name and a slash sort, so that is the order of paths.
struct TreeWalk {
    /// Entries of one tree, folders included: twenty times the largest repository we are built for.
    static let mostEntries = 200_000
    /// Folders within folders.
    static let deepest = 256
    /// Bytes of one path, which no disk takes longer, and of all paths of a tree, which are in memory at once.
    static let longestPath = 4095
    static let mostPathBytes = 64 << 20

    struct Entry {
        let path: String
        let mode: git_filemode_t
        let blob: BlobID
        /// Bytes; 0 for a submodule.
        let size: Int
    }

    let operation: String
    let repository: OpaquePointer
    let database: OpaquePointer
    private(set) var entries: [Entry] = []
    private var seen = 0
    private var pathBytes = 0

    init(operation: String, repository: OpaquePointer, database: OpaquePointer) {
        self.operation = operation
        self.repository = repository
        self.database = database
    }

    mutating func visit(_ tree: OpaquePointer, below prefix: String, depth: Int) throws(SourceError) {
        guard depth <= Self.deepest else {
            throw SourceError(operation, .refused, "its folders are more than \(Self.deepest) deep")
        }
        for index in 0..<git_tree_entrycount(tree) {
            guard let entry = git_tree_entry_byindex(tree, index) else { continue }
            seen += 1
            guard seen <= Self.mostEntries else {
                throw SourceError(operation, .refused, "it has more than \(Self.mostEntries) entries")
            }
            let name = String(cString: git_tree_entry_name(entry))
            guard !name.contains("/") else {
                throw SourceError(operation, .refused, "\(prefix): \"\(name)\" is no name for a file or folder")
            }
            let path = prefix + name
            pathBytes += path.utf8.count
            guard path.utf8.count <= Self.longestPath, pathBytes <= Self.mostPathBytes else {
                throw SourceError(
                    operation, .refused,
                    "it has a path of more than \(Self.longestPath) bytes, or more than \(Self.mostPathBytes >> 20) MiB "
                        + "of paths")
            }
            let mode = git_tree_entry_filemode(entry)
            guard mode == GIT_FILEMODE_TREE else {
                let size = mode == GIT_FILEMODE_COMMIT ? 0 : try size(of: entry, at: path)
                entries.append(
                    Entry(path: path, mode: mode, blob: BlobID(git_tree_entry_id(entry).pointee.text), size: size))
                continue
            }
            let below = try naming("\(operation) at \(path)") { () throws(LibgitFailure) in
                try Owned(freedBy: git_tree_free) { git_tree_lookup($0, repository, git_tree_entry_id(entry)) }
            }
            try visit(below.pointer, below: path + "/", depth: depth + 1)
        }
    }

    private func size(of entry: OpaquePointer, at path: String) throws(SourceError) -> Int {
        try naming("\(operation) at \(path)") { () throws(LibgitFailure) in
            try ObjectHeader(of: git_tree_entry_id(entry), in: database).size
        }
    }
}

/// What an object is and how large, without its content.
struct ObjectHeader {
    let size: Int
    let type: git_object_t

    init(of id: UnsafePointer<git_oid>, in database: OpaquePointer) throws(LibgitFailure) {
        var size = 0
        var type = GIT_OBJECT_INVALID
        try call { git_odb_read_header(&size, &type, database, id) }
        self.size = size
        self.type = type
    }
}
