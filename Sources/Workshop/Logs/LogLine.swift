package import Model

/// One line of what was written while a workpiece was made.
package struct LogLine: Hashable, Sendable {
    package let at: Timestamp
    package let text: String

    package init(at: Timestamp, text: String) {
        self.at = at
        self.text = text
    }
}

extension LogLine {
    /// `2026-11-21T14:44:00.123Z text`; `nil` for what is no line of ours.
    init?(parsing line: Substring.UTF8View) {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")),
            let time = Timestamp(iso: Substring(line[..<space]))
        else { return nil }
        at = time
        text = String(Substring(line[line.index(after: space)...]))
    }
}

/// Where the log of a workpiece is, and the one before it.
struct LogFiles {
    let current: String
    let older: String
    /// The name without its folder that every log ends with.
    static let ending = ".log"

    init(of piece: Workpiece.ID, in folder: String) {
        current = "\(folder)/\(piece)\(Self.ending)"
        older = current + ".1"
    }
}

extension Timestamp {
    /// `2026-11-21T12:04:11.250Z`
    var iso: String {
        let day = self.seconds.floored(by: 86_400)
        let date = Self.date(day)
        let second = self.seconds - day * 86_400
        let clock = [second / 3600, second / 60 % 60, second % 60].map { Self.digits($0, 2) }.joined(separator: ":")
        let fraction = Self.digits(milliseconds - self.seconds * 1000, 3)
        return
            "\(Self.digits(date.year, 4))-\(Self.digits(date.month, 2))-\(Self.digits(date.day, 2))T\(clock).\(fraction)Z"
    }

    /// The other way round; takes that one form only.
    init?(iso: Substring) {
        let bytes = Array(iso.utf8)
        guard bytes.count == 24, bytes[23] == UInt8(ascii: "Z") else { return nil }
        let parts = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19, 20..<23].map { range in
            bytes[range].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
                ? Int64(String(decoding: bytes[range], as: UTF8.self)) : nil
        }
        let numbers = parts.compactMap(\.self)
        guard numbers.count == 7 else { return nil }
        let seconds = Self.day(numbers[0], numbers[1], numbers[2]) * 86_400
        self.init(milliseconds: (seconds + numbers[3] * 3600 + numbers[4] * 60 + numbers[5]) * 1000 + numbers[6])
        guard self.iso == iso else { return nil }
    }

    private var seconds: Int64 { milliseconds.floored(by: 1000) }

    /// The proleptic Gregorian calendar, by the arithmetic of eras of 400 years that begin on 1 March.
    private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = day + 719_468
        let era = days.floored(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floored(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
