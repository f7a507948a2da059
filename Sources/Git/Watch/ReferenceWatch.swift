internal import CLibgit2
internal import Glibc
internal import Model
internal import Reconciler

/// Tells when references of a repository on this machine moved, appeared or went.
///
/// inotify says at once that something happened; what happened is read from the repository. The watches are set anew
/// on every look, so a folder that a slash branch took with it and brought back, or a whole repository, needs no
/// memory of what was watched. A slow poll finds what inotify missed: another file system, no free watch.
struct ReferenceWatch: Watching {
    enum Scope {
        case branch(String)
        /// All branches and tags.
        case all
    }

    static let pollInterval: Duration = .seconds(2)

    let path: String
    let scope: Scope
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
            let found = look(arming: notices)
            guard found != known else { continue }
            known = found
            tell()
        }
    }

    /// Where the references are; `nil` where they or the repository are not to be had. Armed first, read second: a
    /// move between the two is told twice rather than never.
    private func look(arming notices: borrowing Notices) -> [String: CommitID]? {
        do {
            let repository = try Repository(at: path)
            let folder = repository.referenceFolder
            notices.watch(folder)
            notices.watch(folder + "refs")
            switch scope {
            case .branch(let branch):
                var references = folder + "refs"
                for part in "heads/\(branch)".split(separator: "/").dropLast() {
                    references += "/\(part)"
                    notices.watch(references)
                }
                return try repository.tip(of: branch).map { [branch: $0.commit] }
            case .all:
                notices.watchTree(folder + "refs/heads")
                notices.watchTree(folder + "refs/tags")
                return try repository.references()
            }
        } catch {
            // Not there now; the poll finds it when it comes back.
            return nil
        }
    }
}

/// The kernel's notices about some folders.
private struct Notices: ~Copyable {
    private static let batch = 64 << 10
    /// Folders that are watched of one tree of references; the poll sees the others.
    private static let mostFolders = 2000
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

    /// Watches `folder` and all folders below it.
    borrowing func watchTree(_ folder: String) {
        var waiting = [folder]
        var watched = 0
        while let next = waiting.popLast(), watched < Self.mostFolders {
            watched += 1
            watch(next)
            waiting += folders(in: next)
        }
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
