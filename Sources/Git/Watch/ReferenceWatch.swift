internal import CLibgit2
internal import Glibc

/// Tells when a branch of a repository on this machine moved, appeared or went.
///
/// inotify says at once that something happened; what happened is read from the repository. The watches are set anew
/// on every look, so a folder that a slash branch took with it and brought back, or a whole repository, needs no
/// memory of what was watched. A slow poll finds what inotify missed: another file system, no free watch.
struct ReferenceWatch: Watching {
    static let pollInterval: Duration = .seconds(2)

    let path: String
    let branch: String
    let waker: Waker

    func run(tell: () -> Void) {
        let notices = Notices()
        var known = look(arming: notices)
        tell()
        while true {
            switch waker.wait(for: Self.pollInterval, or: notices.descriptor) {
            case .stopped: return
            case .readable: notices.drain()
            case .elapsed: break
            }
            let tip = look(arming: notices)
            guard !isSame(tip, known) else { continue }
            known = tip
            tell()
        }
    }

    /// Where the branch is; `nil` where it or the repository is not to be had. Armed first, read second: a move
    /// between the two is told twice rather than never.
    private func look(arming notices: borrowing Notices) -> git_oid? {
        do {
            let repository = try Repository(at: path)
            let folder = repository.referenceFolder
            notices.watch(folder)
            var references = folder + "refs"
            notices.watch(references)
            for part in "heads/\(branch)".split(separator: "/").dropLast() {
                references += "/\(part)"
                notices.watch(references)
            }
            return try repository.tip(of: branch)
        } catch {
            // Not there now; the poll finds it when it comes back.
            return nil
        }
    }
}

/// The kernel's notices about some folders.
private struct Notices: ~Copyable {
    private static let batch = 64 << 10
    /// `nil` where the kernel gives no more; the poll does then.
    let descriptor: Int32?

    init() {
        let opened = inotify_init1(Int32(IN_CLOEXEC) | Int32(O_NONBLOCK))
        descriptor = opened >= 0 ? opened : nil
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Watching the same folder again changes nothing; one that is not there is passed over.
    borrowing func watch(_ folder: String) {
        guard let descriptor else { return }
        let events =
            IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF
        _ = inotify_add_watch(descriptor, folder, UInt32(events) | UInt32(IN_ONLYDIR))
    }

    /// Forgets what was noticed: that there was something is all we want to know.
    borrowing func drain() {
        guard let descriptor else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.batch, alignment: 8) { buffer in
            // One read: what it leaves makes the descriptor readable again.
            _ = read(descriptor, buffer.baseAddress, buffer.count)
        }
    }
}
