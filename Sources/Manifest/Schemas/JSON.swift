/// A JSON value whose keys keep their order.
indirect enum JSON {
    case text(String)
    case number(Int)
    case bool(Bool)
    case list([JSON])
    case object([(String, JSON)])

    /// Two spaces a level, short lists of texts on one line, one line feed at the end.
    var document: String {
        var out = ""
        write(to: &out, indent: 0)
        return out + "\n"
    }

    private func write(to out: inout String, indent: Int) {
        switch self {
        case .text(let text): Self.quote(text, to: &out)
        case .number(let number): out += String(number)
        case .bool(let bool): out += bool ? "true" : "false"
        case .list(let items):
            let isFlat = items.allSatisfy(\.isScalar)
            Self.write(items.map { (nil, $0) }, in: "[]", isFlat: isFlat, to: &out, indent: indent)
        case .object(let members):
            let isFlat = members.count <= 1 && members.allSatisfy(\.1.isScalar)
            Self.write(members.map { ($0.0, $0.1) }, in: "{}", isFlat: isFlat, to: &out, indent: indent)
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .number, .bool: true
        case .list, .object: false
        }
    }

    private static func write(
        _ members: [(String?, JSON)], in brackets: String, isFlat: Bool, to out: inout String, indent: Int
    ) {
        out += brackets.prefix(1)
        for (index, (name, value)) in members.enumerated() {
            if index > 0 { out += isFlat ? ", " : "," }
            if !isFlat { out += "\n" + String(repeating: "  ", count: indent + 1) }
            if let name {
                quote(name, to: &out)
                out += ": "
            }
            value.write(to: &out, indent: indent + 1)
        }
        if !isFlat { out += "\n" + String(repeating: "  ", count: indent) }
        out += brackets.suffix(1)
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
