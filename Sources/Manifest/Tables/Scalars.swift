internal import Model

extension Shape where Value == String {
    /// Any text, as it is written: `no`, `014` and `1:20` are texts where a text is wanted.
    static var text: Shape {
        Shape(.anyText) { node, reader in reader.scalar(node, wanted: "a text")?.text }
    }

    /// A text that `isValid`; `wanted` completes the sentence "is not …".
    static func text(
        _ wanted: String, pattern: String? = nil, where isValid: @escaping @Sendable (String) -> Bool
    ) -> Shape {
        parsed(.text(pattern: pattern), wanted) { isValid($0) ? $0 : nil }
    }

    /// A name as people write it; it has at least one letter or digit.
    static var name: Shape {
        Shape(.quantity(pattern: "[A-Za-z0-9]")) { node, reader in
            guard let (text, _) = reader.scalar(node, wanted: "a name") else { return nil }
            guard Slug.make(text) != nil else {
                reader.report(node.mark, "name", "\(quoted(text)) is not a name; use letters, digits and \"-\"")
                return nil
            }
            return text
        }
    }
}

extension Shape where Value == Bool {
    static var boolean: Shape {
        Shape(.boolean) { node, reader in
            guard let (text, isPlain) = reader.scalar(node, wanted: "true or false") else { return nil }
            switch (text, isPlain) {
            case ("true", true): return true
            case ("false", true): return false
            default:
                let remedy = isPlain ? "write true or false" : "write it without quotes"
                reader.report(node.mark, "type", "\(quoted(text)) is not true or false; \(remedy)")
                return nil
            }
        }
    }
}

extension Shape where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Shape {
        Shape(.integer(range)) { node, reader in
            guard let (text, isPlain) = reader.scalar(node, wanted: "a number") else { return nil }
            guard isPlain, let number = Int(text), String(number) == text else {
                let digits = Int(text.prefix { "0123456789".contains($0) })
                let example = digits.flatMap { range.contains($0) ? $0 : nil } ?? range.lowerBound
                let remedy =
                    !isPlain && Int(text) != nil ? "write it without quotes" : "write digits, such as \(example)"
                reader.report(node.mark, "type", "\(quoted(text)) is not a whole number; \(remedy)")
                return nil
            }
            guard range.contains(number) else {
                reader.report(
                    node.mark, "range",
                    "\(number) is out of range; write \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }
    }
}

extension Shape where Value == UInt16 {
    static var port: Shape { Shape<Int>.integer(1...65535).map { UInt16($0) } }
}

extension Shape {
    /// A text of its own grammar. `wanted` completes the sentence "is not …"; `nil` from `parse` is reported.
    static func parsed(
        _ schema: Schema, _ wanted: String, _ parse: @escaping @Sendable (String) -> Value?
    ) -> Shape {
        Shape(schema) { node, reader in
            guard let (text, _) = reader.scalar(node, wanted: wanted) else { return nil }
            guard let value = parse(text) else {
                reader.report(node.mark, "value", "\(quoted(text)) is not \(wanted)")
                return nil
            }
            return value
        }
    }
}

extension Shape where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
    /// One of a few words.
    static var choice: Shape {
        let words = Value.allCases.map(\.rawValue)
        return Shape(.choice(words)) { node, reader in
            let list = words.joined(separator: ", ")
            guard let (text, _) = reader.scalar(node, wanted: words.count == 1 ? list : "one of \(list)") else {
                return nil
            }
            guard let value = Value(rawValue: text) else {
                let hint = Nearest.hint(for: text, among: words) ?? "; write one of \(list)"
                reader.report(node.mark, "choice", "\(quoted(text)) is not known here\(hint)")
                return nil
            }
            return value
        }
    }
}
