/// Finds which array a file of PHP leaves behind, and what stands in it.
struct PHPAssignments {
    private let code: PHPStructure
    private var arrays: [String: [String: PHPConfig.Entry]] = [:]
    /// What is returned only under a condition.
    private var doubtful: [String: PHPConfig.Entry] = [:]
    /// The array that is returned, once that is certain: nothing after it is carried out.
    private var returned: [String: PHPConfig.Entry]?

    init(in code: PHPStructure) {
        self.code = code
        var index = 0
        while index < code.tokens.count, returned == nil {
            let isCarriedOut = code.levels[index] != .elsewhere
            if isCarriedOut, code.isName(index, "return") {
                readReturn(index)
            } else if isCarriedOut, code.tokens[index].kind == .variable {
                readVariable(index)
            } else if isCarriedOut, code.isName(index, "unset"), code.isSymbol(index + 1, "(") {
                readUnset(index + 2)
            }
            index += 1
        }
    }

    var entries: [String: PHPConfig.Entry] {
        if let returned { return returned }
        if let usual = arrays[Self.usual] { return usual.merging(doubtful) { _, doubt in doubt } }
        var merged: [String: PHPConfig.Entry] = [:]
        for (_, array) in arrays.sorted(by: { $0.key < $1.key }) {
            for (key, entry) in array {
                let isFirst = merged[key] == nil
                merged[key] = isFirst ? entry : .closed(at: entry.offset, because: "more than one array has it")
            }
        }
        return merged.merging(doubtful) { _, doubt in doubt }
    }

    /// What applications call theirs, beside which other arrays are means to an end.
    private static let usual = "$config"

    // MARK: Statements

    /// `return […];`, `return $config;`, or something that is computed.
    private mutating func readReturn(_ index: Int) {
        guard !code.isEnd(index + 1) else { return }
        let isCertain = code.levels[index] == .always && code.beginsStatement(index)
        let offset = code.tokens[index].range.lowerBound
        var result: [String: PHPConfig.Entry] = [:]
        if let array = literal(at: index + 1) {
            result = elements(of: array)
            if !code.isEnd(code.skip(array.lowerBound)) {
                result = closed(result, at: offset, "it is worked on as it is returned")
            }
        } else if code.isEnd(index + 2), code.tokens[index + 1].kind == .variable {
            result = arrays[code.text(index + 1)] ?? [:]
        } else {
            let all = arrays.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            result = closed(all, at: offset, "what the file returns is computed here")
        }
        if isCertain {
            returned = result.merging(doubtful) { _, doubt in doubt }
        } else {
            for name in arrays.keys { blur(name, at: offset, "the file may end here, with something else") }
            doubtful.merge(closed(result, at: offset, "it is returned only under a condition")) { _, new in new }
        }
    }

    private mutating func readVariable(_ index: Int) {
        let name = code.text(index)
        let offset = code.tokens[index].range.lowerBound
        if code.isSymbol(index + 1, "[") {
            let behind = code.skip(index + 1)
            let isSet = Self.assignments.contains { code.isSymbol(behind, $0) }
            guard isSet, !code.isSymbol(index + 2, "]") else { return }
            guard let key = key(index + 2, until: behind - 1) else {
                if isComputed(index + 2..<behind - 1) {
                    blur(name, at: offset, "a key that is computed here may be the same")
                }
                return
            }
            arrays[name, default: [:]][key] = value(
                in: behind + 1, until: nil, isPlain: code.isSymbol(behind, "="), from: index)
        } else if code.isSymbol(index + 1, "=") {
            guard let array = literal(at: index + 2), code.isEnd(code.skip(array.lowerBound)) else {
                blur(name, at: offset, "the whole array is computed here")
                return
            }
            let found = elements(of: array)
            if isCertain(index) {
                arrays[name] = found
            } else {
                blur(name, at: offset, "the whole array is replaced here under a condition")
                arrays[name, default: [:]].merge(
                    closed(found, at: offset, "it is set only under a condition")
                ) { _, new in new }
            }
        }
    }

