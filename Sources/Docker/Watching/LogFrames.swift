/// The log of a container without a terminal: frames of `[stream, 0, 0, 0, length × 4]` and text.
enum LogFrames {
    private static let header = 8

    /// The text of all whole frames, and of the one that is cut off.
    static func text(of bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= header {
            let start = rest.startIndex
            let length = rest[start + 4..<start + 8].reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(header)
            text += rest.prefix(length)
            rest = rest.dropFirst(length)
        }
        return text
    }

    /// The last `limit` bytes, from the beginning of a line where there is one, always whole characters.
    static func end(of text: [UInt8], _ limit: Int) -> String {
        guard text.count > limit else { return tidy(text[...]) }
        let tail = text.suffix(limit)
        if let line = tail.firstIndex(of: UInt8(ascii: "\n")), line + 1 < tail.endIndex {
            return tidy(tail[(line + 1)...])
        }
        return tidy(tail.drop { $0 & 0xc0 == 0x80 })
    }

    private static func tidy(_ bytes: ArraySlice<UInt8>) -> String {
        var text = bytes
        while let last = text.last, last == UInt8(ascii: "\n") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
