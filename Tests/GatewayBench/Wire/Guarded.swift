internal import Foundation
internal import Synchronization

/// A value that several threads use one at a time.
final class Guarded<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func use<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}

/// A thread that runs until it is told to stop.
final class Worker: Sendable {
    private let isRunning = Atomic(true)
    private let done = DispatchGroup()

    init(_ name: String, _ body: @escaping @Sendable (_ worker: Worker) -> Void) {
        done.enter()
        let thread = Thread {
            body(self)
            self.done.leave()
        }
        thread.name = name
        thread.start()
    }

    var shouldGoOn: Bool { isRunning.load(ordering: .relaxed) }

    /// Tells it to stop and waits until it has.
    func stop() {
        isRunning.store(false, ordering: .relaxed)
        done.wait()
    }
}
