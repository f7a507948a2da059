package import Model

/// A line that a container wrote.
package struct ContainerLine: Hashable, Sendable {
    package enum Stream: Hashable, Sendable, CaseIterable { case output, error }

    /// When the engine took it.
    package let at: Timestamp
    package let stream: Stream
    /// Without its line feed. The values of secret variables are blotted out.
    package let text: String

    package init(at: Timestamp, stream: Stream, text: String) {
        self.at = at
        self.stream = stream
        self.text = text
    }
}

/// The log of a container, cut anywhere, put together to lines.
///
/// Without a terminal it is frames of `[stream, 0, 0, 0, length × 4]`, a time and text; a line longer than 16 KiB comes
/// as several, each with a time of its own. With a terminal it is lines of a time and text.
struct ContainerLines {
    private let hasTerminal: Bool
    private let secrets: [Secret<String>]
    private var header: [UInt8] = []
    /// The frame that is read now, and what is left of it.
    private var stream = ContainerLine.Stream.output
    private var left = 0
    private var growing: [ContainerLine.Stream: GrowingLine]

    private static let headerLength = 8

    /// `secrets` are blotted out of every line.
    init(hasTerminal: Bool, without secrets: [Secret<String>] = []) {
        self.hasTerminal = hasTerminal
        // The longest first, for a shorter one may be a part of it.
        self.secrets = secrets.flatMap(\.lines).sorted { $0.length > $1.length }
        let line = GrowingLine(text: LongLine(beyond: self.secrets.first?.length ?? 0))
        growing = Dictionary(uniqueKeysWithValues: ContainerLine.Stream.allCases.map { ($0, line) })
    }

    /// The lines that are whole with this piece.
    mutating func read(_ piece: [UInt8]) -> [ContainerLine] {
        var lines: [ContainerLine] = []
        var rest = piece[...]
        while !rest.isEmpty {
            if hasTerminal {
                add(rest, to: &lines)
                break
            }
            if left == 0 {
                let taken = rest.prefix(Self.headerLength - header.count)
                header += taken
                rest = rest.dropFirst(taken.count)
                if header.count == Self.headerLength { beginFrame() }
            } else {
                let taken = rest.prefix(left)
                left -= taken.count
                rest = rest.dropFirst(taken.count)
                add(taken, to: &lines)
            }
        }
        return lines
    }

    /// The lines that were not ended.
    mutating func finish() -> [ContainerLine] {
        ContainerLine.Stream.allCases.compactMap { stream in
            growing[stream]?.endStamp()
            return growing[stream]?.text.isEmpty ?? true ? nil : take(stream)
        }
    }

    private mutating func beginFrame() {
        stream = header[0] == 2 ? .error : .output
        left = header[4..<8].reduce(0) { $0 << 8 | Int($1) }
        header = []
        growing[stream]?.beginStamp()
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>, to lines: inout [ContainerLine]) {
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            growing[stream]?.add(rest[..<end])
            growing[stream]?.endStamp()
            lines.append(take(stream))
            // A frame has one time, before its first line.
            if hasTerminal { growing[stream]?.beginStamp() }
            rest = rest[(end + 1)...]
        }
        growing[stream]?.add(rest)
    }

    private mutating func take(_ stream: ContainerLine.Stream) -> ContainerLine {
        let secrets = secrets
        let text = growing[stream]?.text.take { line in secrets.reduce(line) { $1.blotted(from: $0) } } ?? ""
        return ContainerLine(at: growing[stream]?.at ?? Timestamp(milliseconds: 0), stream: stream, text: text)
    }
}

/// A line of one stream, not ended yet, with the time before it.
private struct GrowingLine {
    var text: LongLine
    private(set) var at: Timestamp?
    /// What may be a time; `nil` where the text has begun.
    private var stamp: [UInt8]? = []

    init(text: LongLine) { self.text = text }

    /// `2026-11-21T15:07:14.719459106+01:00` has 35 bytes; what is longer is text.
    private static let longestStamp = 35

    mutating func beginStamp() {
        endStamp()
        stamp = []
    }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        guard let begun = stamp else { return text.add(bytes) }
        guard let space = bytes.prefix(Self.longestStamp + 1 - begun.count).firstIndex(of: UInt8(ascii: " ")) else {
            stamp = begun + bytes
            if begun.count + bytes.count > Self.longestStamp { endStamp() }
            return
        }
        let whole = begun + bytes[..<space]
        stamp = nil
        if let time = Timestamp(engine: whole) {
            // The parts of one line have times of their own, and the first counts.
            if text.isEmpty { at = time }
            text.add(bytes[(space + 1)...])
        } else {
            text.add(whole + bytes[space...])
        }
    }

    /// What was no time is text.
    mutating func endStamp() {
        text.add(stamp ?? [])
        stamp = nil
    }
}

extension Timestamp {
    /// Parses `2026-11-21T15:07:14.719459106Z`, or with an offset such as `+01:00`.
    init?(engine text: some Sequence<UInt8>) {
        let bytes = Array(text)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month)
        else { return nil }
        var end = 19
        var millis: Int64 = 0
        if bytes[end] == UInt8(ascii: ".") {
            end = bytes[20...].firstIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? bytes.count
            for index in 20..<23 { millis = millis * 10 + (index < end ? Int64(bytes[index] - UInt8(ascii: "0")) : 0) }
        }
        guard let offset = Self.offset(bytes[end...]) else { return nil }
        // Years begin in March, so that a leap day is a year's last (the civil calendar's usual arithmetic).
        let shifted = month > 2 ? year : year - 1
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let minutes = ((days + dayOfYear - 719_468) * 24 + hour) * 60 + minute - offset
        self.init(milliseconds: (minutes * 60 + second) * 1000 + millis)
    }

    /// Minutes east of Greenwich.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64? {
        let text = String(decoding: zone, as: UTF8.self)
        if text == "Z" { return 0 }
        let parts = text.dropFirst().split(separator: ":").compactMap { Int64($0) }
        guard text.utf8.count == 6, parts.count == 2, let sign = text.first, "+-".contains(sign) else { return nil }
        return (sign == "-" ? -1 : 1) * (parts[0] * 60 + parts[1])
    }

    /// As the engine takes it: seconds since 1970 with their fraction.
    var engine: String {
        let millis = String(milliseconds % 1000 + 1000).dropFirst()
        return "\(milliseconds / 1000).\(millis)000000"
    }
}
