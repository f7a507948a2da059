package import Model

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How far local time is ahead of UTC, in seconds, at a given time.
package struct Zone: Sendable {
    let offset: @Sendable (Timestamp) -> Int64

    package init(offset: @escaping @Sendable (Timestamp) -> Int64) { self.offset = offset }

    package static let utc = Zone { _ in 0 }

    /// The zone of the machine, or of `TZ`.
    package static let local = Zone { time in
        var seconds = time_t(time.seconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return 0 }
        return Int64(parts.tm_gmtoff)
    }

    /// `2026-11-21`
    func day(_ time: Timestamp) -> String { local(time).day }
    /// `12:04:11`
    func clock(_ time: Timestamp) -> String { local(time).clock }

    private func local(_ time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + offset(time) * 1000)
    }
}

extension Timestamp {
    /// `2026-11-21T12:04:11.250Z`
    var iso: String {
        let fraction = milliseconds - seconds * 1000
        return "\(day)T\(clock).\(Self.digits(fraction, 3))Z"
    }

    fileprivate var seconds: Int64 { milliseconds.floored(by: 1000) }

    /// The proleptic Gregorian calendar, by the arithmetic of eras of 400 years that begin on 1 March.
    fileprivate var day: String {
        let days = seconds.floored(by: 86_400) + 719_468
        let era = days.floored(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return
            "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(dayOfYear - (153 * shifted + 2) / 5 + 1, 2))"
    }

    fileprivate var clock: String {
        let second = seconds - seconds.floored(by: 86_400) * 86_400
        return [second / 3600, second / 60 % 60, second % 60].map { Self.digits($0, 2) }.joined(separator: ":")
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// Milliseconds since `earlier`; a clock that was set back counts as none.
    func elapsed(since earlier: Timestamp) -> Int64 { max(0, milliseconds - earlier.milliseconds) }
}

/// A length of time for people: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 d`.
func words(milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<10: return "\(seconds).\(milliseconds % 1000 / 100) s"
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min \(seconds % 60 < 10 ? "0" : "")\(seconds % 60) s"
    case ..<172_800: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: return "\(seconds / 86_400) d"
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
