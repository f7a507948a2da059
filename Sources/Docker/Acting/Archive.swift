internal import Model

/// A tape archive (POSIX ustar) of files, as the engine takes them. Folders are left out: the engine makes those that
/// are missing with mode 0755, and an entry for one that is there would change its mode.
struct Archive {
    private(set) var bytes: [UInt8] = []

    private static let block = 512

    /// Why a file cannot be put into a container.
    enum Problem: Error, Hashable {
        case notAbsolute
        case tooLong
        case hasDots
    }

    /// `path` is absolute; `mode` the permission bits. Owner and group are root.
    mutating func add(_ path: String, _ content: [UInt8], mode: UInt16) throws(Problem) {
        let (prefix, name) = try Self.split(path)
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: [UInt8], at offset: Int) { header.replaceSubrange(offset..<offset + text.count, with: text) }
        put(name, at: 0)
        put(Self.octal(UInt64(mode & 0o7777), digits: 7), at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        put(Self.octal(UInt64(content.count), digits: 11), at: 124)
        put(Self.octal(0, digits: 11), at: 136)
        put(Array("        0".utf8), at: 148)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(prefix, at: 345)
        // The sum is taken with its own field as eight spaces.
        let sum = header.reduce(0) { $0 + UInt64($1) }
        put(Self.octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (Self.block - content.count % Self.block) % Self.block)
    }

    /// The whole archive with its end.
    func closed() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * Self.block) }

    /// The header has 155 bytes for the folders and 100 for the rest.
    private static func split(_ path: String) throws(Problem) -> (prefix: [UInt8], name: [UInt8]) {
        guard path.hasPrefix("/") else { throw .notAbsolute }
        let parts = path.split(separator: "/")
        guard let last = parts.last, !path.hasSuffix("/"), !parts.contains(".."), !parts.contains(".") else {
            throw .hasDots
        }
        let whole = Array(parts.joined(separator: "/").utf8)
        if whole.count <= 100 { return ([], whole) }
        guard last.utf8.count <= 100 else { throw .tooLong }
        // The latest slash that leaves the folders within their bytes.
        guard let cut = whole.prefix(156).lastIndex(of: UInt8(ascii: "/")), whole.count - cut - 1 <= 100 else {
            throw .tooLong
        }
        return (Array(whole[..<cut]), Array(whole[(cut + 1)...]))
    }

    private static func octal(_ value: UInt64, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }
}

extension Archive.Problem {
    var sentence: String {
        switch self {
        case .notAbsolute: "its path must begin with a slash"
        case .tooLong: "its path is too long for an archive: shorten it to 100 bytes, or its folders to 155"
        case .hasDots: "its path must name a file, without . or .. on the way"
        }
    }
}
