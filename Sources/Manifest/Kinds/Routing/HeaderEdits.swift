internal import Model

/// Headers that a rule changes, each with its place: a gateway may need one of them itself.
struct HeaderEdits: Sendable {
    /// Names in lower case.
    var set: [Named<String>] = []
    var remove: [Located<String>] = []

    var changes: HeaderChanges {
        HeaderChanges(
            set: Dictionary(self.set.map { ($0.name, $0.value) }) { first, _ in first },
            remove: Set(remove.map(\.value)))
    }

    var names: [Located<String>] { self.set.map { Located(value: $0.name, mark: $0.mark) } + self.remove }

    static let shape = Shape<HeaderEdits>.record(
        "headerEdits", HeaderEdits(),
        [
            Field("set", values, "Headers and what they are from then on.") { $0.set = $1 },
            Field(
                "remove", Shape<String>.freeHeaderName.located.list(atMost: RouteLimits.conditions),
                "Headers that are taken out, before others are set."
            ) { $0.remove = $1 },
        ])

    private static let values = headers(.headerValue, .freeHeaderName, most: RouteLimits.conditions)

    /// Headers by name; the names come out in lower case.
    static func headers(_ value: Shape<String>, _ name: Shape<String>, most: Int) -> Shape<[Named<String>]> {
        Shape(value.keyed().schema) { node, reader in
            guard let entries = value.keyed().read(node, &reader) else { return nil }
            if entries.count > most {
                reader.report(node.mark, "limit", "\(entries.count) headers, and \(most) is the limit; remove some")
                return nil
            }
            let named = entries.compactMap { entry in
                let key = Node(mark: entry.mark, content: .scalar(entry.name, isPlain: false))
                return name.literal.read(key, &reader).map { Named(name: $0, mark: entry.mark, value: entry.value) }
            }
            EnvironmentSpec.rejectTwins(named.map { ($0.name, $0.mark) }, "header", &reader)
            return named
        }
    }
}

extension Shape where Value == String {
    static var headerValue: Shape {
        .value("a header's value", most: RouteLimits.valueBytes) { (0x20...0x7e).contains($0) }
    }

    /// A text of certain bytes. `what` is the thing it is: `a cookie's value`.
    static func value(
        _ what: String, most: Int, remedy: String = "write printable ASCII characters only",
        where isAllowed: @escaping @Sendable (UInt8) -> Bool
    ) -> Shape {
        Shape(.anyText) { node, reader in
            guard let (text, _) = reader.scalar(node, wanted: "\(what) (\"\" for an empty one)") else { return nil }
            guard text.utf8.count <= most else {
                reader.report(
                    node.mark, "limit", "\(what) of \(text.utf8.count) bytes, and \(most) is the limit; shorten it")
                return nil
            }
            guard text.utf8.allSatisfy(isAllowed) else {
                // Not repeated: it may hold a line break.
                reader.report(
                    node.mark, "value", "\(what) holds a character that it cannot hold; \(remedy)")
                return nil
            }
            return text
        }
    }
}
