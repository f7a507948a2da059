internal import Glibc
internal import Reconciler

/// A small file that is either its old self or its new one, whenever the machine stops.
struct DurableFile {
    let path: String

    /// What changes whenever the file is written.
    struct Stamp: Hashable, Sendable {
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    var stamp: Stamp? {
        var facts = Glibc.stat()
        guard stat(path, &facts) == 0 else { return nil }
        return Stamp(
            inode: UInt(facts.st_ino), size: Int(facts.st_size), seconds: facts.st_mtim.tv_sec,
            nanoseconds: facts.st_mtim.tv_nsec)
    }

    /// `nil` where there is none.
    func read(for operation: String) throws(HostError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw HostError(operation, .refused, "cannot read \(path): \(lastError())")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            guard count > 0 || errno == EINTR else {
                throw HostError(operation, .refused, "cannot read \(path): \(lastError())")
            }
            bytes += buffer.prefix(max(0, count))
            guard bytes.count <= Bound.fileBytes else {
                throw HostError(operation, .refused, "\(path) is over \(Bound.fileBytes) bytes")
            }
        }
    }

    /// Writes beside it, forces that to disk, renames, and forces the folder: no reader sees half of it.
    func write(_ text: String, for operation: String) throws(HostError) {
        try write(Array(text.utf8), for: operation)
    }

    func write(_ bytes: [UInt8], for operation: String) throws(HostError) {
        let temporary = "\(path).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(operation) }
        let isWritten = Self.fill(descriptor, with: bytes) && fsync(descriptor) == 0
        let why = lastError()
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw HostError(operation, .refused, "cannot write \(path): \(why)")
        }
        guard rename(temporary, path) == 0 else { throw failure(operation) }
        try syncFolder(for: operation)
    }

    static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Bool {
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

    func syncFolder(for operation: String) throws(HostError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(operation) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(operation) }
    }

    private func failure(_ operation: String) -> HostError {
        HostError(operation, .refused, "cannot write \(path): \(lastError())")
    }
}
