/// The blocks of a tar archive (`ustar`, with a `pax` header where a name does not fit), made as they are sent.
enum TarArchive {
    static let blockSize = 512
    private static let longestName = 100
    private static let largestUstar = 0o77_777_777_777

    enum Kind: UInt8 {
        case file = 0x30
        case symlink = 0x32
        case folder = 0x35
        /// A `pax` header for the entry that follows.
        case extended = 0x78
    }

    /// What stands before the content of an entry. Owner and time are always the same: the same files are the same
    /// archive.
    static func header(_ kind: Kind, _ path: String, mode: Int, size: Int = 0, target: String = "") -> [UInt8] {
        var records: [(String, String)] = []
        if path.utf8.count > longestName { records.append(("path", path)) }
        if target.utf8.count > longestName { records.append(("linkpath", target)) }
        if size > largestUstar { records.append(("size", "\(size)")) }
        let own = block(kind, path, mode, min(size, largestUstar), target)
        guard !records.isEmpty else { return own }
        let content = records.flatMap { record($0.0, $0.1) }
        return block(.extended, "PaxHeaders/entry", 0o644, content.count, "") + content + padding(after: content.count)
            + own
    }

    /// What stands after `size` bytes of content.
    static func padding(after size: Int) -> [UInt8] {
        let over = size % blockSize
        return over == 0 ? [] : [UInt8](repeating: 0, count: blockSize - over)
    }

    /// What stands at the end of all.
    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    /// `12 path=name\n`, where 12 is the length of the whole of it.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n".utf8
        var length = rest.count + 1
        while length != rest.count + "\(length)".utf8.count { length = rest.count + "\(length)".utf8.count }
        return Array("\(length)".utf8) + rest
    }

    private static func block(_ kind: Kind, _ path: String, _ mode: Int, _ size: Int, _ target: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int, most: Int) {
            for (index, byte) in bytes.prefix(most).enumerated() { block[offset + index] = byte }
        }
        put(path.utf8, at: 0, most: longestName)
        put(octal(mode, 7), at: 100, most: 8)
        put(octal(0, 7), at: 108, most: 8)
        put(octal(0, 7), at: 116, most: 8)
        put(octal(size, 11), at: 124, most: 12)
        put(octal(0, 11), at: 136, most: 12)
        put([UInt8](repeating: 0x20, count: 8), at: 148, most: 8)
        block[156] = kind.rawValue
        put(target.utf8, at: 157, most: longestName)
        put("ustar\u{0}00".utf8, at: 257, most: 8)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], at: 148, most: 8)
        return block
    }

    private static func octal(_ number: Int, _ digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }
}
