internal import Glibc
internal import Reconciler

/// The right to work on one thing, held until this value is let go of or the process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// `nil` while somebody else holds it.
    init?(_ path: String, for operation: String) throws(HostError) {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw HostError(disk: operation, "open", path) }
        // The holder before us may have removed the file in between: then this is a lock on nothing.
        guard flock(opened, LOCK_EX | LOCK_NB) == 0, Self.isSame(opened, path) else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    /// Given back in so many words: a child that was just started may have our descriptor until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether anybody holds it now.
    static func isHeld(_ path: String) -> Bool {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return false }
        defer { close(opened) }
        guard flock(opened, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(opened, LOCK_UN)
        return false
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
