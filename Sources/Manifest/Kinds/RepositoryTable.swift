internal import Model

/// Where the source of services is kept.
struct RepositorySpec: Sendable {
    struct Credential: Sendable {
        var secret = SecretRefSpec()
        var user: String?
        var hostKey: Located<String>?
    }

    var address: CodeAddress?
    var folder: Located<String>?
    var node: Reference?
    var defaultBranch: String?
    var subPath = ""
    var credential: Located<Credential>?
}

extension RepositorySpec {
    static let table = KindTable(
        .repository, "The source of services, in git.", RepositorySpec(),
        [
            Field("url", .codeAddress, "Where it is fetched from; without it \"path\" is.") { $0.address = $1 },
            Field(
                "path", Shape<String>.absolutePath.located,
                "A folder of the node: a clone, bare or with its files. Beside \"url\" it has no effect."
            ) { $0.folder = $1 },
            Field("node", .reference, default: "any node", "The only machine that can reach it.") { $0.node = $1 },
            Field("defaultBranch", .branch, default: "main", "The branch where a sandbox names none.") {
                $0.defaultBranch = $1
            },
            Field("subPath", subPath, default: "all of it", "The folder that is built and mounted.") {
                $0.subPath = $1
            },
            Field("credentialRef", Credential.shape.located, "How one logs in; the secret is kept outside git.") {
                $0.credential = $1
            },
        ],
        check: { repository, node, reader in
            if repository.address == nil, repository.folder == nil {
                reader.report(
                    node.mark, "missing-key",
                    "a repository needs an address; write \"url\", or \"path\" for a folder of the node")
            }
            repository.credential?.value.check(against: repository.address, node["credentialRef"], &reader)
        },
        wrap: Spec.repository)

    private static let subPath = Shape<String>(Shape<String>.folder.schema) { node, reader in
        if case .scalar("", isPlain: false) = node.content { return "" }
        return Shape<String>.folder.read(node, &reader)
    }
}

extension RepositorySpec.Credential {
    static let shape = Shape<Self>(record.schema) { node, reader in
        if node.scalar != nil || (node["provider"] == nil && node["name"] != nil) {
            reader.report(
                node.mark, "credential",
                "nothing that is kept in git holds a password, so it cannot be found by a name alone; "
                    + "write {provider: file, path: /…} or {provider: env, name: …}")
            return nil
        }
        return record.read(node, &reader)
    }

    private static let record = Shape<Self>.record(
        "credentialRef", Self(),
        SecretRefSpec.fields.map { $0.lifted { outer, change in change(&outer.secret) } } + [
            Field("user", user, default: "the one of the url", "Who logs in.") { $0.user = $1 },
            Field(
                "hostKey", hostKey.located, default: "the first key that is seen",
                "The fingerprint of an ssh server's key."
            ) { $0.hostKey = $1 },
        ]
    ) { credential, node, reader in credential.secret.check(node, &reader) }

    private static let user = Shape<String>.text(
        "a user name; write it without white space and \":\"", pattern: "^[^\\s:-][^\\s:]*$"
    ) { user in
        (1...128).contains(user.utf8.count) && user.utf8.first != UInt8(ascii: "-")
            && user.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ":") }
    }

    private static let hostKey = Shape<String>.text(
        "a key's fingerprint; write SHA256:… as ssh-keygen -lf prints it", pattern: "^SHA256:[A-Za-z0-9+/]{43}$"
    ) { text in
        text.hasPrefix("SHA256:") && text.utf8.count == 50
            && text.utf8.dropFirst(7).allSatisfy { byte in
                (Paths.isLetter(byte) && byte != UInt8(ascii: "_")) || (48...57).contains(byte)
                    || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
            }
    }

    fileprivate func check(against address: CodeAddress?, _ node: Node?, _ reader: inout Reader) {
        guard let mark = node?.mark else { return }
        guard let address else {
            reader.report(mark, "exclusive", "a folder of the node needs no login; remove \"credentialRef\"")
            return
        }
        switch address.scheme {
        case .file: reader.report(mark, "exclusive", "a folder needs no login; remove \"credentialRef\"")
        case .git:
            reader.report(
                mark, "exclusive", "git:// knows no login; remove \"credentialRef\", or write an https or ssh address")
        case .https, .http:
            if let hostKey {
                reader.report(hostKey.mark, "exclusive", "\"hostKey\" belongs to an ssh address; remove it")
            }
        case .ssh: break
        }
        if let user, let other = address.user, user != other {
            reader.report(
                mark, "exclusive",
                "the url logs in as \(quoted(other)) and \"credentialRef\" as \(quoted(user)); keep one of them")
        }
    }

    var credential: CodeRepository.Credential? {
        secret.reference.map { CodeRepository.Credential(user: user, secret: $0, hostKey: hostKey?.value) }
    }
}
