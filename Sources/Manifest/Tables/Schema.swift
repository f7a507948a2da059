/// What a value may be, as data: the JSON schemas and the tests are made of it.
indirect enum Schema: Sendable {
    /// A text. `pattern` is a regular expression of ECMA 262; the decoder may be stricter.
    case text(pattern: String? = nil)
    /// A text that may also be written as a number, such as `cpu: 1`.
    case quantity(pattern: String)
    /// Any text; a number or `true` counts as the text it is written as.
    case anyText
    case integer(ClosedRange<Int>)
    case boolean
    case choice([String])
    case list(Schema, atLeast: Int = 0)
    /// Keys of the author's own choosing. `mayBeEmpty`: a value may be left out after the colon.
    case map(Schema, mayBeEmpty: Bool = false)
    case record(RecordSchema)
    case either([Schema])
    /// A value in which `$(name)` stands for a parameter.
    case parameterised(Schema)
}

/// A mapping with known keys.
struct RecordSchema: Sendable {
    /// Its name among the definitions of a JSON schema.
    let title: String
    let fields: [FieldSchema]
}

struct FieldSchema: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool
    /// One sentence for editors and the reference.
    let doc: String
    /// What holds where the key is absent, in words.
    let standard: String?
}
