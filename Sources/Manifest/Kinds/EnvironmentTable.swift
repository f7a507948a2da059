internal import Model

/// Variables, secrets and files for containers.
struct EnvironmentSpec: Sendable {
    enum Scope: String, CaseIterable, Sendable { case runtime, global }

    struct Variable: Sendable {
        var name = ""
        var value = ""
    }
    /// A variable whose value may be the address of a service.
    struct SharedVariable: Sendable {
        enum Value: Sendable {
            case text(String)
            case route(Reference)
        }
        var name = ""
        var values: [Value] = []
    }
    struct SecretVariable: Sendable {
        var name = ""
        var secret = SecretRefSpec()
    }
    struct File: Sendable {
        enum Source: Sendable {
            case text(String)
            case repository(Located<String>)
            case secret(SecretRefSpec)
        }
        var path = ""
        var sources: [Source] = []
        var mode: UInt16 = 0o444
    }

    var extends: [Reference] = []
    var variables: [Located<SharedVariable>] = []
    var secrets: [Located<SecretVariable>] = []
    var files: [Located<File>] = []
}

extension EnvironmentSpec {
    static let table = KindTable(
        .environment, "Variables, secrets and files that services have in common.", EnvironmentSpec(),
        [
            Field("extends", Shape<Reference>.reference.list(), "Environments that hold where this one says nothing.") {
                $0.extends = $1
            },
            Field("variables", sharedVariable.located.list(), "Plain values, and addresses of services.") {
                $0.variables = $1
            },
            Field("secrets", secret.located.list(), "Values that are kept outside git.") { $0.secrets = $1 },
            Field("files", file.located.list(), "Files put into the container.") { $0.files = $1 },
        ],
        check: { environment, _, reader in
            Self.rejectTwins(
                environment.variables.map { ($0.value.name, $0.mark) }
                    + environment.secrets.map { ($0.value.name, $0.mark) }, "variable", &reader)
            Self.rejectTwins(environment.files.map { ($0.value.path, $0.mark) }, "file", &reader)
        },
        wrap: Spec.environment)

    static func rejectTwins(_ names: [(String, Mark)], _ noun: String, _ reader: inout Reader) {
        var seen: [String: Mark] = [:]
        for (name, mark) in names {
            if let first = seen[name] {
                reader.report(
                    mark, "duplicate-name",
                    "\(noun) \(quoted(name)) is here a second time, first at line \(first.line); remove one of them")
            } else {
                seen[name] = mark
            }
        }
    }

    /// An entry of a sandbox's `env`.
    static let variable = Shape<Variable>.record(
        "variable", Variable(),
        [
            Field("name", .variableName, required: true, "The variable.") { $0.name = $1 },
            Field("value", .value, required: true, "Its value.") { $0.value = $1 },
            Field("scope", Shape<Scope>.choice, default: "runtime", scopeDoc) { _, _ in },
        ], instead: ["valueFrom": "it belongs to the variables of an environment"])

    private static let scopeDoc = "When it holds; both mean in the container."

    private static let sharedVariable = Shape<SharedVariable>.record(
        "sharedVariable", SharedVariable(),
        [
            Field("name", .variableName, required: true, "The variable.") { $0.name = $1 },
            Field("value", .value, "Its value.") { $0.values.append(.text($1)) },
            Field("valueFrom", valueFrom, "What its value is worked out from, for each sandbox.") {
                $0.values.append(.route($1))
            },
            Field("scope", Shape<Scope>.choice, default: "runtime", scopeDoc) { _, _ in },
        ]
    ) { variable, node, reader in
        if (node["value"] == nil) == (node["valueFrom"] == nil) {
            reader.report(
                node.mark, "exclusive", "a variable has one value; write exactly one of \"value\" and \"valueFrom\"")
        }
    }

    private static let valueFrom = Shape<Reference?>.record(
        "valueFrom", nil, [Field("route", route, required: true, "The address of a service.") { $0 = $1 }]
    ).unwrapped()

    private static let route = Shape<Reference?>.record(
        "valueFromRoute", nil,
        [
            Field(
                "service", .reference, required: true,
                "The service: its container in the sandbox, else what the sandbox borrows, as the sandbox's machine "
                    + "reaches it: http or https, host and port, for a grpc port too. The value is fixed when the container "
                    + "is made: where a commit sends the service elsewhere, the container is replaced."
            ) { $0 = $1 }
        ]
    ).unwrapped()

    private static let secret = Shape<SecretVariable>.record(
        "secret", SecretVariable(),
        [
            Field("name", .variableName, required: true, "The variable.") { $0.name = $1 },
            Field("secretRef", SecretRefSpec.shape, required: true, "Where its value is kept.") { $0.secret = $1 },
        ])

    private static let file = Shape<File>.record(
        "file", File(),
        [
            Field("path", .absolutePath, required: true, "Where it is in the container.") { $0.path = $1 },
            Field("content", .text, "The text of it.") { $0.sources.append(.text($1)) },
            Field(
                "contentFrom", Shape<String>.repositoryPath.located, "The file of this repository that holds its text."
            ) {
                $0.sources.append(.repository($1))
            },
            Field("secretRef", SecretRefSpec.shape, "Where its text is kept, outside git.") {
                $0.sources.append(.secret($1))
            },
            Field("mode", .mode, default: "0444", "Its permissions, octal.") { $0.mode = $1 },
        ]
    ) { file, node, reader in
        if file.sources.count != 1 {
            reader.report(
                node.mark, "exclusive",
                "a file has one source; write exactly one of \"content\", \"contentFrom\" and \"secretRef\"")
        }
    }
}

extension Shape where Value == String {
    /// The value of a variable: any text without the NUL that no environment can hold.
    static var value: Shape {
        Shape(.anyText) { node, reader in
            guard let (text, _) = reader.scalar(node, wanted: "a text (\"\" for an empty one)") else { return nil }
            if text.utf8.contains(0) {
                reader.report(node.mark, "value", "a variable cannot hold the character NUL; remove it")
                return nil
            }
            return text
        }
    }
}

extension Shape where Value == UInt16 {
    fileprivate static var mode: Shape {
        .parsed(.quantity(pattern: "^0?[0-7]{3}$"), "a file mode; write three octal digits, such as \"0440\"") { text in
            guard (3...4).contains(text.utf8.count), text.utf8.count == 3 || text.hasPrefix("0") else { return nil }
            return UInt16(text, radix: 8)
        }
    }
}
