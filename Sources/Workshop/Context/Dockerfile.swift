internal import Model

/// The images that a Dockerfile stands on, read without building it.
struct Dockerfile {
    /// Bytes.
    static let largest = 1 << 20
    /// Bytes of a variable and of an image's name, filled in. A value that is made of others grows with every line.
    static let longestValue = 1024

    /// Normalised by nobody: as the file names them, variables filled in.
    private(set) var bases: Set<ImageReference> = []

    private var names: Set<String> = []
    /// Values of the variables declared before the first `FROM`, which are all that a `FROM` may use.
    private var variables: [String: String] = [:]
    private var stages = 0
    private let arguments: [String: String]

    /// `target` is the last stage that counts; `arguments` go before the defaults that the file gives.
    init(_ text: String, arguments: [String: String] = [:], target: String? = nil) {
        self.arguments = arguments
        for words in Self.instructions(in: text) {
            switch words.first?.lowercased() {
            case "arg" where stages == 0: declare(words.dropFirst())
            case "from":
                if begin(words.dropFirst(), target) { stages += 1 } else { return }
            case "copy", "add":
                for word in words where word.hasPrefix("--from=") { add(String(word.dropFirst("--from=".count))) }
            default: break
            }
        }
    }

    /// Whether the stage that counts last has begun.
    private var isLast = false

    private mutating func declare(_ words: ArraySlice<String>) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if let given = arguments[name] {
                variables[name] = given
            } else if parts.count == 2 {
                variables[name] = fill(Self.unquoted(String(parts[1])))
            }
        }
    }

    /// Whether this stage still counts.
    private mutating func begin(_ words: ArraySlice<String>, _ target: String?) -> Bool {
        if isLast { return false }
        let words = words.filter { !$0.hasPrefix("--") }
        guard let image = words.first else { return true }
        add(fill(Self.unquoted(image)))
        if words.count >= 3, words[1].lowercased() == "as" { names.insert(words[2].lowercased()) }
        if let target {
            isLast = words.count >= 3 && words[2].lowercased() == target.lowercased() || target == "\(stages)"
        }
        return true
    }

    private mutating func add(_ name: String) {
        guard name != "scratch", !names.contains(name.lowercased()), !name.allSatisfy(\.isNumber),
            let image = ImageReference(name)
        else { return }
        bases.insert(image)
    }

    // MARK: Lines

    /// The words of every instruction: lines that go on are joined, comments and the texts of here-documents left out.
    private static func instructions(in text: String) -> [[String]] {
        var found: [[String]] = []
        var escape: Character = "\\"
        var pending = ""
        var ends: [String] = []
        var mayDirect = true
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if let end = ends.first {
                if line.drop(while: { $0 == "\t" }) == end { ends.removeFirst() }
                continue
            }
            let bare = line.drop(while: \.isWhitespace)
            if bare.hasPrefix("#") {
                let directive = bare.dropFirst().filter { !$0.isWhitespace }.lowercased()
                if mayDirect, directive == "escape=`" { escape = "`" }
                if !directive.contains("=") { mayDirect = false }
                continue
            }
            mayDirect = false
            if bare.isEmpty { continue }
            var rest = Substring(line)
            while let last = rest.last, last.isWhitespace { rest.removeLast() }
            if rest.last == escape {
                pending += rest.dropLast() + " "
                continue
            }
            let words = (pending + rest).split(whereSeparator: \.isWhitespace).map(String.init)
            pending = ""
            found.append(words)
            if ["run", "copy", "add"].contains(words.first?.lowercased()) { ends = words.compactMap(documentEnd) }
        }
        if !pending.isEmpty { found.append(pending.split(whereSeparator: \.isWhitespace).map(String.init)) }
        return found
    }

    /// The word that ends the here-document that `word` begins.
    private static func documentEnd(_ word: String) -> String? {
        guard let mark = word.firstRange(of: "<<") else { return nil }
        let name = word[mark.upperBound...].drop { $0 == "-" }.filter { $0 != "\"" && $0 != "'" }
        return name.isEmpty || name.contains("<") ? nil : String(name)
    }

    private static func unquoted(_ text: String) -> String {
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return text
    }

    // MARK: Variables

    /// `$NAME`, `${NAME}`, `${NAME:-otherwise}`, `${NAME:+instead}`. Nothing where it becomes too long.
    private func fill(_ text: String) -> String {
        var filled = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard filled.utf8.count <= Self.longestValue else { return "" }
            guard character == "$" else {
                filled.append(character)
                continue
            }
            if rest.first == "{", let end = rest.firstIndex(of: "}") {
                filled += value(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
            } else {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                filled += variables[String(name)] ?? ""
                rest = rest.dropFirst(name.count)
            }
        }
        return filled.utf8.count <= Self.longestValue ? filled : ""
    }

    private func value(_ expression: Substring) -> String {
        let name = expression.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let known = variables[String(name)] ?? ""
        let rest = expression.dropFirst(name.count)
        let word = String(rest.drop { $0 == ":" }.dropFirst())
        return switch rest.drop(while: { $0 == ":" }).first {
        case "-": known.isEmpty ? word : known
        case "+": known.isEmpty ? "" : word
        default: known
        }
    }
}
