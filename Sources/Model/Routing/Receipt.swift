/// What an action leaves to tell, beyond that it was done.
package enum Receipt: Hashable, Sendable {
    case flip(Flip)
    case drain(Drain)

    /// A route that points elsewhere now.
    package struct Flip: Hashable, Sendable {
        /// When the live table had it, as read back.
        package let effectiveAt: Timestamp
        /// Requests and upgraded connections that the old target had at that moment and keeps; `nil` where it had no
        /// target or nobody counted.
        package let openOnOld: Int?

        package init(effectiveAt: Timestamp, openOnOld: Int?) {
            self.effectiveAt = effectiveAt
            self.openOnOld = openOnOld
        }
    }

    /// The end of an old target.
    package struct Drain: Hashable, Sendable {
        /// What was open when the wait began and ended by itself.
        package let finished: Int
        /// What was still open when the wait was over, and is cut.
        package let dropped: Int

        package init(finished: Int, dropped: Int) {
            self.finished = finished
            self.dropped = dropped
        }
    }
}
