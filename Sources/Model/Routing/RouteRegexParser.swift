/// Checks that a regular expression keeps to the part of the language that ``RouteRegex`` describes.
struct RouteRegexParser {
    private var rest: Substring.UTF8View
    private var depth = 0

    init(_ text: String) { rest = text[...].utf8 }

    /// Nested groups.
    private static let mostDepth = 8
    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-~%@:,=&!'\"#<> ;".utf8)
    private static let escapable = Set(".\\/+*?()[]{}|^$-&#~ ".utf8)
    private static let classes = Set("dw".utf8)

    mutating func problem() -> String? {
        var canRepeat = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "("):
                depth += 1
                guard depth <= Self.mostDepth else { return "its groups are nested more than \(Self.mostDepth) deep" }
                if rest.first == UInt8(ascii: "?") {
                    rest = rest.dropFirst()
                    guard rest.popFirst() == UInt8(ascii: ":") else { return "of \"(?\" only \"(?:\" may be used" }
                }
                canRepeat = false
            case UInt8(ascii: ")"):
                depth -= 1
                guard depth >= 0 else { return "a \")\" has no \"(\"" }
                canRepeat = true
            case UInt8(ascii: "|"): canRepeat = false
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
                guard canRepeat else { return "there is nothing before a \"\(Character(Unicode.Scalar(byte)))\"" }
                canRepeat = false
            case UInt8(ascii: "{"):
                guard canRepeat else { return "there is nothing before a \"{\"" }
                guard repetition() else { return "a repetition is {m}, {m,} or {m,n} of at most 100" }
                canRepeat = false
            case UInt8(ascii: "["):
                if let problem = characterClass() { return problem }
                canRepeat = true
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst(), Self.escapable.contains(next) || Self.classes.contains(next) else {
                    return "behind \"\\\" only \\d, \\w and punctuation may stand"
                }
                canRepeat = true
            case UInt8(ascii: "."): canRepeat = true
            default:
                guard Self.plain.contains(byte) else {
                    return "write \"\\\(Character(Unicode.Scalar(byte)))\" for a character that stands for itself, and "
                        + "only ASCII; it is matched against the whole text, without ^ and $"
                }
                canRepeat = true
            }
        }
        return depth == 0 ? nil : "a \"(\" has no \")\""
    }

    private mutating func repetition() -> Bool {
        var text = ""
        while let byte = rest.popFirst(), text.utf8.count < 8 {
            guard byte != UInt8(ascii: "}") else {
                let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
                guard (1...2).contains(numbers.count), let low = Int(numbers[0]), (0...100).contains(low) else {
                    return false
                }
                guard numbers.count == 2, !numbers[1].isEmpty else { return true }
                return Int(numbers[1]).map { (low...100).contains($0) && $0 > 0 } ?? false
            }
            text.append(Character(Unicode.Scalar(byte)))
        }
        return false
    }

    /// `[a-z0-9_]`, `[^/]`: letters, digits, ranges of them, and escaped punctuation.
    private mutating func characterClass() -> String? {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_%@:,=!.~".utf8)
        if rest.first == UInt8(ascii: "^") { rest = rest.dropFirst() }
        var isEmpty = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]") { return isEmpty ? "\"[]\" is no class of characters" : nil }
            isEmpty = false
            var low = byte
            if byte == UInt8(ascii: "\\") {
                guard let next = rest.popFirst(), Self.escapable.contains(next) || Self.classes.contains(next) else {
                    return "behind \"\\\" only \\d, \\w and punctuation may stand"
                }
                low = 0
            } else if !allowed.contains(byte) {
                let character = Character(Unicode.Scalar(byte))
                return "in a class, write \"\\\(character)\" for a character that stands for itself"
            }
            guard rest.first == UInt8(ascii: "-") else { continue }
            rest = rest.dropFirst()
            guard let high = rest.popFirst(), let kind = Self.kind(low), kind == Self.kind(high), low <= high else {
                return "a range in a class is of letters of one case, or of digits, such as a-z; "
                    + "write \"\\-\" for a dash"
            }
        }
        return "a \"[\" has no \"]\""
    }

    private static func kind(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): 0
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"): 2
        default: nil
        }
    }
}
