/// A line as it comes, of which about `shown` bytes are kept.
struct LongLine {
    private let shown: Int
    /// What is kept beyond, so that a secret which begins before the cut is there to its end and can be blotted out.
    private let beyond: Int
    private var bytes: [UInt8] = []
    /// All that came, kept or not.
    private var count = 0

    init(showing shown: Int = Bounds.logLine, beyond: Int = 0) {
        self.shown = shown
        // A character that is cut is as much as four bytes.
        self.beyond = beyond + 4
    }

    var isEmpty: Bool { count == 0 }

    mutating func add(_ more: some Collection<UInt8>) {
        count += more.count
        bytes += more.prefix(shown + beyond - bytes.count)
    }

    /// The line without its carriage return, and the next one begins. A longer one is cut between two characters, and
    /// says so; `clean` sees all that was kept.
    mutating func take(clean: (String) -> String = { $0 }) -> String {
        let isWhole = bytes.count == count
        if isWhole, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let text = Array(clean(String(decoding: bytes, as: UTF8.self)).utf8)
        defer {
            bytes = []
            count = 0
        }
        let end = min(shown, isWhole ? text.count : max(0, text.count - beyond))
        guard !isWhole || end < text.count else { return String(decoding: text, as: UTF8.self) }
        // The first byte that is left out begins a character.
        let cut = text.prefix(end + 1).lastIndex { $0 & 0xc0 != 0x80 } ?? 0
        return String(decoding: text[..<cut], as: UTF8.self) + " [cut: \(count) bytes]"
    }
}
