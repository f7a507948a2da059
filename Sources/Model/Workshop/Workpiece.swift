/// One commit of one repository under one recipe: made once on a node, however many containers use it.
package struct Workpiece: Hashable, Sendable {
    /// `account-4be1c2d9f0a1-1f2e3d4c`: repository, commit and recipe, as folders, logs and people name it.
    package struct ID: Hashable, Sendable, Comparable, CustomStringConvertible {
        package let text: String

        /// `nil` for what cannot be the name of a folder of ours.
        package init?(_ text: String) {
            guard (1...ID.longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
            self.text = text
        }

        fileprivate init(_ repository: RepositoryName, _ commit: CommitID, _ digest: Digest) {
            text = "\(repository)-\(commit.text.prefix(12))-\(digest.text.prefix(8))"
        }

        package static let longest = 96
        package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
        package var description: String { text }

        private static func isAllowed(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }

    package let repository: CodeRepository
    /// What it is made for: the branch, tag or commit that led to it.
    package let reference: String
    package let commit: CommitID
    package let recipe: Recipe

    package init(repository: CodeRepository, reference: String, commit: CommitID, recipe: Recipe) {
        self.repository = repository
        self.reference = reference
        self.commit = commit
        self.recipe = recipe
    }

    package var id: ID {
        let parts = [recipe.digest.text, repository.subPath]
        return ID(repository.name, commit, Digest(of: parts.joined(separator: "\n")))
    }

    /// The image it becomes, where its recipe makes one. The registry of the name does not exist: what is lost is made
    /// again, and never looked for elsewhere.
    package var image: ImageReference? {
        guard case .image = recipe else { return nil }
        let tail = id.text.dropFirst(repository.name.text.count + 1)
        guard let image = ImageReference("\(Self.registry)/\(repository.name):\(tail)") else {
            preconditionFailure("a slug and hex digits are an image reference")
        }
        return image
    }

    package static let registry = "berth.local"

    /// `feature/login-error @ 4be1c2d`, or `commit 4be1c2d` where that is what somebody asked for.
    package var title: String {
        CommitID(reference) == nil ? "\(reference) @ \(commit.short)" : "commit \(commit.short)"
    }
}

/// How the content of a container comes about: what it follows, and what is done with that.
package struct Making: Hashable, Sendable {
    package var repository: CodeRepository
    /// A branch, a tag, or a whole commit id.
    package var reference: String
    package var recipe: Recipe

    package init(repository: CodeRepository, reference: String, recipe: Recipe) {
        self.repository = repository
        self.reference = reference
        self.recipe = recipe
    }

    package var code: CodeReference { CodeReference(repository.name, reference) }

    package func workpiece(at commit: CommitID) -> Workpiece {
        Workpiece(repository: repository, reference: reference, commit: commit, recipe: recipe)
    }

    /// `spec` with what one workpiece brings: its image, or its files mounted read-only.
    package func fitted(_ spec: ContainerSpec, with piece: Workpiece, in workshop: ObservedWorkshop) -> ContainerSpec {
        var spec = spec
        switch recipe {
        case .image:
            if let image = piece.image { spec.image = image }
        case .worktree(_, let target):
            spec.mounts.append(Mount(source: workshop.folder(of: piece), target: target, isReadOnly: true))
        }
        return spec
    }
}

/// A folder of the node that a container sees.
package struct Mount: Hashable, Sendable {
    /// Absolute, on the node.
    package let source: String
    /// Absolute, in the container.
    package let target: String
    package let isReadOnly: Bool

    package init(source: String, target: String, isReadOnly: Bool) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}
