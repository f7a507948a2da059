/// Why a request that a person wrote cannot be asked about, with a remedy.
package struct UnreadableRequest: Error, Hashable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// The words that a POSIX shell makes of a command that somebody pastes. Nothing is run, and nothing is expanded.
package struct ShellWords: Hashable, Sendable {
    /// Of what is pasted.
    static let mostBytes = 131_072
    static let mostWords = 1_000

    /// Those of the first command.
    package private(set) var words: [String] = []
    /// What a shell would do otherwise, a sentence each.
    package private(set) var notes: [String] = []

    private var word: String?
    /// A quoted word is never a number before `>` or a comment.
    private var isQuoted = false

    package init(_ text: String) throws(UnreadableRequest) {
        guard text.utf8.count <= Self.mostBytes else {
            throw UnreadableRequest("a command of more than \(Self.mostBytes) bytes is not read; leave its body out")
        }
        var rest = Array(text.unicodeScalars)[...]
        try read(&rest)
        try endWord()
        leaveOut(rest)
    }

    /// Up to the end of the first command.
    private mutating func read(_ rest: inout ArraySlice<Unicode.Scalar>) throws(UnreadableRequest) {
        while let scalar = rest.first, try !isEnd(scalar, before: rest.dropFirst().first) {
            rest.removeFirst()
            switch scalar {
            case " ", "\t", "\r", "\n": try endWord()
            case "'": try quoteSingle(&rest)
            case "\"": try quoteDouble(&rest)
            case "\\": escape(&rest)
            case "$": try dollar(&rest)
            case "`": throw Self.substitution
            case "#" where word == nil: rest = rest.drop { $0 != "\n" }
            case "(", ")":
                throw UnreadableRequest("a \"\(scalar)\" outside quotes is for the shell; put its word in quotes")
            case "^" where rest.first == "\"" || rest.first == "\n" || rest.first == "\r":
                throw UnreadableRequest("this is written for cmd of Windows; copy it as cURL for bash")
            default: add(scalar)
            }
        }
    }

    /// Whether the command is over before a scalar outside quotes.
    private mutating func isEnd(
        _ scalar: Unicode.Scalar, before next: Unicode.Scalar?
    ) throws(UnreadableRequest) -> Bool {
        switch scalar {
        case "\n":
            try endWord()
            return !words.isEmpty
        case "|", ";": return true
        case ">", "<":
            // The number of a descriptor belongs to the redirection.
            if !isQuoted, word?.utf8.allSatisfy({ (48...57).contains($0) }) == true { word = nil }
            return true
        case "&":
            guard next == "&" || next == ">" else {
                throw UnreadableRequest("an \"&\" outside quotes ends the command; put the URL in quotes")
            }
            return true
        default: return false
        }
    }

    private static let substitution = UnreadableRequest(
        "a command within the command is never run; put what it answers in its place")

    private mutating func add(_ scalar: Unicode.Scalar) {
        word = word ?? ""
        word?.unicodeScalars.append(scalar)
    }

    private mutating func endWord() throws(UnreadableRequest) {
        guard let word else { return }
        guard words.count < Self.mostWords else {
            throw UnreadableRequest("a command of more than \(Self.mostWords) words is not read")
        }
        words.append(word)
        self.word = nil
        isQuoted = false
    }

    private mutating func leaveOut(_ rest: ArraySlice<Unicode.Scalar>) {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: rest)
        let words = String(text).split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else { return }
        notes.append("not looked at: \(Columns.cut(words.joined(separator: " "), to: 60))")
    }

    // MARK: Quotes

    private mutating func open() {
        word = word ?? ""
        isQuoted = true
    }

    private mutating func quoteSingle(_ rest: inout ArraySlice<Unicode.Scalar>) throws(UnreadableRequest) {
        open()
        while let scalar = rest.popFirst() {
            if scalar == "'" { return }
            add(scalar)
        }
        throw UnreadableRequest("a ' is not closed")
    }

    private mutating func quoteDouble(_ rest: inout ArraySlice<Unicode.Scalar>) throws(UnreadableRequest) {
        open()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return
            case "`": throw Self.substitution
            case "$":
                if rest.first == "(" { throw Self.substitution }
                noteVariable(rest)
                add(scalar)
            case "\\":
                guard let next = rest.first else { break }
                switch next {
                case "$", "`", "\"", "\\": add(rest.removeFirst())
                case "\n": rest.removeFirst()
                default: add(scalar)
                }
            default: add(scalar)
            }
        }
        throw UnreadableRequest("a \" is not closed")
    }

    /// Outside quotes: the end of a line is continued, everything else stands for itself.
    private mutating func escape(_ rest: inout ArraySlice<Unicode.Scalar>) {
        if rest.first == "\r", rest.dropFirst().first == "\n" { rest.removeFirst() }
        guard let next = rest.popFirst(), next != "\n" else { return }
        open()
        add(next)
    }

    private mutating func dollar(_ rest: inout ArraySlice<Unicode.Scalar>) throws(UnreadableRequest) {
        switch rest.first {
        case "'":
            rest.removeFirst()
            try quoteANSI(&rest)
        case "\"":
            rest.removeFirst()
            try quoteDouble(&rest)
        case "(": throw Self.substitution
        default:
            noteVariable(rest)
            add("$")
        }
    }

    private mutating func noteVariable(_ rest: ArraySlice<Unicode.Scalar>) {
        var name = ""
        for scalar in rest.drop(while: { $0 == "{" }) {
            guard scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) else { break }
            name.unicodeScalars.append(scalar)
        }
        let note = "$\(name) is not known here, and taken as it is written"
        if !name.isEmpty, !notes.contains(note) { notes.append(note) }
    }

    /// `$'…'`, as browsers write what has a quote or a line end in it.
    private mutating func quoteANSI(_ rest: inout ArraySlice<Unicode.Scalar>) throws(UnreadableRequest) {
        open()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "'": return
            case "\\":
                guard let code = rest.popFirst() else { break }
                add(try Self.ansi(code, &rest))
            default: add(scalar)
            }
        }
        throw UnreadableRequest("a $' is not closed")
    }

    private static func ansi(
        _ code: Unicode.Scalar, _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws(UnreadableRequest) -> Unicode.Scalar {
        switch code {
        case "n": "\n"
        case "r": "\r"
        case "t": "\t"
        case "'", "\"", "\\", "?": code
        case "x": try number(of: &rest, digits: 2)
        case "u": try number(of: &rest, digits: 4)
        case "U": try number(of: &rest, digits: 8)
        default: throw UnreadableRequest("within $'…' a \\\(code) is not known")
        }
    }

    private static func number(
        of rest: inout ArraySlice<Unicode.Scalar>, digits: Int
    ) throws(UnreadableRequest) -> Unicode.Scalar {
        let text = rest.prefix(digits).prefix { $0.properties.isASCIIHexDigit }
        rest = rest.dropFirst(text.count)
        let number = UInt32(String(String.UnicodeScalarView(text)), radix: 16)
        guard let scalar = number.flatMap(Unicode.Scalar.init), scalar != "\0" else {
            throw UnreadableRequest("within $'…' a number is no character")
        }
        return scalar
    }
}
