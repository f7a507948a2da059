/// Takes PHP apart without running it: as PHP's own scanner does, with short open tags off.
struct PHPLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private(set) var tokens: [PHPToken] = []

    /// Throws where a comment, a string or a bound does not end.
    init(_ bytes: [UInt8]) throws(PHPProblem) {
        self.bytes = bytes
        skipText()
        while let token = try next() {
            tokens.append(token)
            guard tokens.count <= Bound.tokens else { throw problem("over \(Bound.tokens) words and signs") }
            if isHalt(token) { break }
        }
    }

    private static let symbols: [[[UInt8]]] = [
        ["===", "!==", "<=>", "**=", "...", "<<=", ">>=", "??=", "?->"],
        [
            "=>", "==", "!=", "<>", "<=", ">=", "->", "::", ".=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "??",
            "&&", "||", "++", "--", "**", "<<", ">>",
        ],
    ].map { $0.map { Array($0.utf8) } }

    /// What a sign of more than one character can go on with.
    private static let seconds = Set(symbols.joined().map { $0[1] })

    // MARK: One token

    private mutating func next() throws(PHPProblem) -> PHPToken? {
        try skipTrivia()
        guard let byte = peek() else { return nil }
        let start = position
        var kind = PHPToken.Kind.symbol
        switch byte {
        case UInt8(ascii: "'"):
            kind = .plainString
            try skipSingleQuoted()
        case UInt8(ascii: "\""):
            kind = try skipTemplate(until: byte, "string") ? .otherString : .plainString
        case UInt8(ascii: "`"):
            kind = .otherString
            _ = try skipTemplate(until: byte, "command")
        case UInt8(ascii: "$") where isNameStart(peek(1)):
            kind = .variable
            position += 1
            skipName()
        case UInt8(ascii: "#"):
            kind = .attribute
            position += 2
        case UInt8(ascii: "?") where has("?>"):
            kind = .closeTag
            position += 2
            skipText()
        case UInt8(ascii: "<") where has("<<<"):
            if try skipHeredoc() { kind = .otherString } else { position += 2 }
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            kind = .number
            skipNumber()
        case UInt8(ascii: ".") where isDigit(peek(1)):
            kind = .number
            skipNumber()
        case _ where isNameStart(byte):
            kind = .name
            skipName()
        default:
            skipSymbol()
        }
        let end = kind == .closeTag ? start + 2 : position
        return PHPToken(kind: kind, range: start..<end)
    }

    /// Behind `__halt_compiler` comes no more PHP.
    private func isHalt(_ token: PHPToken) -> Bool {
        token.kind == .name && bytes[token.range].lowercased == Array("__halt_compiler".utf8)
    }

    private mutating func skipSymbol() {
        guard let second = peek(1), Self.seconds.contains(second) else {
            position += 1
            return
        }
        for symbols in Self.symbols {
            if let symbol = symbols.first(where: { bytes[position...].starts(with: $0) }) {
                position += symbol.count
                return
            }
        }
        position += 1
    }

    // MARK: What means nothing

    /// Text up to behind the next `<?php` or `<?=`.
    private mutating func skipText() {
        while position < bytes.count {
            guard has("<?") else {
                position += 1
                continue
            }
            if has("<?=") {
                position += 3
                return
            }
            let isTag = bytes[position...].prefix(5).lowercased == Array("<?php".utf8)
            if isTag, position + 5 == bytes.count || isSpace(bytes[position + 5]) {
                position += 5
                return
            }
            position += 1
        }
    }

    private mutating func skipTrivia() throws(PHPProblem) {
        while let byte = peek() {
            if isSpace(byte) {
                position += 1
            } else if has("/*") {
                let start = position
                position += 2
                while position < bytes.count, !has("*/") { position += 1 }
                guard position < bytes.count else { throw PHPProblem(offset: start, text: "a comment does not end") }
                position += 2
            } else if has("//") || byte == UInt8(ascii: "#") && peek(1) != UInt8(ascii: "[") {
                while let byte = peek(), !isNewline(byte), !has("?>") { position += 1 }
            } else {
                return
            }
        }
    }

    // MARK: Strings

    private mutating func skipSingleQuoted() throws(PHPProblem) {
        let start = position
        position += 1
        while let byte = peek() {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "'") { return }
        }
        throw PHPProblem(offset: start, text: "a string does not end")
    }

    /// A string whose variables are replaced; returns whether it names any.
    private mutating func skipTemplate(until end: UInt8, _ what: String) throws(PHPProblem) -> Bool {
        let start = position
        var isComputed = false
        position += 1
        while let byte = peek() {
            if byte == end {
                position += 1
                return isComputed
            }
            if byte == UInt8(ascii: "\\") {
                position += 2
            } else if try skipInterpolation() {
                isComputed = true
            } else {
                position += 1
            }
        }
        throw PHPProblem(offset: start, text: "a \(what) does not end")
    }

    /// `$name`, `{$…}` or `${…}`, where one stands here.
    private mutating func skipInterpolation() throws(PHPProblem) -> Bool {
        if peek() == UInt8(ascii: "$"), isNameStart(peek(1)) {
            position += 1
            skipName()
            return true
        }
        guard has("{$") || has("${") else { return false }
        let start = position
        position += has("{$") ? 1 : 2
        depth += 1
        defer { depth -= 1 }
        guard depth <= Bound.depth else { throw problem("nested over \(Bound.depth) deep") }
        var open = 1
        while let token = try next() {
            if token.kind == .symbol {
                if bytes[token.range.lowerBound] == UInt8(ascii: "{") { open += 1 }
                if bytes[token.range.lowerBound] == UInt8(ascii: "}") { open -= 1 }
            }
            if open == 0 { return true }
        }
        throw PHPProblem(offset: start, text: "a variable in a string does not end")
    }

    /// `<<<NAME`, `<<<"NAME"` or `<<<'NAME'`, where one stands here.
    private mutating func skipHeredoc() throws(PHPProblem) -> Bool {
        let start = position
        var head = position + 3
        while head < bytes.count, bytes[head] == UInt8(ascii: " ") || bytes[head] == UInt8(ascii: "\t") { head += 1 }
        var quote: UInt8?
        if head < bytes.count, bytes[head] == UInt8(ascii: "'") || bytes[head] == UInt8(ascii: "\"") {
            quote = bytes[head]
            head += 1
        }
        guard head < bytes.count, isNameStart(bytes[head]) else { return false }
        let name = Array(bytes[head...].prefix { isNamePart($0) })
        head += name.count
        if let quote {
            guard head < bytes.count, bytes[head] == quote else { return false }
            head += 1
        }
        guard head < bytes.count, isNewline(bytes[head]) else { return false }
        position = head
        while let byte = peek() {
            if isNewline(byte) {
                position += has("\r\n") ? 2 : 1
                if let end = endOfHeredoc(name) {
                    position = end
                    return true
                }
            } else if quote == UInt8(ascii: "'") {
                position += 1
            } else if byte == UInt8(ascii: "\\") {
                position += peek(1).map(isNewline) == false ? 2 : 1
            } else if try !skipInterpolation() {
                position += 1
            }
        }
        throw PHPProblem(
            offset: start, text: "a string that ends with \(String(decoding: name, as: UTF8.self)) does not")
    }

    /// Behind `name`, where a line begins here with it.
    private func endOfHeredoc(_ name: [UInt8]) -> Int? {
        var index = position
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
            index += 1
        }
        guard bytes[index...].starts(with: name) else { return nil }
        index += name.count
        return index < bytes.count && isNamePart(bytes[index]) ? nil : index
    }

    // MARK: Words

    private mutating func skipName() {
        while let byte = peek(), isNamePart(byte) { position += 1 }
    }

    private mutating func skipNumber() {
        while let byte = peek(), isNamePart(byte) || byte == UInt8(ascii: ".") && !has("..") {
            let isExponent = byte | 0x20 == UInt8(ascii: "e")
            position += 1
            if isExponent, let sign = peek(), "+-".utf8.contains(sign), isDigit(peek(1)) { position += 1 }
        }
    }

    // MARK: Bytes

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private func has(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return text.withUTF8Buffer { bytes[position..<position + count].elementsEqual($0) }
    }

    private func problem(_ text: String) -> PHPProblem { PHPProblem(offset: position, text: text) }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || isNewline(byte)
    }
    private func isNewline(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
    private func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }
    private func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

    private func isNameStart(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
}

extension Collection<UInt8> {
    /// ASCII letters in lower case.
    var lowercased: [UInt8] {
        map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
