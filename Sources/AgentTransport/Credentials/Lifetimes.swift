internal import Foundation
internal import Glibc
package import Model

/// How long certificates last.
package struct Lifetimes: Sendable {
    /// Of one of an agent or of a listener.
    package var leaf: Duration
    /// Of the authority itself. When it ends, every agent needs a new token.
    package var authority: Duration
    /// By how much the clocks of two machines may differ: what is made now is in force since this long.
    package var skew: Duration

    package init(leaf: Duration, authority: Duration = .seconds(3650 * 86_400), skew: Duration = .seconds(7200)) {
        self.leaf = leaf
        self.authority = authority
        self.skew = skew
    }

    package static let standard = Lifetimes(leaf: .seconds(30 * 86_400))

    /// When one is replaced: after two thirds of its life, so that ten days are left to mend what is in the way.
    func renewal(from start: Timestamp, to end: Timestamp) -> Timestamp {
        Timestamp(milliseconds: start.milliseconds + (end.milliseconds - start.milliseconds) * 2 / 3)
    }
}

/// Tells the time of day.
package typealias TimeOfDay = @Sendable () -> Timestamp

/// That of this machine.
package func machineTime() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}

extension Timestamp {
    /// Certificates count in whole seconds.
    init(_ date: Date) { self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())) }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds / 1000)) }

    func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.milliseconds)
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
