/// What libyaml complains about, in words that name the remedy.
enum SyntaxSentence {
    static func flaw(for problem: String, at mark: Mark, since: Mark?, in bytes: UnsafeBufferPointer<UInt8>) -> Flaw {
        let line = line(mark.line, of: bytes)
        if problem.contains("tab") || isIndentedByTab(line) {
            return Flaw(
                mark: mark, code: "tab", message: "tabs cannot indent; use spaces (two a level) on this line")
        }
        let began = since.map { $0 == mark ? "" : " (it began at line \($0.line))" } ?? ""
        return Flaw(mark: mark, code: "syntax", message: sentence(for: problem, began: began))
    }

    static func unreadable(_ problem: String, at mark: Mark) -> Flaw {
        Flaw(mark: mark, code: "syntax", message: "\(problem): remove the invisible character here")
    }

    private static func sentence(for problem: String, began: String) -> String {
        switch problem {
        case "did not find expected key":
            "expected a key here: indent this line like its neighbours, and close what is open above\(began)"
        case "did not find expected '-' indicator":
            "expected \"- \" here: indent this line like the other items of the list\(began)"
        case "mapping values are not allowed in this context":
            "a \":\" is not allowed here: indent this line like its neighbours, or put the text in quotes"
        case "could not find expected ':'":
            "a key without \":\": write \"key: value\", or indent a continued text deeper\(began)"
        case "did not find expected ',' or ']'": "the list is not closed: add \",\" or \"]\"\(began)"
        case "did not find expected ',' or '}'": "the mapping is not closed: add \",\" or \"}\"\(began)"
        case "found unexpected end of stream": "the quoted text is not closed: add the closing quote\(began)"
        case "found character that cannot start any token":
            "a text cannot begin with this character: put the text in quotes"
        case "did not find expected <document start>":
            "expected a new document here: put \"---\" on the line before it, or indent it like the lines above"
        case "block sequence entries are not allowed in this context":
            "a \"- \" is not allowed here: put the first item of a list on a line of its own"
        case "found unknown escape character":
            "unknown escape in a quoted text: write \"\\\\\" for a backslash, or use single quotes"
        default: "not valid YAML: \(problem)\(began); compare the line with its neighbours"
        }
    }

    private static func isIndentedByTab(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        for byte in line {
            switch byte {
            case UInt8(ascii: "\t"): return true
            case UInt8(ascii: " "): continue
            default: return false
            }
        }
        return false
    }

    private static func line(_ number: Int32, of bytes: UnsafeBufferPointer<UInt8>) -> Slice<
        UnsafeBufferPointer<UInt8>
    > {
        var rest = bytes[...]
        for _ in 1..<max(number, 2) {
            guard number > 1, let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { break }
            rest = rest[(end + 1)...]
        }
        return rest.prefix { $0 != UInt8(ascii: "\n") }
    }
}
