internal import AgentProtocol
internal import Model

/// Where in a message a value stands, so that what is wrong with it can be told: `perform.action.create.published[80]`.
/// Spelled out only then.
indirect enum FieldPath: CustomStringConvertible {
    case message(StaticString)
    case field(FieldPath, StaticString)
    case element(FieldPath, Int)

    subscript(name: StaticString) -> FieldPath { .field(self, name) }
    subscript(index: Int) -> FieldPath { .element(self, index) }

    var description: String {
        switch self {
        case .message(let name): "\(name)"
        case .field(let path, let name): "\(path).\(name)"
        case .element(let path, let index): "\(path)[\(index)]"
        }
    }

    func wrong(_ what: String) -> LinkError {
        LinkError(.malformed, "\(self) \(what)")
    }

    /// For an enum value or the member of a oneof.
    var unknown: LinkError { wrong("is of no kind that release \(Release.current) knows") }
}

// MARK: Checks

extension FieldPath {
    /// How much of a wrong text is quoted, in characters.
    private static let mostQuoted = 80

    private func wrong(_ text: String, _ what: String) -> LinkError {
        wrong("is \"\(String(text.prefix(Self.mostQuoted)))\" and not \(what)")
    }

    func name<Kind>(_ text: String) throws(LinkError) -> Name<Kind> {
        do { return try Name(text) } catch { throw wrong(text, "a name of a-z, 0-9 and -") }
    }

    func names<Kind>(_ texts: [String]) throws(LinkError) -> Set<Name<Kind>> {
        var names: Set<Name<Kind>> = []
        for (index, text) in texts.enumerated() {
            guard names.insert(try self[index].name(text)).inserted else { throw self[index].wrong("is there twice") }
        }
        return names
    }

    func texts(_ texts: [String]) throws(LinkError) -> Set<String> {
        let set = Set(texts)
        guard set.count == texts.count else { throw wrong("holds a text twice") }
        return set
    }

    /// What becomes a part of the engine's addresses: 1 to 255 bytes that mean nothing there.
    func identifier(_ text: String) throws(LinkError) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !Self.special.contains($0) }
        guard isPlain, (1...255).contains(text.utf8.count), text != ".", text != ".." else {
            throw wrong(text, "an engine's name or id")
        }
        return text
    }

    private static let special = Set("/?#%&\\\"'".utf8)

    func absolute(_ text: String) throws(LinkError) -> String {
        guard text.hasPrefix("/"), !text.utf8.contains(0) else { throw wrong(text, "an absolute path") }
        return text
    }

    /// Something, at most `longest` bytes.
    func word(_ text: String, longest: Int = 1024) throws(LinkError) -> String {
        guard (1...longest).contains(text.utf8.count) else { throw wrong("needs 1 to \(longest) bytes") }
        return text
    }

    func commit(_ text: String) throws(LinkError) -> CommitID {
        guard let commit = CommitID(text) else { throw wrong(text, "a commit of 40 hex digits") }
        return commit
    }

    func piece(_ text: String) throws(LinkError) -> Workpiece.ID {
        guard let id = Workpiece.ID(text) else { throw wrong(text, "the id of a workpiece") }
        return id
    }

    func image(_ text: String) throws(LinkError) -> ImageReference {
        guard let image = ImageReference(text) else { throw wrong(text, "an image") }
        return image
    }

    func sha256(_ text: String) throws(LinkError) -> String {
        let digits = Set("0123456789abcdef".utf8)
        guard text.utf8.count == 64, text.utf8.allSatisfy(digits.contains) else { throw wrong(text, "a SHA-256") }
        return text
    }

    func port(_ number: UInt32) throws(LinkError) -> UInt16 {
        guard number > 0, let port = UInt16(exactly: number) else { throw wrong("is \(number) and not a port") }
        return port
    }

    func ports(_ map: [UInt32: UInt32]) throws(LinkError) -> [UInt16: UInt16] {
        var ports: [UInt16: UInt16] = [:]
        for (inside, outside) in map { ports[try port(inside)] = try port(outside) }
        return ports
    }

    func count(_ number: Int64, to most: Int = .max) throws(LinkError) -> Int {
        guard let count = Int(exactly: number), (0...most).contains(count) else {
            throw wrong("is \(number), and may be 0 to \(most)")
        }
        return count
    }

    /// The farthest that a time is from 1970 and a span from nothing, in milliseconds: 142,000 years. Sums and differences
    /// of a few of them stay numbers.
    static let farthest: Int64 = 1 << 52

    func time(_ millis: Int64) throws(LinkError) -> Timestamp { Timestamp(milliseconds: try span(millis)) }

    /// Either way, for clocks go back.
    func span(_ millis: Int64) throws(LinkError) -> Int64 {
        guard (-Self.farthest...Self.farthest).contains(millis) else {
            throw wrong("is \(millis), and may be \(-Self.farthest) to \(Self.farthest)")
        }
        return millis
    }

    /// How many came before, in what is kept in signed numbers.
    func place(_ number: UInt64) throws(LinkError) -> UInt64 {
        guard number <= UInt64(Int64.max) else { throw wrong("is \(number), and may be 0 to \(Int64.max)") }
        return number
    }

    func atMost(_ most: Int, _ count: Int) throws(LinkError) {
        guard count <= most else { throw wrong("holds \(count) and may hold \(most)") }
    }
}
