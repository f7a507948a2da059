internal import Glibc
internal import Reconciler

/// The right to change one gateway, held until this value is let go of or the process ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: GatewayFolder, for operation: String) throws(HostError) {
        for _ in 0..<Bound.lockAttempts {
            let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw HostError(operation, .refused, "cannot open \(folder.lock): \(lastError())")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw HostError(operation, .refused, Self.held(folder))
            }
            // The holder before us may have removed the folder in between: then this is a lock on nothing.
            guard Self.isSame(descriptor, folder.lock) else {
                close(descriptor)
                continue
            }
            let text = Array("\(getpid())\n".utf8)
            ftruncate(descriptor, 0)
            _ = pwrite(descriptor, text, text.count, 0)
            self.descriptor = descriptor
            return
        }
        throw HostError(operation, .stale, "\(folder.lock) is made and removed by somebody else")
    }

    deinit { close(descriptor) }

    private static func held(_ folder: GatewayFolder) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let descriptor = open(folder.lock, O_RDONLY | O_CLOEXEC)
        let count = descriptor >= 0 ? read(descriptor, &buffer, buffer.count) : 0
        if descriptor >= 0 { close(descriptor) }
        let holder = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).prefix { $0.isNumber }
        return "process \(holder.isEmpty ? "unknown" : String(holder)) holds gateway \(folder.name) (\(folder.lock))"
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
