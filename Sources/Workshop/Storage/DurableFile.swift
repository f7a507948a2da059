internal import Glibc
internal import Reconciler

/// A small file that is either its old self or its new one, whenever the machine stops.
struct DurableFile {
    /// Bytes; what we write is far smaller.
    static let largest = 1 << 20

    let path: String

    /// `nil` where there is none, or none that can be read.
    func read() -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= Self.largest {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { return nil }
            bytes += buffer.prefix(max(0, count))
        }
        return nil
    }

    /// Writes beside it, forces that to disk, renames, and forces the folder: no reader sees half of it.
    func write(_ bytes: [UInt8], for operation: String) throws(HostError) {
        let temporary = "\(path).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HostError(disk: operation, "write", path) }
        guard fill(descriptor, with: bytes), fsync(descriptor) == 0 else {
            let failure = HostError(disk: operation, "write", path)
            close(descriptor)
            unlink(temporary)
            throw failure
        }
        close(descriptor)
        guard rename(temporary, path) == 0 else { throw HostError(disk: operation, "write", path) }
        let folder = open(path.parentFolder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw HostError(disk: operation, "write", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw HostError(disk: operation, "write", path) }
    }
}

/// Writes all of it, or nothing more can be written.
func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Bool {
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

extension HostError {
    /// What the disk refused just now, by `errno`. A full disk passes, everything else needs somebody.
    init(disk operation: String, _ verb: String, _ path: String) {
        if errno == ENOSPC || errno == EDQUOT {
            self.init(operation, .unreachable, "the disk of \(path) is full; free some space, and it goes on by itself")
        } else {
            self.init(operation, .refused, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
        }
    }
}

extension String {
    /// The folder that an absolute path is in.
    var parentFolder: String {
        guard let slash = lastIndex(of: "/"), slash != startIndex else { return "/" }
        return String(self[..<slash])
    }
}
