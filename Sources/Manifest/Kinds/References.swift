internal import Model

/// The name of another manifest, and where it is named.
struct Reference: Hashable, Sendable {
    /// As written.
    let text: String
    /// As a slug.
    let name: String
    let mark: Mark
}

extension Shape where Value == Reference {
    static var reference: Shape {
        let name = Shape<String>.name
        return Shape(name.schema) { node, reader in
            guard let text = name.read(node, &reader), let slug = Slug.make(text) else { return nil }
            return Reference(text: text, name: slug, mark: node.mark)
        }
    }
}

extension Shape where Value == Reference {
    /// The name of a repository. An address is not repeated: it may hold a password.
    static var codeRepository: Shape {
        let reference = Shape.reference
        return Shape(reference.schema) { node, reader in
            guard let text = node.scalar, text.contains("://") || text.contains("@") else {
                return reference.read(node, &reader)
            }
            reader.report(
                node.mark, "value",
                "an address where a repository's name is needed; declare it as \"repository: NAME\" with \"url\", and "
                    + "write the name here")
            return nil
        }
    }
}

/// Where a secret's value is kept.
struct SecretRefSpec: Sendable {
    enum Provider: String, CaseIterable, Sendable {
        case file
        case environment = "env"
    }

    var provider = Provider.file
    var path: String?
    var name: String?

    static let shape = Shape<SecretRefSpec>.record("secretRef", SecretRefSpec(), fields) { secret, node, reader in
        secret.check(node, &reader)
    }

    /// Also keys of a login.
    static let fields: [Field<SecretRefSpec>] = [
        Field("provider", Shape<Provider>.choice, required: true, "Where the value is kept.") {
            $0.provider = $1
        },
        Field("path", .absolutePath, "The file on the node, for provider file.") { $0.path = $1 },
        Field("name", .variableName, "The variable of berth's own environment, for provider env.") {
            $0.name = $1
        },
    ]

    func check(_ node: Node, _ reader: inout Reader) {
        guard reference == nil else { return }
        let remedy = provider == .file ? "write {provider: file, path: /…}" : "write {provider: env, name: …}"
        reader.report(node.mark, "secret", "the secret's place does not fit its provider; \(remedy)")
    }

    var reference: SecretReference? {
        switch (provider, path, name) {
        case (.file, let path?, nil): .file(path)
        case (.environment, nil, let name?): .environment(name)
        case (.file, _, _), (.environment, _, _): nil
        }
    }
}

extension Shape where Value == String {
    static var absolutePath: Shape {
        .text("an absolute path without \"..\"; write it from / on", pattern: "^/") { path in
            path.utf8.first == UInt8(ascii: "/") && path.utf8.count > 1 && Paths.isStraight(path.dropFirst())
        }
    }

    /// A path inside the manifest repository, as git spells it.
    static var repositoryPath: Shape {
        .text(
            "a path inside this repository; write it from the repository's root, without \"..\"", pattern: "^[^/]",
            where: Paths.isStraight)
    }

    static var variableName: Shape {
        .text(
            "a variable's name; use letters, digits and \"_\", no digit first", pattern: "^[A-Za-z_][A-Za-z0-9_]*$"
        ) { name in
            name.utf8.first.map(Paths.isLetter) == true
                && name.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) }
        }
    }
}

enum Paths {
    /// Whether a path has no empty part, no `.`, no `..` and no control character: it cannot leave its root.
    static func isStraight(_ path: some StringProtocol) -> Bool {
        !path.isEmpty && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    static let hexDigits = Set("0123456789abcdefABCDEF".utf8)

    static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
