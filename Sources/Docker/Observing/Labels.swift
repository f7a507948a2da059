internal import Model
internal import Reconciler

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
        static let piece = "berth.piece"
        static let commit = "berth.commit"
        static let added = "berth.labels"
    }

    /// Those of labels that begin so are ours, and nobody else gives them.
    static let prefix = "berth."

    /// Ours, and those that the container is to have for programs beside us.
    func container(_ draft: ContainerDraft, as uid: ResourceUID) -> [String: String] {
        var plain: [String] = []
        var secret: [String] = []
        for (name, value) in draft.spec.environment.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .plain: plain.append(name)
            case .secret: secret.append(name)
            }
        }
        var labels = [
            Key.owner: installation.text, Key.sandbox: draft.sandbox.text, Key.service: draft.service.text,
            Key.uid: uid.text, Key.digest: draft.digest.text, Key.plain: plain.joined(separator: ","),
            Key.secret: secret.joined(separator: ","),
            Key.secretFiles: draft.spec.files.contains(where: \.isSecret) ? "yes" : Self.none,
        ]
        if let origin = draft.origin {
            labels[Key.piece] = origin.piece.text
            labels[Key.commit] = origin.commit.text
        }
        labels[Key.added] = draft.spec.labels.keys.sorted().joined(separator: ",")
        return labels.merging(draft.spec.labels) { ours, _ in ours }
    }

    /// A container takes over its image's labels, so an image has neither a sandbox nor a uid: what a stranger makes of
    /// it stays a stranger's.
    func image(_ order: ImageOrder) -> [String: String] {
        [Key.owner: installation.text, Key.piece: order.piece.text]
    }

    /// The other installation that an image belongs to, where it does.
    func otherOwner(ofImage labels: [String: String]?) -> InstallationID? {
        guard let owner = labels?[Key.owner], owner != installation.text else { return nil }
        return InstallationID(owner)
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
                    digest: labels[Key.digest].map(Digest.init(text:)), origin: origin(labels)))
        } catch {
            return .foreign
        }
    }

    /// Both labels or none: one alone came from the image.
    private func origin(_ labels: [String: String]) -> ContainerDraft.Origin? {
        guard let piece = labels[Key.piece].flatMap(Workpiece.ID.init),
            let commit = labels[Key.commit].flatMap(CommitID.init)
        else { return nil }
        return ContainerDraft.Origin(piece: piece, commit: commit)
    }

    private static let none = "no"

    /// Whether files with secrets may be in it. Only our own word that there are none says no: the content of a file
    /// cannot be read back, so that nothing it repeats could be blotted out.
    static func mayHaveSecretFiles(_ labels: [String: String]?) -> Bool { labels?[Key.secretFiles] != none }

    /// The names of the variables that we set, by what they are.
    static func variables(_ labels: [String: String]?) -> (plain: Set<String>, secret: Set<String>) {
        (names(Key.plain, in: labels), names(Key.secret, in: labels))
    }

    /// The labels that we set for programs beside us; a container has its image's too, and those are not compared.
    static func added(_ labels: [String: String]?) -> [String: String] {
        let names = names(Key.added, in: labels)
        return (labels ?? [:]).filter { names.contains($0.key) }
    }

    private static func names(_ key: String, in labels: [String: String]?) -> Set<String> {
        Set((labels?[key] ?? "").split(separator: ",").map(String.init))
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
