internal import Glibc
internal import Reconciler

/// The files below one folder, walked by descriptors, so that a symbolic link leads nowhere.
struct FileTree {
    /// Folders inside folders. Deeper ones are an attack or a mistake.
    static let deepest = 128
    static let mostEntries = 5_000_000

    let path: String
    let operation: String

    /// Gives every file to `owner` and makes it readable by whatever user a container runs as. A folder goes after what is
    /// in it: other builds run as the same user, and whoever has a folder can put a link where a file was.
    func handOver(to owner: BuildUser) throws(HostError) {
        try everything(foldersLast: true) { parent, name, facts in
            if facts.st_uid != owner.uid || facts.st_gid != owner.gid {
                guard fchownat(parent, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
            }
            return Self.open(parent, name, facts)
        }
    }

    /// Takes what `owner` has made, so that no later build can change it, and makes it readable by whatever user a
    /// container runs as. What is linked here and belongs to somebody else is left alone.
    func takeBack(from owner: BuildUser) throws(HostError) {
        let (us, ours) = (geteuid(), getegid())
        try everything { parent, name, facts in
            guard facts.st_uid == owner.uid else { return true }
            guard facts.st_uid == us || fchownat(parent, name, us, ours, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
            return Self.open(parent, name, facts)
        }
    }

    private static func open(_ parent: Int32, _ name: [CChar], _ facts: stat) -> Bool {
        let mode: mode_t
        switch facts.st_mode & S_IFMT {
        case S_IFDIR: mode = 0o755
        case S_IFREG: mode = facts.st_mode & 0o100 != 0 ? 0o755 : 0o644
        default: return true
        }
        return facts.st_mode & 0o7777 == mode || fchmodat(parent, name, mode, 0) == 0
    }

    private typealias Visit = (Int32, [CChar], stat) -> Bool

    /// Visits the folder itself and all below it.
    private func everything(foldersLast: Bool = false, _ visit: Visit) throws(HostError) {
        var facts = stat()
        guard lstat(path, &facts) == 0, foldersLast || visit(AT_FDCWD, Array(path.utf8CString), facts) else {
            throw failure("change", path)
        }
        let root = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard root >= 0 else { throw failure("open", path) }
        var left = Self.mostEntries
        try walk(root, Self.deepest, &left, foldersLast, visit)
        guard !foldersLast || visit(AT_FDCWD, Array(path.utf8CString), facts) else { throw failure("change", path) }
    }

    /// Takes the descriptor and closes it.
    private func walk(
        _ folder: Int32, _ depth: Int, _ left: inout Int, _ foldersLast: Bool, _ visit: Visit
    ) throws(HostError) {
        guard let stream = fdopendir(folder) else {
            close(folder)
            throw failure("list a folder of", path)
        }
        defer { closedir(stream) }
        for name in Folders.exactNames(of: stream) {
            left -= 1
            guard depth > 0, left > 0 else {
                throw HostError(
                    operation, .refused,
                    "\(path) has more than \(Self.mostEntries) files or folders more than \(Self.deepest) deep")
            }
            var facts = stat()
            guard fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { throw failure("change", name) }
            let isFolder = facts.st_mode & S_IFMT == S_IFDIR
            guard foldersLast && isFolder || visit(folder, name, facts) else { throw failure("change", name) }
            guard isFolder else { continue }
            let inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard inner >= 0 else { throw failure("open", name) }
            try walk(inner, depth - 1, &left, foldersLast, visit)
            guard !foldersLast || visit(folder, name, facts) else { throw failure("change", name) }
        }
    }

    private func failure(_ verb: String, _ what: String) -> HostError { HostError(disk: operation, verb, what) }

    private func failure(_ verb: String, _ name: [CChar]) -> HostError {
        failure(verb, "\(path)/…/\(String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))")
    }

    // MARK: Removing

    /// Removes the folder and all below it. What is not there is gone already.
    func remove() throws(HostError) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 else { throw failure("remove", path) }
            return
        }
        chmod(path, 0o700)
        let root = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard root >= 0 else { throw failure("open", path) }
        defer { close(root) }
        // What is too deep to be reached is moved up and met in the next round.
        var moved = 1
        while moved > 0 {
            moved = 0
            let again = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard again >= 0 else { throw failure("open", path) }
            try empty(again, Self.deepest, root, &moved)
        }
        guard rmdir(path) == 0 else { throw failure("remove", path) }
    }

    /// Takes the descriptor and closes it.
    private func empty(_ folder: Int32, _ depth: Int, _ root: Int32, _ moved: inout Int) throws(HostError) {
        guard let stream = fdopendir(folder) else {
            close(folder)
            throw failure("list a folder of", path)
        }
        defer { closedir(stream) }
        // A build may have taken away its own right to change a folder.
        fchmod(folder, 0o700)
        for name in Folders.exactNames(of: stream) {
            var facts = stat()
            guard fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            guard facts.st_mode & S_IFMT == S_IFDIR else {
                guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw failure("remove", name) }
                continue
            }
            if depth == 0 {
                moved += 1
                guard renameat(folder, name, root, ".deep-\(moved)-\(facts.st_ino)") == 0 else {
                    throw failure("move", name)
                }
                continue
            }
            let how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            var inner = openat(folder, name, how)
            if inner < 0, errno == EACCES {
                // Never as root, whom a link in its place could lead anywhere.
                fchmodat(folder, name, 0o700, 0)
                inner = openat(folder, name, how)
            }
            guard inner >= 0 else { throw failure("open", name) }
            try empty(inner, depth - 1, root, &moved)
            guard unlinkat(folder, name, AT_REMOVEDIR) == 0 else { throw failure("remove", name) }
        }
    }
}
