/// What a `.dockerignore` leaves out of a build, by Docker's rules: one pattern a line, the last that matches decides,
/// `!` takes back in, `**` crosses folders, and what is in a folder that is left out is left out with it.
struct IgnoreFile: Sendable {
    static let name = ".dockerignore"
    /// Bytes of the file, and patterns in it.
    static let largest = 1 << 20
    static let mostPatterns = 10_000
    /// Steps of patterns times bytes of paths: a large repository has a hundredth of it, and it takes some ten seconds.
    static let mostWork = 10_000_000_000
    /// Patterns times folders: as many bytes are in memory.
    static let mostVerdicts = 200_000_000

    struct Pattern: Sendable {
        let takesIn: Bool
        fileprivate let steps: [Step]
    }

    /// One step of a pattern.
    fileprivate enum Step: Hashable, Sendable {
        case byte(UInt8)
        /// `?`: any byte of a name.
        case one
        /// `*`: any part of a name.
        case some
        /// `**`: anything.
        case all
        /// `**/`: any folders, or none; ``inside`` follows it.
        case folders
        /// Within the folders of a `**/`, up to a slash.
        case inside
        case set([ClosedRange<UInt8>], isNegated: Bool)
    }

    private(set) var patterns: [Pattern] = []

    init(_ text: String = "") {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
        if let first = lines.first, first.hasPrefix("\u{feff}") {
            lines = [first.dropFirst()] + lines.dropFirst()
        }
        for line in lines where !line.hasPrefix("#") && patterns.count < Self.mostPatterns {
            var rest = line.trimmed
            let takesIn = rest.hasPrefix("!")
            if takesIn { rest = rest.dropFirst().trimmed }
            let path = Self.clean(rest)
            if !path.isEmpty { patterns.append(Pattern(takesIn: takesIn, steps: Self.steps(path))) }
        }
    }

    /// Which patterns match a path or a folder above it.
    struct Verdict: Hashable, Sendable {
        fileprivate var matched: [Bool]
        fileprivate(set) var isLeftOut: Bool
    }

    /// `above` is the verdict on the folder that `path` is in. What it took is added to `work`.
    func verdict(on path: String, above: Verdict?, work: inout Int) -> Verdict {
        let bytes = Array(path.utf8)
        var verdict = Verdict(matched: [], isLeftOut: false)
        verdict.matched.reserveCapacity(patterns.count)
        for (index, pattern) in patterns.enumerated() {
            let matches = above?.matched[index] == true || Self.match(pattern.steps, bytes, &work)
            verdict.matched.append(matches)
            if matches { verdict.isLeftOut = !pattern.takesIn }
        }
        return verdict
    }

    func leavesOut(_ path: String) -> Bool {
        var above: Verdict?
        var work = 0
        let names = path.split(separator: "/")
        for depth in 1...max(1, names.count) {
            above = verdict(on: names.prefix(depth).joined(separator: "/"), above: above, work: &work)
        }
        return above?.isLeftOut ?? false
    }

    /// A path without `.`, `..`, doubled or outer slashes.
    private static func clean(_ path: Substring) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") {
            switch name {
            case ".": continue
            case "..": _ = names.popLast()
            default: names.append(name)
            }
        }
        return names.joined(separator: "/")
    }

    private static func steps(_ path: String) -> [Step] {
        var steps: [Step] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*") where rest.first == UInt8(ascii: "*"):
                rest = rest.drop { $0 == UInt8(ascii: "*") }
                if rest.first == UInt8(ascii: "/") {
                    rest = rest.dropFirst()
                    steps += [.folders, .inside]
                } else {
                    steps.append(.all)
                }
            case UInt8(ascii: "*"): steps.append(.some)
            case UInt8(ascii: "?"): steps.append(.one)
            case UInt8(ascii: "\\"): if let escaped = rest.popFirst() { steps.append(.byte(escaped)) }
            case UInt8(ascii: "["):
                if let set = set(&rest) { steps.append(set) } else { steps.append(.byte(byte)) }
            default: steps.append(.byte(byte))
            }
        }
        return steps
    }

    /// `[a-z]`, after its first bracket. `nil` where no bracket ends it.
    private static func set(_ rest: inout ArraySlice<UInt8>) -> Step? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        var inner = rest[rest.startIndex..<end]
        rest = rest[rest.index(after: end)...]
        let isNegated = inner.first == UInt8(ascii: "^")
        if isNegated { inner = inner.dropFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let low = inner.popFirst() {
            if inner.count >= 2, inner.first == UInt8(ascii: "-") {
                inner = inner.dropFirst()
                if let high = inner.popFirst(), low <= high { ranges.append(low...high) }
            } else {
                ranges.append(low...low)
            }
        }
        return .set(ranges, isNegated: isNegated)
    }

    /// All ways at once, so that no pattern takes long: `reached` are the steps that may come next.
    private static func match(_ steps: [Step], _ path: [UInt8], _ work: inout Int) -> Bool {
        if case .byte(let first)? = steps.first, first != path.first { return false }
        var reached = [Bool](repeating: false, count: steps.count + 1)
        reached[0] = true
        skip(steps, &reached)
        for byte in path {
            var next = [Bool](repeating: false, count: steps.count + 1)
            let isName = byte != UInt8(ascii: "/")
            work += steps.count
            for at in steps.indices where reached[at] {
                switch steps[at] {
                case .byte(let wanted): if wanted == byte { next[at + 1] = true }
                case .one: if isName { next[at + 1] = true }
                case .some: if isName { next[at] = true }
                case .all: next[at] = true
                case .folders: break
                case .inside:
                    next[at] = true
                    if !isName { next[at + 1] = true }
                case .set(let ranges, let isNegated):
                    if isName, ranges.contains(where: { $0.contains(byte) }) != isNegated { next[at + 1] = true }
                }
            }
            skip(steps, &next)
            guard next.contains(true) else { return false }
            reached = next
        }
        return reached[steps.count]
    }

    /// Goes over the steps that need nothing.
    private static func skip(_ steps: [Step], _ reached: inout [Bool]) {
        for at in steps.indices where reached[at] {
            switch steps[at] {
            case .some, .all: reached[at + 1] = true
            case .folders: (reached[at + 1], reached[at + 2]) = (true, true)
            case .byte, .one, .inside, .set: break
            }
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = self
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest.drop(while: \.isWhitespace)
    }
}
