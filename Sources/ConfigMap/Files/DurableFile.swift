internal import Glibc
internal import Reconciler

/// A small file that is either its old self or its new one, whenever the machine stops.
struct DurableFile {
    let path: String

    /// Who may read and write a file, and whose it is.
    struct Access: Hashable {
        let mode: mode_t
        let user: uid_t
        let group: gid_t
    }

    /// `nil` where there is none.
    func read(for operation: String) throws(HostError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw HostError(operation, .refused, "cannot read \(path): \(lastError())")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else {
                throw HostError(operation, .refused, "cannot read \(path): \(lastError())")
            }
            bytes += buffer.prefix(max(0, count))
            guard bytes.count <= Bound.fileBytes else {
                throw HostError(operation, .refused, "\(path) is over \(Bound.fileBytes) bytes")
            }
        }
    }

    /// What is being written, beside it. A web server that finds it there runs it, and does not show what is in it.
    private var temporary: String {
        "\(folder(of: path))/.\(path.split(separator: "/").last ?? "").berth-new.php"
    }

    /// Whether nobody else may read it.
    var isPrivate: Bool {
        var entry = stat()
        return stat(path, &entry) == 0 && entry.st_mode & 0o077 == 0
    }

    /// Removes what somebody who was stopped left beside it.
    func tidy() { unlink(temporary) }

    /// Writes beside it, forces that to disk, renames, and forces the folder: no reader sees half of it. `isDue` is
    /// asked last; returns whether it was. Without `access` nobody else may read it.
    func write(
        _ bytes: [UInt8], access: Access? = nil, for operation: String, where isDue: () -> Bool = { true }
    ) throws(HostError) -> Bool {
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(operation) }
        let isWritten = fill(descriptor, with: bytes) && give(descriptor, access) && fsync(descriptor) == 0
        let why = lastError()
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw HostError(operation, .refused, "cannot write \(path): \(why)")
        }
        guard isDue() else {
            unlink(temporary)
            return false
        }
        guard rename(temporary, path) == 0 else {
            let error = failure(operation)
            unlink(temporary)
            throw error
        }
        try syncFolder(for: operation)
        return true
    }

    /// What is not there is removed already.
    func remove(for operation: String) throws(HostError) {
        tidy()
        guard unlink(path) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw HostError(operation, .refused, "cannot remove \(path): \(lastError())")
        }
        try syncFolder(for: operation)
    }

    private func give(_ descriptor: Int32, _ access: Access?) -> Bool {
        guard let access else { return true }
        var made = stat()
        guard fstat(descriptor, &made) == 0 else { return false }
        let isOwn = made.st_uid == access.user && made.st_gid == access.group
        // The mode last: to give a file away takes set-user bits from it.
        return (isOwn || fchown(descriptor, access.user, access.group) == 0) && fchmod(descriptor, access.mode) == 0
    }

    private func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 || errno == EINTR else { return false }
            written += max(0, count)
        }
        return true
    }

    private func syncFolder(for operation: String) throws(HostError) {
        let descriptor = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(operation) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(operation) }
    }

    private func failure(_ operation: String) -> HostError {
        HostError(operation, .refused, "cannot write \(path): \(lastError())")
    }
}

/// A file as it was at one moment: what is written into it or put in its place has another.
struct FileMark: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let seconds: Int64
    let nanoseconds: Int64

    /// `nil` where there is none.
    init?(of path: String) {
        var entry = stat()
        guard stat(path, &entry) == 0 else { return nil }
        device = UInt64(entry.st_dev)
        inode = UInt64(entry.st_ino)
        size = Int64(entry.st_size)
        seconds = Int64(entry.st_mtim.tv_sec)
        nanoseconds = Int64(entry.st_mtim.tv_nsec)
    }
}

/// What the system says of the call that failed last.
func lastError() -> String { String(cString: strerror(errno)) }

/// The folder a path is in.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in a folder, in order; none where it cannot be read.
func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.sorted()
}

/// Makes a folder and those above it.
func makeFolder(_ path: String, for operation: String) throws(HostError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path != "/", path != "." else {
        throw HostError(operation, .refused, "cannot make the folder \(path): \(lastError())")
    }
    try makeFolder(folder(of: path), for: operation)
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
        throw HostError(operation, .refused, "cannot make the folder \(path): \(lastError())")
    }
}

/// A path without symbolic links; `nil` where it leads nowhere.
func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
}
