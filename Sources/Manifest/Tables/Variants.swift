extension Shape {
    /// Mappings of several sorts; the word at `key` says which one it is.
    static func variants<Word>(
        by key: String, _ doc: String, _ shape: @escaping @Sendable (Word) -> Shape
    ) -> Shape where Word: CaseIterable & RawRepresentable & Sendable, Word.RawValue == String {
        Shape(.either(Word.allCases.map { shape($0).schema })) { node, reader in
            guard node.entries != nil else {
                reader.report(node.mark, "type", "\(node.noun) where a mapping is needed; write keys such as: \(key)")
                return nil
            }
            guard let word = node[key] else {
                let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
                reader.report(
                    node.mark, "missing-key", "key \"\(key)\" is missing; write it: \(doc) One of \(words).")
                return nil
            }
            return Shape<Word>.choice.read(word, &reader).flatMap { shape($0).read(node, &reader) }
        }
    }
}

extension Field where Record: Sendable {
    /// The key that says which of several mappings this is; ``Shape/variants(by:_:_:)`` has read it.
    static func variant(_ key: String, _ word: String, _ doc: String) -> Field {
        Field(key, Shape<String?>(.choice([word])) { node, _ in node.scalar }, required: true, doc) { _, _ in }
    }
}
