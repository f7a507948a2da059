/// The regular expressions that rules may have: what every engine of them understands alike.
package enum RouteRegex {
    package static let mostBytes = 200

    /// What is wrong with one, and what to write instead; `nil` where nothing is.
    ///
    /// Letters, digits, `/ _ - ~ % @ : , = & ! ' " # < >`, space, `.`, classes `[a-z]` and `[^/]`, groups `( )` and
    /// `(?: )`, `|`, and the repetitions `* + ?` and `{m,n}`; `\` makes one of the others stand for itself, and `\d`,
    /// `\w` are a digit and a letter, digit or `_`. It stands for the whole text, so `^` and `$` are not needed.
    package static func problem(in text: String) -> String? {
        guard (1...mostBytes).contains(text.utf8.count) else { return "it needs 1 to \(mostBytes) bytes" }
        var parser = RouteRegexParser(text)
        if let problem = parser.problem() { return problem }
        return compiled(text) == nil ? "it cannot be read" : nil
    }

    package static func matches(_ text: String, _ value: String) -> Bool {
        guard let regex = compiled(text) else { return false }
        return (try? regex.wholeMatch(in: value)) != nil  // SAFE: only a closure in an expression throws
    }

    private static func compiled(_ text: String) -> Regex<AnyRegexOutput>? {
        let regex = try? Regex(text)  // SAFE: what cannot be read matches nothing, and no manifest has one
        return regex?.matchingSemantics(.unicodeScalar).asciiOnlyWordCharacters().asciiOnlyDigits()
    }
}
