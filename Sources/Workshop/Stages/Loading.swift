internal import Glibc
package import Model
package import Reconciler

extension Workshop {
    package func load(_ bundle: DesiredBundle) async throws(HostError) {
        let operation = "load \(bundle.name)"
        guard let archive = Archive(bundle.archive) else {
            let why = lastError()
            throw HostError(
                operation, .refused,
                "\(bundle.archive) cannot be read (\(why)); bring the archive to this node, or mend its path")
        }
        let found = await onOwnThread { archive.checksum(until: $0) }
        guard let found else {
            throw HostError(operation, .unreachable, "\(bundle.archive) could not be read to its end")
        }
        guard found == bundle.sha256 else {
            throw HostError(
                operation, .refused,
                "\(bundle.archive) has the SHA-256 \(found), and its manifest says \(bundle.sha256); nothing was loaded"
            )
        }
        try await images.load(archive.content())
    }
}

/// An archive that is read twice, and is the same file both times.
private final class Archive: Sendable {
    private static let chunk = 1 << 20

    private let path: String
    private let descriptor: Int32

    init?(_ path: String) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var facts = stat()
        guard descriptor >= 0, fstat(descriptor, &facts) == 0 else { return nil }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            errno = EISDIR
            return nil
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// `nil` where it cannot be read, or the task was cancelled.
    func checksum(until surrender: Surrender) -> String? {
        var sum = Checksum()
        var offset = 0
        while !surrender.isAsked {
            guard let bytes = read(at: offset) else { return nil }
            if bytes.isEmpty { return sum.text }
            sum.add(bytes)
            offset += bytes.count
        }
        return nil
    }

    func content() -> AsyncThrowingStream<[UInt8], any Error> {
        let reading = Reading(self)
        return AsyncThrowingStream { try await reading.next() }
    }

    private actor Reading {
        private let archive: Archive
        private var offset = 0

        init(_ archive: Archive) { self.archive = archive }

        func next() throws -> [UInt8]? {
            guard let bytes = archive.read(at: offset) else {
                throw HostError("read \(archive.path)", .unreachable, "it could not be read to its end")
            }
            offset += bytes.count
            return bytes.isEmpty ? nil : bytes
        }
    }

    /// `nil` on an error, nothing at the end.
    private func read(at offset: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
        return count < 0 ? nil : Array(buffer.prefix(count))
    }
}
