/// JSON schemas (draft 2020-12) of all manifests, made of the tables the decoder reads by.
package enum Schemas {
    /// One file a kind, in small letters, `berth.json` for any document, and `agent.json` for the configuration of an
    /// agent. The texts end with a line feed.
    package static func all() -> [(file: String, text: String)] {
        KindTable.all.map { table in
            let name = table.kind.rawValue.lowercased()
            return ("\(name).json", schema(of: [table], named: name, doc: table.doc))
        } + [
            (
                "berth.json",
                schema(of: KindTable.all, named: "berth", doc: "Any manifest of berth, in either spelling.")
            ),
            ("agent.json", schema(of: [AgentConfiguration.shape.schema], named: "agent", doc: agent)),
        ]
    }

    private static let agent = "The configuration of an agent, a file of its own machine that is no manifest."

    private static func schema(of tables: [KindTable], named name: String, doc: String) -> String {
        schema(of: tables.flatMap { [$0.short, $0.long] }.map(Schema.record), named: name, doc: doc)
    }

    private static func schema(of documents: [Schema], named name: String, doc: String) -> String {
        var definitions = Definitions()
        let choices = documents.map { definitions.refer(to: $0) }
        return JSON.object([
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("$id", .text("https://berth.dev/schemas/\(name).json")),
            ("title", .text(name)),
            ("description", .text(doc)),
            ("anyOf", .list(choices)),
            ("$defs", .object(definitions.sorted)),
        ]).document
    }
}

/// The records of a schema, each written once.
private struct Definitions {
    private var known: [String: JSON] = [:]

    var sorted: [(String, JSON)] { known.sorted { $0.key < $1.key } }

    mutating func refer(to schema: Schema, hasParameters: Bool = false) -> JSON {
        switch schema {
        case .anyText: return .object([("type", types(["string", "number", "boolean"]))])
        case .text(let pattern):
            let text = JSON.object([("type", .text("string"))] + (pattern.map { [("pattern", .text($0))] } ?? []))
            return open(text, hasParameters && pattern != nil)
        case .quantity(let pattern):
            let text = JSON.object([("type", types(["string", "number"])), ("pattern", .text(pattern))])
            return open(text, hasParameters)
        case .integer(let range):
            let number = JSON.object([
                ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)),
            ])
            return open(number, hasParameters)
        case .boolean: return open(.object([("type", .text("boolean"))]), hasParameters)
        case .choice(let words): return open(.object([("enum", types(words))]), hasParameters)
        case .list(let item, let least):
            let items = refer(to: item, hasParameters: hasParameters)
            let bound = least > 0 ? [("minItems", JSON.number(least))] : []
            return .object([("type", .text("array")), ("items", items)] + bound)
        case .map(let item, let mayBeEmpty):
            let value = refer(to: item, hasParameters: hasParameters)
            let open =
                mayBeEmpty ? JSON.object([("anyOf", .list([.object([("type", .text("null"))]), value]))]) : value
            return .object([("type", .text("object")), ("additionalProperties", open)])
        case .either(let choices):
            return .object([("anyOf", .list(choices.map { refer(to: $0, hasParameters: hasParameters) }))])
        case .parameterised(let inner): return refer(to: inner, hasParameters: true)
        case .record(let record): return refer(to: record, hasParameters: hasParameters)
        }
    }

    private mutating func refer(to record: RecordSchema, hasParameters: Bool) -> JSON {
        let name = record.title + (hasParameters ? "InTemplate" : "")
        if known[name] == nil {
            // Entered before its fields, so that a record inside itself would end here.
            known[name] = .object([])
            known[name] = definition(of: record, hasParameters: hasParameters)
        }
        return .object([("$ref", .text("#/$defs/\(name)"))])
    }

    private mutating func definition(of record: RecordSchema, hasParameters: Bool) -> JSON {
        let properties = record.fields.map { field in
            let doc = field.standard.map { "\(field.doc) Default: \($0)." } ?? field.doc
            guard case .object(let members) = refer(to: field.schema, hasParameters: hasParameters) else {
                preconditionFailure("every schema is an object")
            }
            return (field.name, JSON.object([("description", .text(doc))] + members))
        }
        let required = record.fields.filter(\.isRequired).map(\.name)
        return .object(
            [("type", .text("object")), ("properties", .object(properties)), ("additionalProperties", .bool(false))]
                + (required.isEmpty ? [] : [("required", types(required))]))
    }

    /// Also lets through a text with a parameter in it.
    private func open(_ schema: JSON, _ isOpen: Bool) -> JSON {
        guard isOpen else { return schema }
        let parameter = JSON.object([("type", .text("string")), ("pattern", .text("\\$\\("))])
        return .object([("anyOf", .list([schema, parameter]))])
    }

    private func types(_ words: [String]) -> JSON { .list(words.map(JSON.text)) }
}
