internal import Model

/// Reads the nodes of one file into values and gathers what is wrong with them.
struct Reader {
    let file: String
    private(set) var problems: [ManifestProblem] = []
    /// How many there were, those left out of ``problems`` included.
    private(set) var errors = 0
    /// Those of them that leave a value unknown; a key too many does not.
    private(set) var flaws = 0
    /// The parameters that `$(name)` may name; `nil` outside templates, where it means nothing.
    var parameters: Set<String>?

    init(file: String, parameters: Set<String>? = nil) {
        self.file = file
        self.parameters = parameters
    }

    mutating func report(_ mark: Mark, _ code: String, _ message: String) {
        errors += 1
        if code != "unknown-key" { flaws += 1 }
        guard problems.count < ReadingLimits.problems else { return }
        problems.append(ManifestProblem(at: place(mark), code: code, message))
    }

    func place(_ mark: Mark) -> Place { Place(file: file, line: Int(mark.line), column: Int(mark.column)) }

    /// The text of a scalar; `nil` where it is none, which is reported, or where it waits for a parameter, which is
    /// not. `wanted` is what is needed, and after a semicolon how to write it.
    mutating func scalar(_ node: Node, wanted: String) -> (text: String, isPlain: Bool)? {
        guard case .scalar(let text, let isPlain) = node.content else {
            let noun = wanted.prefix { $0 != ";" }
            report(node.mark, "type", "\(node.noun) where a text is needed; write \(noun)")
            return nil
        }
        if node.isEmpty {
            let noun = wanted.prefix { $0 != ";" }
            report(node.mark, "empty", "the value is missing; write \(noun), or remove the key")
            return nil
        }
        guard let parameters else { return (text, isPlain) }
        switch Parameters.scan(text) {
        case .text(let text): return (text, isPlain)
        case .names(let names):
            for name in names where !parameters.contains(name) {
                let hint = Nearest.hint(for: name, among: parameters)
                report(
                    node.mark, "unknown-parameter",
                    "the template has no parameter \(quoted(name))\(hint ?? "; declare it under \"parameters\"")")
            }
            return nil
        case .malformed:
            report(node.mark, "parameter", "\"$(\" without a name and \")\"; write $(name), or $$( for the characters")
            return nil
        }
    }
}

/// `$(name)` in the texts of templates. `$$(` is the two characters `$(`.
enum Parameters {
    enum Scan {
        /// Names no parameter; escapes are resolved.
        case text(String)
        case names([String])
        case malformed
    }

    static func scan(_ text: String) -> Scan {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return .text(text) }
        var names: [String] = []
        guard
            let replaced = replace(
                text,
                {
                    names.append($0); return ""
                })
        else { return .malformed }
        return names.isEmpty ? .text(replaced) : .names(names)
    }

    /// The text with every `$(name)` replaced; `nil` where one is not closed or has no name.
    static func replace(_ text: String, _ value: (String) -> String) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            if rest.starts(with: "$$(".utf8) {
                result += "$(".utf8
                index += 3
            } else if rest.starts(with: "$(".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: ")")), end > index + 2 else { return nil }
                result += value(String(decoding: bytes[(index + 2)..<end], as: UTF8.self)).utf8
                index = end + 1
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
