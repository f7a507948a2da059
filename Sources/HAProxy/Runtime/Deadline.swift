internal import Glibc

/// A point in time to give up at.
struct Deadline {
    private let instant: ContinuousClock.Instant

    init(millis: Int) { instant = .now.advanced(by: .milliseconds(millis)) }

    var hasPassed: Bool { instant <= .now }

    /// For `poll`; never negative, for that would be forever.
    var remainingMillis: Int32 {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: instant).components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// Waits until `condition` holds, looking often; `false` when the time is over.
    func wait(until condition: () -> Bool) -> Bool {
        while !condition() {
            guard !hasPassed else { return false }
            poll(nil, 0, Bound.pollMillis)
        }
        return true
    }
}
