internal import Glibc

/// Bytes as they come, and the HTTP message at their beginning.
struct Inbox {
    static let capacity = 64 << 10
    private(set) var bytes = [UInt8](repeating: 0, count: Inbox.capacity)
    private(set) var count = 0

    enum Read { case some, later, ended }

    /// Takes what there is now.
    mutating func fill(from descriptor: Int32) -> Read {
        let used = count
        let got = bytes.withUnsafeMutableBytes { room in
            recv(descriptor, room.baseAddress?.advanced(by: used), room.count - used, 0)
        }
        if got > 0 {
            count += got
            return .some
        }
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? .later : .ended
    }

    mutating func drop(_ number: Int) {
        let rest = count - number
        if rest > 0 { for index in 0..<rest { bytes[index] = bytes[number + index] } }
        count = rest
    }

    mutating func clear() { count = 0 }

    /// The message at the beginning, once all of it is here.
    func message() -> Message? {
        bytes.withUnsafeBufferPointer { Message(in: UnsafeBufferPointer(rebasing: $0[0..<count])) }
    }

    /// The head alone: of a message whose body has no end.
    func head() -> Message? {
        bytes.withUnsafeBufferPointer { Message(in: UnsafeBufferPointer(rebasing: $0[0..<count]), needsBody: false) }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    subscript(_ index: Int) -> UInt8 { bytes[index] }
}

/// The few parts of an HTTP/1.1 message that matter here.
struct Message {
    private(set) var first = 0..<0
    private(set) var body = 0..<0
    private(set) var closes = false
    private(set) var upgrades = false

    init?(in bytes: UnsafeBufferPointer<UInt8>, needsBody: Bool = true) {
        var length = 0
        var start = 0
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\n") else {
                index += 1
                continue
            }
            let end = index > start && bytes[index - 1] == UInt8(ascii: "\r") ? index - 1 : index
            index += 1
            if end == start {
                guard !needsBody || index + length <= bytes.count else { return nil }
                body = index..<(index + length)
                return
            }
            let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
            if start == 0 {
                first = 0..<end
            } else if let value = Self.value(of: "content-length:", in: line) {
                length = value.reduce(0) { (48...57).contains($1) ? $0 * 10 + Int($1 - 48) : $0 }
            } else if let value = Self.value(of: "connection:", in: line) {
                closes = value.first { $0 != UInt8(ascii: " ") }.map { $0 | 32 == UInt8(ascii: "c") } ?? false
            } else if Self.value(of: "upgrade:", in: line) != nil {
                upgrades = true
            }
            start = index
        }
        return nil
    }

    private static func value(of name: StaticString, in line: UnsafeBufferPointer<UInt8>) -> Slice<
        UnsafeBufferPointer<UInt8>
    >? {
        let count = name.utf8CodeUnitCount
        guard line.count >= count else { return nil }
        for index in 0..<count where line[index] | 32 != name.utf8Start[index] | 32 { return nil }
        return line[count...]
    }
}
