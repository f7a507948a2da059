/// One known key of a mapping: how it is spelled, what it may hold and where it goes.
struct Field<Record>: Sendable {
    let schema: FieldSchema
    let read: @Sendable (inout Record, Entry, inout Reader) -> Void

    var name: String { schema.name }

    init<Value>(
        _ name: String, _ shape: Shape<Value>, required isRequired: Bool = false, default standard: String? = nil,
        _ doc: String, set: @escaping @Sendable (inout Record, Value) -> Void
    ) {
        schema = FieldSchema(name: name, schema: shape.schema, isRequired: isRequired, doc: doc, standard: standard)
        read = { record, entry, reader in
            if let value = shape.read(entry.value, &reader) { set(&record, value) }
        }
    }

    init(_ schema: FieldSchema, read: @escaping @Sendable (inout Record, Entry, inout Reader) -> Void) {
        self.schema = schema
        self.read = read
    }

    /// The same key in a mapping that holds this one's record.
    func lifted<Outer>(_ change: @escaping @Sendable (inout Outer, (inout Record) -> Void) -> Void) -> Field<Outer> {
        Field<Outer>(schema) { outer, entry, reader in
            change(&outer) { read(&$0, entry, &reader) }
        }
    }
}

extension Shape {
    /// A mapping with known keys. `check` sees the record once every key is read without a problem of its own.
    /// `instead` says of keys that people try and that are none what to write; it completes "unknown key …".
    static func record(
        _ title: String, _ start: Value, _ fields: [Field<Value>], instead: [String: String] = [:],
        check: (@Sendable (inout Value, Node, inout Reader) -> Void)? = nil
    ) -> Shape where Value: Sendable {
        Shape(.record(RecordSchema(title: title, fields: fields.map(\.schema)))) { node, reader in
            guard let entries = node.entries else {
                let keys = fields.prefix(4).map(\.name).joined(separator: ", ")
                reader.report(
                    node.mark, "type", "\(node.noun) where a mapping is needed; write keys such as: \(keys)")
                return nil
            }
            var record = start
            let before = reader.flaws
            for entry in entries {
                guard let field = fields.first(where: { $0.name == entry.key }) else {
                    let names = fields.map(\.name)
                    let hint =
                        instead[entry.key].map { "; \($0)" } ?? Nearest.hint(for: entry.key, among: names)
                        ?? "; known here: " + names.joined(separator: ", ")
                    reader.report(entry.mark, "unknown-key", "unknown key \(quoted(entry.key))\(hint)")
                    continue
                }
                field.read(&record, entry, &reader)
            }
            for field in fields where field.schema.isRequired && !entries.contains(where: { $0.key == field.name }) {
                let doc = field.schema.doc
                let sentence = doc.firstRange(of: ". ").map { doc[...$0.lowerBound] } ?? doc[...]
                reader.report(
                    node.mark, "missing-key", "key \"\(field.name)\" is missing; write it: \(sentence)")
            }
            // An unknown key spoils the manifest and not the rest of the record, which is read on for its own problems.
            guard reader.flaws == before else { return nil }
            check?(&record, node, &reader)
            return reader.flaws == before ? record : nil
        }
    }
}
