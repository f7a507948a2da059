/// The tokens of a file with their brackets paired, and where each of them stands.
struct PHPStructure {
    /// Whether what stands there is always carried out when the file is read.
    enum Level: Hashable {
        case always
        /// In a block: an `if`, a loop, a `try`.
        case perhaps
        /// In a function or a class: not when the file is read.
        case elsewhere
    }

    let bytes: [UInt8]
    let tokens: [PHPToken]
    /// The other bracket of a bracket.
    private(set) var partner: [Int: Int] = [:]
    private(set) var levels: [Level] = []

    private var open: [Bracket] = []
    /// Blocks written with `:` and `endif`.
    private var colonBlocks = 0
    private var declaresFunction = false

    private struct Bracket {
        let index: Int
        let sign: String
        var isAttribute = false
        var isForHead = false
        var isFunction = false
    }

    init(_ bytes: [UInt8]) throws(PHPProblem) {
        self.bytes = bytes
        tokens = try PHPLexer(bytes).tokens
        levels.reserveCapacity(tokens.count)
        for index in tokens.indices { try read(index) }
        if let left = open.last { throw problem(at: left.index, "a \"\(left.sign)\" is not closed") }
        try checkEnd()
    }

    /// What a token says.
    func text(_ index: Int) -> String {
        tokens.indices.contains(index) ? String(decoding: bytes[tokens[index].range], as: UTF8.self) : ""
    }

    func isSymbol(_ index: Int, _ text: String) -> Bool {
        guard tokens.indices.contains(index), tokens[index].kind == .symbol || tokens[index].kind == .attribute else {
            return false
        }
        return bytes[tokens[index].range].elementsEqual(text.utf8)
    }

    func isName(_ index: Int, _ texts: String...) -> Bool {
        guard tokens.indices.contains(index), tokens[index].kind == .name, !isMember(index) else { return false }
        let text = bytes[tokens[index].range].lowercased
        return texts.contains { text.elementsEqual($0.utf8) }
    }

    /// Whether a statement ends here.
    func isEnd(_ index: Int) -> Bool {
        isSymbol(index, ";") || tokens.indices.contains(index) && tokens[index].kind == .closeTag
    }

    /// Whether a statement of its own begins here, that does not hang on what is before it.
    func beginsStatement(_ index: Int) -> Bool {
        index == 0 || isEnd(index - 1) || isSymbol(index - 1, "{") || isSymbol(index - 1, "}")
    }

    /// Behind the bracket that this one opens, or behind the token itself.
    func skip(_ index: Int) -> Int {
        if let other = partner[index], other > index { return other + 1 }
        return index + 1
    }

    func problem(at index: Int, _ text: String) -> PHPProblem {
        PHPProblem(offset: tokens.indices.contains(index) ? tokens[index].range.lowerBound : bytes.count, text: text)
    }

    // MARK: Reading

    private mutating func read(_ index: Int) throws(PHPProblem) {
        try checkNeighbours(index)
        let sign = tokens[index].kind == .symbol ? text(index) : tokens[index].kind == .attribute ? "#[" : ""
        switch sign {
        case "(", "[", "#[", "{":
            let isFor = sign == "(" && isName(index - 1, "for")
            let isFunction = sign == "{" && declaresFunction
            levels.append(level)
            open.append(
                Bracket(
                    index: index, sign: sign, isAttribute: sign == "#[", isForHead: isFor, isFunction: isFunction))
            if sign == "{" { declaresFunction = false }
            guard open.count <= Bound.depth else { throw problem(at: index, "nested over \(Bound.depth) deep") }
        case ")", "]", "}":
            guard let last = open.popLast() else { throw problem(at: index, "a \"\(sign)\" was never opened") }
            guard Self.closing[last.sign] == sign else {
                let place = PHPPlace(of: tokens[last.index].range.lowerBound, in: bytes)
                throw problem(at: index, "\"\(sign)\" stands where the \"\(last.sign)\" of \(place) ends")
            }
            partner[index] = last.index
            partner[last.index] = index
            levels.append(level)
        default:
            levels.append(level)
            noteWord(index)
        }
        if isEnd(index) { try checkStatementEnd(index) }
    }

    private static let closing = ["(": ")", "[": "]", "#[": "]", "{": "}"]

    private var level: Level {
        if open.contains(where: \.isFunction) { return .elsewhere }
        return colonBlocks > 0 || open.contains { $0.sign == "{" } ? .perhaps : .always
    }

    private mutating func noteWord(_ index: Int) {
        if isName(index, "function", "class", "trait", "interface", "enum") { declaresFunction = true }
        if isName(index, "endif", "endwhile", "endfor", "endforeach", "endswitch", "enddeclare") {
            colonBlocks = max(0, colonBlocks - 1)
        }
        if isSymbol(index, ":"), isSymbol(index - 1, ")"), let head = partner[index - 1],
            isName(head - 1, "if", "while", "for", "foreach", "switch", "declare")
        {
            colonBlocks += 1
        }
    }

    /// `$x->if`, `X::class`: a name that is no word of the language.
    private func isMember(_ index: Int) -> Bool {
        index > 0 && (isSymbol(index - 1, "->") || isSymbol(index - 1, "::") || isSymbol(index - 1, "?->"))
    }

    // MARK: What PHP would not take

    private mutating func checkStatementEnd(_ index: Int) throws(PHPProblem) {
        declaresFunction = false
        guard let last = open.last, last.sign != "{", !last.isForHead else { return }
        throw problem(at: index, "\"\(text(index))\" stands inside a \"\(last.sign)\" that is not closed")
    }

    /// Two values side by side, or a sign where a value must be: what a forgotten comma or semicolon leaves.
    private func checkNeighbours(_ index: Int) throws(PHPProblem) {
        guard index > 0 else { return }
        let isWord = tokens[index].kind == .name && !isName(index, "instanceof", "and", "or", "xor", "as")
        let isValue = isWord || Self.values.contains(tokens[index].kind)
        let wasValue =
            Self.values.contains(tokens[index - 1].kind)
            || isSymbol(index - 1, "]") && partner[index - 1].map { tokens[$0].kind != .attribute } == true
        if isValue, wasValue {
            throw problem(at: index, "\(excerpt(index)) stands where a comma, a semicolon or an operator belongs")
        }
        let wantsValue = isSymbol(index - 1, "=>") || isSymbol(index - 1, "=")
        let isNoValue =
            isEnd(index) || isSymbol(index, ",") || isSymbol(index, ")") || isSymbol(index, "]")
            || isSymbol(index, "=>")
        if wantsValue, isNoValue {
            throw problem(at: index, "\"\(text(index))\" stands where a value belongs")
        }
    }

    private static let values: Set<PHPToken.Kind> = [.variable, .number, .plainString, .otherString]

    private func excerpt(_ index: Int) -> String {
        let text = text(index).prefix { !$0.isNewline }
        return text.count > 40 ? "\(text.prefix(40))…" : "\(text)"
    }

    private func checkEnd() throws(PHPProblem) {
        guard let last = tokens.indices.last, !isEnd(last), !isSymbol(last, "}"), !isName(last, "__halt_compiler")
        else { return }
        throw PHPProblem(offset: tokens[last].range.upperBound, text: "the last statement has no \";\"")
    }
}
