internal import Reconciler

/// Bounds what one node may say: each hint makes the controller look.
struct HintGate<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    static var window: Duration { .seconds(1) }
    /// Hints of a sandbox or of code in one window; what is beyond them is said in one for everything.
    static var mostHints: Int { 50 }

    private var lastEverything: Instant?
    private var windowEnd: Instant?
    private var spoken = 0
    private var isHeldBack = false

    /// When what was held back may be said; `nil` where nothing was.
    var due: Instant? { isHeldBack ? lastEverything?.advanced(by: Self.window) : nil }

    /// What is to be said now.
    mutating func pass(_ hint: Hint, at now: Instant) -> Hint? {
        switch hint {
        case .everything: return everything(at: now)
        case .sandbox, .code:
            if windowEnd.map({ now >= $0 }) ?? true {
                windowEnd = now.advanced(by: Self.window)
                spoken = 0
            }
            guard spoken < Self.mostHints else { return everything(at: now) }
            spoken += 1
            return hint
        }
    }

    /// What was held back, if its time has come.
    mutating func late(at now: Instant, isForced: Bool) -> Hint? {
        guard let due, isForced || now >= due else { return nil }
        return say(at: now)
    }

    private mutating func everything(at now: Instant) -> Hint? {
        if let lastEverything, now < lastEverything.advanced(by: Self.window) {
            isHeldBack = true
            return nil
        }
        return say(at: now)
    }

    private mutating func say(at now: Instant) -> Hint {
        (lastEverything, isHeldBack) = (now, false)
        return .everything
    }
}
