internal import Foundation
internal import Synchronization

/// Says that its task was cancelled, to work that cannot be suspended.
final class Surrender: Sendable {
    private let flag = Mutex(false)

    var isAsked: Bool { flag.withLock(\.self) }
    func ask() { flag.withLock { $0 = true } }
}

/// Runs work that blocks on a thread of its own, and waits for its end: what blocks must not hold a thread that all
/// tasks share.
func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable (Surrender) -> Value) async -> Value {
    let surrender = Surrender()
    return await withTaskCancellationHandler {
        await withCheckedContinuation { ended in
            let thread = Thread { ended.resume(returning: work(surrender)) }
            thread.stackSize = 4 << 20
            thread.start()
        }
    } onCancel: {
        surrender.ask()
    }
}
