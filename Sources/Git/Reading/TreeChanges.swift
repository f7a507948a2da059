internal import CLibgit2

/// Which of some paths differ between two trees. Folders of equal id are not entered, so a comparison costs what
/// changed and not what the repository holds.
struct TreeChanges {
    private(set) var paths: Set<String> = []
    private let wanted: Set<String>
    private let repository: OpaquePointer

    init(of wanted: Set<String>, in repository: OpaquePointer) {
        self.wanted = wanted
        self.repository = repository
    }

    /// Compares two folders; `nil` is a folder that is not there.
    mutating func compare(
        _ old: git_oid?, _ new: git_oid?, below prefix: String, depth: Int
    ) throws(LibgitFailure) {
        guard !isSame(old, new) else { return }
        guard depth <= TreeWalk.deepest else {
            throw LibgitFailure(code: -1, message: "folders are more than \(TreeWalk.deepest) deep")
        }
        let before = try Folder(old, in: repository)
        let after = try Folder(new, in: repository)
        for (name, entry) in after.entries where !entry.isSame(as: before.entries[name]) {
            try compare(before.entries[name], entry, at: prefix + name, depth: depth)
        }
        for (name, entry) in before.entries where after.entries[name] == nil {
            try compare(entry, nil, at: prefix + name, depth: depth)
        }
    }

    private mutating func compare(
        _ old: Folder.Entry?, _ new: Folder.Entry?, at path: String, depth: Int
    ) throws(LibgitFailure) {
        if !isSame(old?.file, new?.file), wanted.contains(path) { paths.insert(path) }
        try compare(old?.folder, new?.folder, below: path + "/", depth: depth + 1)
    }
}

/// One folder by name.
private struct Folder {
    struct Entry {
        let id: git_oid
        let isFolder: Bool
        var folder: git_oid? { isFolder ? id : nil }
        var file: git_oid? { isFolder ? nil : id }

        func isSame(as other: Self?) -> Bool {
            isFolder == other?.isFolder && Git.isSame(id, other?.id)
        }
    }

    private(set) var entries: [String: Entry] = [:]

    init(_ id: git_oid?, in repository: OpaquePointer) throws(LibgitFailure) {
        guard var id else { return }
        let tree = try Owned(freedBy: git_tree_free) { git_tree_lookup($0, repository, &id) }
        let count = git_tree_entrycount(tree.pointer)
        guard count <= TreeWalk.mostEntries else {
            throw LibgitFailure(code: -1, message: "a folder has more than \(TreeWalk.mostEntries) entries")
        }
        for index in 0..<count {
            guard let entry = git_tree_entry_byindex(tree.pointer, index) else { continue }
            entries[String(cString: git_tree_entry_name(entry))] = Entry(
                id: git_tree_entry_id(entry).pointee, isFolder: git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        }
    }
}
