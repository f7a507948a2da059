internal import Glibc
internal import Reconciler

/// The right to fetch into a mirror; the kernel takes it back when its holder dies, however it dies.
struct MirrorLock: ~Copyable {
    private static let name = "berth.flock"
    private static let deepest = 64

    private let mirror: String
    private let descriptor: Int32

    /// Waits for who fetches now; the deadline of the fetch bounds the wait.
    init(on mirror: String) throws(SourceError) {
        let opened = open("\(mirror)/\(Self.name)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0, flock(opened, LOCK_EX) == 0 else {
            let reason = String(cString: strerror(errno))
            if opened >= 0 { close(opened) }
            throw SourceError("lock the mirror \(mirror)", .refused, reason)
        }
        descriptor = opened
        self.mirror = mirror
    }

    deinit { close(descriptor) }

    /// Removes what a killed fetch left: the lock file of a reference, which would forbid all later fetches to
    /// move it, and half a pack; and references without content, which a power failure leaves. Whoever holds this lock is
    /// the only writer, so every such file is a remain.
    borrowing func removeRemains() {
        removeLocks(in: mirror, depth: Self.deepest)
        for name in names(in: "\(mirror)/objects/pack") where name.hasPrefix("pack_git2_") || name.hasPrefix("tmp_") {
            unlink("\(mirror)/objects/pack/\(name)")
        }
    }

    private borrowing func removeLocks(in folder: String, depth: Int) {
        for name in names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasSuffix(".lock") || folder != mirror && isEmptyFile(path) { unlink(path) }
        }
        guard depth > 0 else { return }
        let below = folder == mirror ? ["refs"] : names(in: folder)
        for name in below { removeLocks(in: "\(folder)/\(name)", depth: depth - 1) }
    }

    private borrowing func isEmptyFile(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && facts.st_size == 0
    }
}