    private static let assignments = ["=", ".=", "??=", "+="]

    /// `unset($config['key'])`
    private mutating func readUnset(_ index: Int) {
        guard code.tokens.indices.contains(index), code.tokens[index].kind == .variable else { return }
        let name = code.text(index)
        let offset = code.tokens[index].range.lowerBound
        guard code.isSymbol(index + 1, "["), let key = key(index + 2, until: code.skip(index + 1) - 1) else {
            if code.isSymbol(index + 1, ")") { arrays[name] = nil }
            return
        }
        if arrays[name]?[key] != nil { arrays[name]?[key] = .closed(at: offset, because: "it is removed here") }
    }

    // MARK: Arrays

    /// The brackets of `[…]` or `array(…)`, where one begins here.
    private func literal(at index: Int) -> Range<Int>? {
        let start = code.isName(index, "array") && code.isSymbol(index + 1, "(") ? index + 1 : index
        guard start > index || code.isSymbol(start, "["), let end = code.partner[start] else { return nil }
        return start..<end
    }

    private func elements(of array: Range<Int>) -> [String: PHPConfig.Entry] {
        var found: [String: PHPConfig.Entry] = [:]
        var start = array.lowerBound + 1
        while start < array.upperBound {
            var end = start
            var arrow: Int?
            while end < array.upperBound, !code.isSymbol(end, ",") {
                if code.isSymbol(end, "=>"), arrow == nil { arrow = end }
                end = code.skip(end)
            }
            if code.isSymbol(start, "...") {
                found = closed(found, at: code.tokens[start].range.lowerBound, "what is spread here may have it too")
            } else if let arrow {
                if let key = key(start, until: arrow) {
                    found[key] = value(in: arrow + 1, until: end, isPlain: true, from: nil)
                } else if isComputed(start..<arrow) {
                    found = closed(
                        found, at: code.tokens[start].range.lowerBound, "a key that is computed here may be the same")
                }
            }
            start = end + 1
        }
        return found
    }

    /// The key that one plain string is.
    private func key(_ index: Int, until end: Int) -> String? {
        guard end == index + 1, code.tokens[index].kind == .plainString else { return nil }
        return String(decoding: PHPString.value(of: code.bytes[code.tokens[index].range]), as: UTF8.self)
    }

    /// Whether a key is what a variable or a call gives. What a constant gives is not thought to be one of ours.
    private func isComputed(_ range: Range<Int>) -> Bool {
        range.contains { code.tokens[$0].kind == .variable || code.isSymbol($0, "(") }
    }

    /// `until` is `nil` for a statement, which begins at `from`.
    private func value(in index: Int, until end: Int?, isPlain: Bool, from start: Int?) -> PHPConfig.Entry {
        let offset = code.tokens.indices.contains(index) ? code.tokens[index].range.lowerBound : code.bytes.count
        let isAlone = end.map { $0 == index + 1 } ?? code.isEnd(index + 1)
        guard isPlain, isAlone, code.tokens[index].kind == .plainString else {
            return .closed(at: offset, because: "its value is no plain string")
        }
        if let start, !isCertain(start) {
            return .closed(at: code.tokens[start].range.lowerBound, because: "it is set only under a condition")
        }
        return .string(code.tokens[index].range)
    }

    private func isCertain(_ index: Int) -> Bool { code.levels[index] == .always && code.beginsStatement(index) }

    // MARK: What can no longer be told

    private mutating func blur(_ name: String, at offset: Int, _ why: String) {
        arrays[name] = arrays[name].map { closed($0, at: offset, why) }
    }

    private func closed(
        _ entries: [String: PHPConfig.Entry], at offset: Int, _ why: String
    ) -> [String: PHPConfig.Entry] {
        entries.mapValues { _ in .closed(at: offset, because: why) }
    }
}

extension PHPConfig.Entry {
    fileprivate var offset: Int {
        switch self {
        case .string(let range): range.lowerBound
        case .closed(let offset, _): offset
        }
    }
}
