internal import AgentProtocol
internal import Glibc

/// A small file that nobody else may read, and that is either its old self or its new one whenever the machine stops.
struct PrivateFile {
    /// No file of ours comes near it, in bytes.
    static let most = 64 << 10
    private static let mode: mode_t = 0o600

    let path: String

    init(_ path: String) { self.path = path }

    var exists: Bool { access(path, F_OK) == 0 }

    /// `nil` where there is none.
    func read() throws(LinkError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("read")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.most + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
            }
            if count == 0 { break }
            guard count > 0 || errno == EINTR else { throw failure("read") }
            filled += max(0, count)
        }
        guard filled <= Self.most else {
            throw LinkError(.refused, "\(path) is over \(Self.most >> 10) KiB and so is no file of Berth's")
        }
        return String(decoding: bytes.prefix(filled), as: UTF8.self)
    }

    /// Writes beside it, forces that to disk, renames, and forces the folder. Writers of one path exclude each other.
    func write(_ text: String) throws(LinkError) {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, Self.mode)
        guard descriptor >= 0 else { throw failure("write") }
        let bytes = Array(text.utf8)
        let count = Glibc.write(descriptor, bytes, bytes.count)
        // A short count is what a full disk gives.
        if count >= 0, count < bytes.count { errno = ENOSPC }
        let isWritten = count == bytes.count && fsync(descriptor) == 0
        let written = errno
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            let renamed = errno
            unlink(temporary)
            throw failure("write", isWritten ? renamed : written)
        }
        try syncFolder()
    }

    /// What is not there is removed already.
    func remove() throws(LinkError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove") }
        try syncFolder()
    }

    func move(to other: PrivateFile) throws(LinkError) {
        guard rename(path, other.path) == 0 else { throw failure("move") }
        try other.syncFolder()
        try syncFolder()
    }

    private func syncFolder() throws(LinkError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("write") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write") }
    }

    private func failure(_ verb: String, _ code: Int32 = errno) -> LinkError {
        LinkError(.refused, "cannot \(verb) \(path): \(String(cString: strerror(code)))")
    }
}

/// A folder that nobody else may look into.
struct PrivateFolder {
    /// How many files one of ours ever holds; more are somebody else's.
    static let most = 100_000
    private static let mode: mode_t = 0o700

    let path: String

    init(_ path: String) { self.path = path }

    func file(_ name: String) -> PrivateFile { PrivateFile("\(path)/\(name)") }

    func folder(_ name: String) -> PrivateFolder { PrivateFolder("\(path)/\(name)") }

    /// Makes it, and what it lies in.
    func make() throws(LinkError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        var missing: [String] = []
        while let last = parts.last, !last.isEmpty, access(parts.joined(separator: "/"), F_OK) != 0 {
            missing.append(parts.joined(separator: "/"))
            parts.removeLast()
        }
        for folder in missing.reversed() where mkdir(folder, Self.mode) != 0 && errno != EEXIST {
            throw failure("make")
        }
        guard chmod(path, Self.mode) == 0 else { throw failure("close to others") }
    }

    /// The names of the files, sorted, without those being written.
    func names() throws(LinkError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw failure("read")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream), names.count < Self.most {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), !name.hasSuffix(".new") { names.append(name) }
        }
        return names.sorted()
    }

    /// Runs a change while no other process makes one. Held for moments only.
    func locked<Result>(_ change: () throws(LinkError) -> Result) throws(LinkError) -> Result {
        let descriptor = open("\(path)/.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("lock") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("lock") }
        }
        return try change()
    }

    private func failure(_ verb: String) -> LinkError {
        LinkError(.refused, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
