/// A sandbox with places to fill in.
struct TemplateSpec: Sendable {
    enum ParameterType: String, CaseIterable, Sendable { case string, integer, boolean }

    struct Parameter: Sendable {
        var name = ""
        var type = ParameterType.string
        var standard: String?
        var isRequired = false
    }

    var parameters: [Located<Parameter>] = []
    /// What stands under `sandbox`, `$(…)` and all.
    var sandbox: Node?
    /// What stands beside it instead.
    var inline: [Entry] = []
    /// The template this one builds on, where it is named without a parameter.
    var parent: Reference?

    /// The text of the sandbox that is to be filled in.
    func body(at mark: Mark) -> Node { sandbox ?? Node(mark: mark, content: .mapping(inline)) }
}

extension TemplateSpec {
    static let table = KindTable(
        .template, "A sandbox with parameters, for many sandboxes that are alike.", TemplateSpec(),
        [
            Field("parameters", parameter.located.list().literal, "What $(name) may stand for in its texts.") {
                $0.parameters = $1
            },
            Field(sandbox) { template, entry, reader in
                guard let spec = SandboxSpec.shape.read(entry.value, &reader) else { return }
                template.sandbox = entry.value
                template.parent = spec.template?.name
            },
        ] + SandboxSpec.fields.map(inlined),
        check: { template, node, reader in
            if template.sandbox != nil, let beside = template.inline.first {
                reader.report(
                    beside.mark, "exclusive", "\(quoted(beside.key)) stands beside \"sandbox\"; move it under it")
            }
            EnvironmentSpec.rejectTwins(
                template.parameters.map { ($0.value.name, $0.mark) }, "parameter", &reader)
        },
        wrap: Spec.template)

    private static let sandbox = FieldSchema(
        name: "sandbox", schema: .parameterised(SandboxSpec.shape.schema), isRequired: false,
        doc: "What the sandboxes made of it say; its keys may also stand beside it.", standard: nil)

    /// A key of a sandbox, written straight into the template.
    private static func inlined(_ field: Field<SandboxSpec>) -> Field<TemplateSpec> {
        let schema = FieldSchema(
            name: field.name, schema: .parameterised(field.schema.schema), isRequired: false, doc: field.schema.doc,
            standard: field.schema.standard)
        return Field<TemplateSpec>(schema) { template, entry, reader in
            var scratch = SandboxSpec()
            field.read(&scratch, entry, &reader)
            template.inline.append(entry)
            if let parent = scratch.template?.name { template.parent = parent }
        }
    }

    private static let parameter = Shape<Parameter>.record(
        "parameter", Parameter(),
        [
            Field(
                "name", .text("a parameter's name; use letters, digits, \"-\" and \"_\"", where: isParameterName),
                required: true, "What it is called in $(name)."
            ) { $0.name = $1 },
            Field("type", Shape<ParameterType>.choice, default: "string", "What it may be.") { $0.type = $1 },
            Field("default", .value, "What it is where a sandbox does not say.") { $0.standard = $1 },
            Field("required", .boolean, default: "true without a default", "Whether a sandbox must say it.") {
                $0.isRequired = $1
            },
        ]
    ) { parameter, node, reader in
        if parameter.isRequired, parameter.standard != nil {
            reader.report(node.mark, "exclusive", "a required parameter needs no default; remove one of the two")
        }
        if let standard = parameter.standard, !parameter.type.allows(standard) {
            reader.report(
                node.mark, "type", "default \(quoted(standard)) is not \(parameter.type.words); write one")
        }
        if parameter.standard == nil { parameter.isRequired = true }
    }

    @Sendable private static func isParameterName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// The names under `parameters`, read before anything else so that `$(…)` can be checked on the way.
    static func parameterNames(of spec: Node?) -> Set<String> {
        guard case .sequence(let items)? = spec?["parameters"]?.content else { return [] }
        return Set(items.compactMap { $0["name"]?.scalar })
    }
}

extension TemplateSpec.ParameterType {
    func allows(_ text: String) -> Bool {
        switch self {
        case .string: true
        case .integer: Int(text).map(String.init) == text
        case .boolean: text == "true" || text == "false"
        }
    }

    var words: String {
        switch self {
        case .string: "a text"
        case .integer: "a whole number"
        case .boolean: "true or false"
        }
    }
}
