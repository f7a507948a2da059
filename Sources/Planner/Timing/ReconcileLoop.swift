/// Decides when one subject is reconciled. It does nothing itself: events go in, commands come out.
///
/// At most one pass runs at a time. A trigger that arrives during a pass is not queued but remembered, because a pass
/// started after it sees everything it announced.
package struct ReconcileLoop<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    package enum Event: Sendable {
        /// Something new is wanted, or a person asks: a failure before says nothing about it.
        case triggered
        /// Something was seen that our own doing may have caused: it does not wait, but it ends no backoff either.
        case hinted
        /// An alarm rang.
        case woke
        case passed, failed
    }
    package enum Command: Hashable, Sendable { case reconcile, wake(at: Instant) }

    package struct Policy: Sendable {
        /// The time between two passes that nobody asked for; `nil` waits for somebody to ask.
        package var interval: Duration?
        /// The wait after the first failure; it doubles with each one, up to ``longestRetry``.
        package var firstRetry: Duration
        package var longestRetry: Duration

        package init(interval: Duration?, firstRetry: Duration, longestRetry: Duration) {
            precondition(firstRetry > .zero)
            precondition(firstRetry <= longestRetry)
            self.interval = interval
            self.firstRetry = firstRetry
            self.longestRetry = longestRetry
        }
    }

    private enum Phase: Sendable {
        /// `nil` waits for a trigger alone.
        case waiting(until: Instant?)
        case running(then: Next)
    }

    /// What came during a pass.
    private enum Next: Sendable { case nothing, passIfWell, pass }

    private let policy: Policy
    private var phase: Phase
    /// Every alarm set and not yet rung; each new one is earlier than all before it, so they stay few.
    private var alarms: [Instant]
    private var failures = 0

    /// Starts due at once: the first ``Event/woke`` begins a pass.
    package init(policy: Policy, now: Instant) {
        self.policy = policy
        self.phase = .waiting(until: now)
        self.alarms = [now]
    }

    package var isRunning: Bool {
        if case .running = phase { true } else { false }
    }

    package mutating func handle(_ event: Event, at now: Instant) -> Command? {
        switch (phase, event) {
        case (.waiting, .triggered):
            return reconcile()
        case (.waiting, .hinted):
            return failures == 0 ? reconcile() : nil
        case (.waiting(let due), .woke):
            guard silenceAlarm(at: now), let due else { return nil }
            return now >= due ? reconcile() : wait(now.duration(to: due), from: now)
        case (.running, .triggered), (.running(then: .pass), .hinted):
            phase = .running(then: .pass)
            return nil
        case (.running, .hinted):
            phase = .running(then: .passIfWell)
            return nil
        case (.running, .woke):
            _ = silenceAlarm(at: now)
            return nil
        case (.running(let next), .passed):
            failures = 0
            switch next {
            case .nothing: return wait(policy.interval, from: now)
            case .passIfWell, .pass: return reconcile()
            }
        case (.running(let next), .failed):
            failures += 1
            switch next {
            // What a failing pass does is heard as well: to heed it would be to try again without end.
            case .nothing, .passIfWell: return wait(backoff, from: now)
            // Perhaps the fix: it does not wait out the backoff.
            case .pass: return reconcile()
            }
        case (.waiting, .passed), (.waiting, .failed):
            preconditionFailure("a pass ended that never began")
        }
    }

    private mutating func reconcile() -> Command {
        phase = .running(then: .nothing)
        return .reconcile
    }

    private mutating func wait(_ delay: Duration?, from now: Instant) -> Command? {
        guard let delay else {
            phase = .waiting(until: nil)
            return nil
        }
        let due = now.advanced(by: delay)
        phase = .waiting(until: due)
        // An earlier alarm will do: when it rings too soon it is set again, so triggers pile up no sleepers. One that is
        // due already does not: nobody may have set it, where a trigger came first.
        if alarms.contains(where: { $0 > now && $0 <= due }) { return nil }
        return setAlarm(for: due)
    }

    private mutating func setAlarm(for due: Instant) -> Command {
        alarms.append(due)
        return .wake(at: due)
    }

    /// Whether an alarm of ours rang.
    private mutating func silenceAlarm(at now: Instant) -> Bool {
        let before = alarms.count
        alarms.removeAll { $0 <= now }
        return alarms.count < before
    }

    private var backoff: Duration {
        let doublings = min(failures - 1, 16)
        return min(policy.firstRetry * (1 << doublings), policy.longestRetry)
    }
}
