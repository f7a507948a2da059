internal import Glibc
internal import Reconciler

/// Folders of our own, with the modes that let a build reach its files and nothing else.
enum Folders {
    /// May be gone through by every user, and listed by its owner alone.
    static let passage: mode_t = 0o711
    static let closed: mode_t = 0o700

    /// Makes a folder, and those above it where they are missing. One that is there keeps its mode.
    static func make(_ path: String, _ mode: mode_t, for operation: String) throws(HostError) {
        if mkdir(path, mode) == 0 {
            // What the process masks off is ours to give.
            guard chmod(path, mode) == 0 else { throw HostError(disk: operation, "make", path) }
            return
        }
        switch errno {
        case EEXIST: return
        case ENOENT where path.parentFolder != path:
            try make(path.parentFolder, mode, for: operation)
            guard mkdir(path, mode) == 0 || errno == EEXIST, chmod(path, mode) == 0 else {
                throw HostError(disk: operation, "make", path)
            }
        default: throw HostError(disk: operation, "make", path)
        }
    }

    /// The names in a folder, in no order; none where there is no such folder.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        return names(of: stream)
    }

    private static func names(of stream: OpaquePointer) -> [String] {
        exactNames(of: stream).map { String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }

    /// As the disk has them, a zero at the end: a build may give a file a name that is no text.
    static func exactNames(of stream: OpaquePointer) -> [[CChar]] {
        let dot = CChar(bitPattern: UInt8(ascii: "."))
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                $0.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
            }
            if name != [dot, 0], name != [dot, dot, 0] { names.append(name) }
        }
        return names
    }

    static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// Whether a relative path leads through folders alone: a symbolic link could lead anywhere on the node.
    static func isPlain(_ path: String, in root: String) -> Bool {
        var place = root
        for name in path.split(separator: "/") where name != "." {
            place += "/\(name)"
            var facts = stat()
            guard name != "..", lstat(place, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return false }
        }
        return true
    }

    /// Whether the file system of `path` has no room left for anybody but root.
    static func isFull(_ path: String) -> Bool {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return false }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize) < Self.least || facts.f_files > 0 && facts.f_favail == 0
    }

    /// Bytes; a disk with less than this does not take the next file.
    private static let least: UInt64 = 64 << 10
}
