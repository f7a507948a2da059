/// When one side of a session must speak, and when the other is to be taken for gone. It does nothing itself.
package struct Vitals<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    package enum Verdict: Hashable, Sendable {
        case wait(until: Instant)
        /// A beat of this number is due.
        case beat(UInt64)
        /// In words.
        case dead(String)
    }

    /// When the session must have begun; `nil` once it has.
    private var greetBy: Instant?
    private var heardAt: Instant
    private var nextBeat: Instant
    private var sendingSince: Instant?
    private var lastBeat: UInt64 = 0
    private var lastHeardBeat: UInt64 = 0

    package init(now: Instant) {
        greetBy = now.advanced(by: Bounds.handshake)
        heardAt = now
        nextBeat = now.advanced(by: Bounds.beat)
    }

    /// Both have said their first frame; before it there are no beats.
    package mutating func greet(at now: Instant) {
        greetBy = nil
        nextBeat = now.advanced(by: Bounds.beat)
    }

    package mutating func hear(at now: Instant) { heardAt = now }
    package mutating func beginSending(at now: Instant) { sendingSince = now }
    package mutating func endSending() { sendingSince = nil }

    /// `false` for a beat that was heard before: somebody repeats what was said.
    package mutating func heed(_ beat: Beat) -> Bool {
        guard beat.number > lastHeardBeat else { return false }
        lastHeardBeat = beat.number
        return true
    }

    package mutating func verdict(at now: Instant) -> Verdict {
        var due = heardAt.advanced(by: Bounds.silence)
        if now >= due { return .dead("it was silent for \(Bounds.silence.components.seconds) s") }
        if let sendingSince {
            let end = sendingSince.advanced(by: Bounds.sending)
            if now >= end { return .dead("it took no frame for \(Bounds.sending.components.seconds) s") }
            due = min(due, end)
        }
        if let greetBy {
            if now >= greetBy { return .dead("it said nothing for \(Bounds.handshake.components.seconds) s") }
            return .wait(until: min(due, greetBy))
        }
        if now >= nextBeat {
            lastBeat += 1
            nextBeat = now.advanced(by: Bounds.beat)
            return .beat(lastBeat)
        }
        return .wait(until: min(due, nextBeat))
    }
}
