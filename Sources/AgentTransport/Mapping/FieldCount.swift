internal import AgentProtocol

/// How many values a message holds, asked before anything is made of it: a value of two bytes becomes hundreds in
/// memory, so that the bound on a frame's bytes alone would let 32 MiB become gigabytes.
///
/// It knows no schema. What has no control characters is text: as a message, its values would take eleven bytes each.
/// Anything else that could be a message is counted as one.
struct FieldCount {
    /// A node of 5,000 containers is described in about 400,000 values.
    static let most = 1_000_000

    static func isBounded(_ bytes: [UInt8]) -> Bool {
        // Each value takes two bytes at least.
        guard bytes.count / 2 > most else { return true }
        return bytes.withUnsafeBufferPointer { bytes in
            var count = FieldCount()
            count.add(bytes[...], depth: 0)
            return count.values <= most
        }
    }

    private(set) var values = 0

    /// Stops at what is no message: nothing is made of that either.
    private mutating func add(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, depth: Int) {
        guard depth < FrameCoding.depth else { return }
        var rest = bytes
        while values <= Self.most, let tag = Self.number(&rest) {
            values += 1
            guard tag >> 3 > 0 else { return }
            switch tag & 7 {
            case 0: guard Self.number(&rest) != nil else { return }
            case 1: rest = rest.dropFirst(8)
            case 2:
                guard let length = Self.number(&rest), length <= UInt64(rest.count) else { return }
                let inner = rest.prefix(Int(length))
                if inner.contains(where: Self.isControl) { add(inner, depth: depth + 1) }
                rest = rest.dropFirst(Int(length))
            case 5: rest = rest.dropFirst(4)
            default: return
            }
        }
    }

    /// Those that lines are made of excepted: tab to carriage return.
    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && !(0x09...0x0d).contains(byte) }

    /// A variable-length number of at most ten bytes.
    private static func number(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}
