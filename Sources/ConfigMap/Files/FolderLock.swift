internal import Glibc
internal import Reconciler

/// The right to change one gateway, for the time of one call: of all processes one has it.
final class FolderLock {
    private let descriptor: Int32

    init(_ folder: GatewayFolder, for operation: String) throws(HostError) {
        for _ in 0..<Bound.lockMillis / Bound.lockPauseMillis {
            try makeFolder(folder.path, for: operation)
            let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw HostError(operation, .refused, "cannot open \(folder.lock): \(lastError())")
            }
            // Who held it may have removed the folder in between: then this is a lock on nothing.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, Self.isSame(descriptor, folder.lock) {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
            usleep(UInt32(Bound.lockPauseMillis) * 1000)
        }
        throw HostError(
            operation, .stale,
            "another process has been changing gateway \(folder.name) for \(Bound.lockMillis / 1000) s (\(folder.lock))"
        )
    }

    deinit { close(descriptor) }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
