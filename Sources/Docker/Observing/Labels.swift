internal import Model

/// The labels by which Berth knows its own (`design.md` §5), written and read in one place.
struct Labels: Sendable {
    let installation: InstallationID

    private enum Key {
        static let owner = "berth.owner"
        static let sandbox = "berth.sandbox"
        static let service = "berth.service"
        static let uid = "berth.uid"
        static let digest = "berth.digest"
        static let plain = "berth.plain"
        static let secret = "berth.secret"
        static let secretFiles = "berth.secretfiles"
    }

    func container(_ draft: ContainerDraft, as uid: ResourceUID) -> [String: String] {
        var plain: [String] = []
        var secret: [String] = []
        for (name, value) in draft.spec.environment.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .plain: plain.append(name)
            case .secret: secret.append(name)
            }
        }
        return [
            Key.owner: installation.text, Key.sandbox: draft.sandbox.text, Key.service: draft.service.text,
            Key.uid: uid.text, Key.digest: draft.digest.text, Key.plain: plain.joined(separator: ","),
            Key.secret: secret.joined(separator: ","),
            Key.secretFiles: draft.spec.files.contains(where: \.isSecret) ? "yes" : Self.none,
        ]
    }

    func network(_ draft: NetworkDraft, as uid: ResourceUID) -> [String: String] {
        [Key.owner: installation.text, Key.sandbox: draft.sandbox.text, Key.uid: uid.text]
    }

    enum Kind { case container, network }

    /// Labels of ours that do not parse were not written by us: the thing is foreign.
    func ownership(_ labels: [String: String]?, of kind: Kind) -> Ownership {
        guard let labels, let owner = labels[Key.owner], !owner.isEmpty else { return .foreign }
        guard owner == installation.text else { return .theirs(InstallationID(owner)) }
        guard let uid = labels[Key.uid], !uid.isEmpty, let sandbox = labels[Key.sandbox] else { return .foreign }
        do throws(InvalidName) {
            let service: ServiceName?
            switch kind {
            case .network: service = nil
            case .container:
                guard let name = labels[Key.service] else { return .foreign }
                service = try ServiceName(name)
            }
            return .ours(
                Ownership.Mark(
                    sandbox: try SandboxName(sandbox), service: service, uid: ResourceUID(uid),
                    digest: labels[Key.digest].map(Digest.init(text:))))
        } catch {
            return .foreign
        }
    }

    private static let none = "no"

    /// Whether files with secrets may be in it. Only our own word that there are none says no: the content of a file
    /// cannot be read back, so that nothing it repeats could be blotted out.
    static func mayHaveSecretFiles(_ labels: [String: String]?) -> Bool { labels?[Key.secretFiles] != none }

    /// The names of the variables that we set, by what they are.
    static func variables(_ labels: [String: String]?) -> (plain: Set<String>, secret: Set<String>) {
        func names(_ key: String) -> Set<String> {
            Set((labels?[key] ?? "").split(separator: ",").map(String.init))
        }
        return (names(Key.plain), names(Key.secret))
    }
}

extension FileSpec {
    fileprivate var isSecret: Bool {
        switch content {
        case .secret: true
        case .text: false
        }
    }
}
