/// One document: whose manifest it is, and what it says.
struct Document<Spec: Sendable>: Sendable {
    var title = ""
    var owner: String?
    var labels: [Named<String>] = []
    var spec: Spec
}

/// A kind in both of its spellings. One rule turns every table into both.
struct KindTable: Sendable {
    let kind: ManifestKind
    /// One sentence for editors and the reference.
    let doc: String
    let short: RecordSchema
    let long: RecordSchema
    let readShort: @Sendable (Node, inout Reader) -> Document<Manifest.Spec>?
    let readLong: @Sendable (Node, inout Reader) -> Document<Manifest.Spec>?

    init<Spec: Sendable>(
        _ kind: ManifestKind, _ doc: String, _ start: Spec, _ fields: [Field<Spec>],
        instead: [String: String] = [:],
        check: (@Sendable (inout Spec, Node, inout Reader) -> Void)? = nil,
        wrap: @escaping @Sendable (Spec) -> Manifest.Spec
    ) {
        let short = Self.shortForm(kind, start, fields, instead, check)
        let long = Self.longForm(kind, start, fields, instead, check)
        self.kind = kind
        self.doc = doc
        self.short = short.record
        self.long = long.record
        readShort = { node, reader in short.shape.read(node, &reader).map { $0.wrapped(wrap) } }
        readLong = { node, reader in long.shape.read(node, &reader).map { $0.wrapped(wrap) } }
    }

    private typealias Form<Spec: Sendable> = (shape: Shape<Document<Spec>>, record: RecordSchema)

    private static func shortForm<Spec: Sendable>(
        _ kind: ManifestKind, _ start: Spec, _ fields: [Field<Spec>], _ instead: [String: String],
        _ check: (@Sendable (inout Spec, Node, inout Reader) -> Void)?
    ) -> Form<Spec> {
        typealias Whole = Document<Spec>
        let name = Field<Whole>(
            kind.key, Shape.name.literal, required: true, "The name of the \(kind.key), first in the document."
        ) { $0.title = $1 }
        let own = Set(fields.map(\.name))
        let all =
            [name] + metadata().filter { !own.contains($0.name) }
            + fields.filter { $0.name != kind.key }.map { $0.lifted { whole, change in change(&whole.spec) } }
        let shape = Shape<Whole>.record(kind.key, Whole(spec: start), all, instead: instead) { whole, node, reader in
            check?(&whole.spec, node, &reader)
        }
        return (shape, RecordSchema(title: kind.key, fields: all.map(\.schema)))
    }

    private static func longForm<Spec: Sendable>(
        _ kind: ManifestKind, _ start: Spec, _ fields: [Field<Spec>], _ instead: [String: String],
        _ check: (@Sendable (inout Spec, Node, inout Reader) -> Void)?
    ) -> Form<Spec> {
        typealias Whole = Document<Spec>
        let name = Field<Whole>("name", Shape.name.literal, required: true, "What it is called, as people write it.") {
            $0.title = $1
        }
        let head = Shape<Whole>.record("metadata", Whole(spec: start), [name] + metadata())
        let spec = Shape<Spec>.record("\(kind.key)Spec", start, fields, instead: instead, check: check)
        let needsSpec = fields.contains { $0.schema.isRequired }
        let all: [Field<Whole>] = [
            Field("apiVersion", Shape<APIVersion>.choice, required: true, "The version of this format.") { _, _ in },
            Field("kind", Shape<ManifestKind>.only(kind), required: true, "The kind of this manifest.") { _, _ in },
            Field("metadata", head, required: true, "Name, labels and owner.") { whole, head in
                whole.title = head.title
                whole.owner = head.owner
                whole.labels = head.labels
            },
            Field("spec", spec, required: needsSpec, "What is wanted.") { $0.spec = $1 },
        ]
        let title = "\(kind.key)Long"
        let shape = Shape<Whole>.record(title, Whole(spec: start), all) { whole, node, reader in
            // Where nothing is said, all of it is missing.
            guard node["spec"] == nil else { return }
            check?(&whole.spec, Node(mark: node.mark, content: .mapping([])), &reader)
        }
        return (shape, RecordSchema(title: title, fields: all.map(\.schema)))
    }

    private static func metadata<Spec: Sendable>() -> [Field<Document<Spec>>] {
        [
            Field("labels", Shape<String>.text.keyed().literal, "Words to find it by.") { $0.labels = $1 },
            Field("owner", Shape<String>.text.literal, "Who answers for it.") { $0.owner = $1 },
        ]
    }
}

extension Document {
    fileprivate func wrapped(_ wrap: (Spec) -> Manifest.Spec) -> Document<Manifest.Spec> {
        Document<Manifest.Spec>(title: title, owner: owner, labels: labels, spec: wrap(spec))
    }
}

enum APIVersion: String, CaseIterable, Sendable {
    case v1 = "berth.dev/v1"
}

extension Shape where Value == ManifestKind {
    /// The one word `kind`; which kind a document is has been decided before its table reads it.
    fileprivate static func only(_ kind: ManifestKind) -> Shape {
        Shape(.choice([kind.rawValue])) { node, reader in
            reader.scalar(node, wanted: kind.rawValue).flatMap { ManifestKind(rawValue: $0.text) }
        }
    }
}
