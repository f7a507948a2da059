import Logging
import Model
import Reconciler
import Synchronization

extension Surroundings {
    /// A log that goes nowhere, uids in order, and a time that moves by a millisecond whenever it is asked for.
    static func silent() -> Surroundings {
        let times = Counter()
        let uids = Counter()
        return Surroundings(
            now: { Timestamp(milliseconds: Int64(times.next())) }, newUID: { ResourceUID("u\(uids.next())") },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}

private final class Counter: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock {
            $0 += 1
            return $0
        }
    }
}
