/// What a value may look like and how it becomes a `Value`: one description for the decoder and the schema.
struct Shape<Value>: Sendable {
    let schema: Schema
    /// `nil` where the node has another shape, which is reported, or where it waits for a template's parameter.
    let read: @Sendable (Node, inout Reader) -> Value?

    init(_ schema: Schema, _ read: @escaping @Sendable (Node, inout Reader) -> Value?) {
        self.schema = schema
        self.read = read
    }

    func map<Other>(_ convert: @escaping @Sendable (Value) -> Other) -> Shape<Other> {
        Shape<Other>(schema) { node, reader in read(node, &reader).map(convert) }
    }

    /// What a record of one required key holds.
    func unwrapped<Held>() -> Shape<Held> where Value == Held? {
        Shape<Held>(schema) { node, reader in read(node, &reader) ?? nil }
    }

    /// The value together with where it stands.
    var located: Shape<Located<Value>> {
        Shape<Located<Value>>(schema) { node, reader in
            read(node, &reader).map { Located(value: $0, mark: node.mark) }
        }
    }

    /// A value in which `$(` is nothing but two characters.
    var literal: Shape {
        Shape(schema) { node, reader in
            let parameters = reader.parameters
            reader.parameters = nil
            defer { reader.parameters = parameters }
            return read(node, &reader)
        }
    }
}

/// A value that remembers its place in the file.
struct Located<Value> {
    let value: Value
    let mark: Mark
}

extension Located: Sendable where Value: Sendable {}

// MARK: Collections

extension Shape {
    /// A list of such values.
    func list(atLeast least: Int = 0, atMost most: Int = .max) -> Shape<[Value]> {
        Shape<[Value]>(.list(schema, atLeast: least)) { node, reader in
            guard case .sequence(let nodes) = node.content else {
                reader.report(
                    node.mark, "type",
                    "\(node.noun) where a list is needed; write [one, two], or \"- \" before each item")
                return nil
            }
            if nodes.count < least {
                reader.report(node.mark, "empty", "the list is empty; write at least \(least) item")
                return nil
            }
            if nodes.count > most {
                reader.report(
                    node.mark, "limit", "the list has \(nodes.count) items, and \(most) is the limit; split it")
                return nil
            }
            return nodes.compactMap { read($0, &reader) }
        }
    }

    /// A mapping whose keys are the author's own, in the order written.
    func keyed(mayBeEmpty: Bool = false) -> Shape<[Named<Value>]> {
        Shape<[Named<Value>]>(.map(schema, mayBeEmpty: mayBeEmpty)) { node, reader in
            guard let entries = node.entries else {
                reader.report(node.mark, "type", "\(node.noun) where a mapping is needed; write \"name: value\" lines")
                return nil
            }
            return entries.compactMap { entry in
                let isEmpty = mayBeEmpty && entry.value.isEmpty
                let value = isEmpty ? Node(mark: entry.mark, content: .mapping([])) : entry.value
                return read(value, &reader).map { Named(name: entry.key, mark: entry.mark, value: $0) }
            }
        }
    }

    /// A text in one shape, anything else in another.
    static func text(_ text: Shape, or other: Shape) -> Shape {
        Shape(.either([text.schema, other.schema])) { node, reader in
            node.scalar == nil ? other.read(node, &reader) : text.read(node, &reader)
        }
    }

    /// A list in one shape, anything else in another.
    static func list(_ list: Shape, or other: Shape) -> Shape {
        Shape(.either([list.schema, other.schema])) { node, reader in
            if case .sequence = node.content { list.read(node, &reader) } else { other.read(node, &reader) }
        }
    }
}

/// One entry of a mapping whose keys are the author's own.
struct Named<Value> {
    let name: String
    let mark: Mark
    let value: Value
}

extension Named: Sendable where Value: Sendable {}
