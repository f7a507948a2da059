internal import Dispatch

/// The thread of one actor. libgit2 blocks, on the disk and in decompression, and what blocks must not hold a thread
/// that all tasks share.
final class GitThread: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
