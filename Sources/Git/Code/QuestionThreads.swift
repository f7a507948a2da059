internal import Dispatch
internal import Reconciler
internal import Synchronization

/// Threads for short questions to libgit2, which blocks on the disk. Questions about one folder wait for each other;
/// a disk that hangs holds up the folders that share its thread, and nobody who waits for them.
final class QuestionThreads: Sendable {
    private static let count = 16
    private let queues = (0..<count).map { DispatchQueue(label: "berth.git.\($0)") }

    /// To cancel the task ends the waiting at once; the work that nobody waits for is not begun.
    func ask<Answer: Sendable>(
        about folder: String, _ operation: String,
        _ work: @escaping @Sendable () throws(SourceError) -> Answer
    ) async throws(SourceError) -> Answer {
        let reply = Reply<Answer>()
        let queue = queues[Int(UInt(bitPattern: folder.hashValue) % UInt(queues.count))]
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                reply.wait(continuation)
                queue.async {
                    guard reply.isWanted else { return }
                    reply.give(Result(catching: work))
                }
            }
        } onCancel: {
            reply.give(.failure(SourceError(operation, .unreachable, "it was given up")))
        }
        return try result.get()
    }
}

/// The first of several answers, for the one who waits.
private final class Reply<Answer: Sendable>: Sendable {
    typealias Given = Result<Answer, SourceError>

    private enum State: Sendable {
        case open
        case awaited(CheckedContinuation<Given, Never>)
        case given(Given)
        case taken
    }

    private let state = Mutex(State.open)

    var isWanted: Bool {
        state.withLock { state in
            switch state {
            case .open, .awaited: true
            case .given, .taken: false
            }
        }
    }

    func wait(_ continuation: CheckedContinuation<Given, Never>) {
        let given: Given? = state.withLock { state in
            guard case .given(let given) = state else {
                state = .awaited(continuation)
                return nil
            }
            state = .taken
            return given
        }
        if let given { continuation.resume(returning: given) }
    }

    func give(_ answer: Given) {
        let continuation: CheckedContinuation<Given, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .given(answer)
                return nil
            case .awaited(let continuation):
                state = .taken
                return continuation
            case .given, .taken: return nil
            }
        }
        continuation?.resume(returning: answer)
    }
}
