/// What a node's workshop says: the answers of repositories, and what has been made.
package struct ObservedWorkshop: Hashable, Sendable {
    /// The folder of all its workpieces, absolute; empty where a node has no workshop.
    package var root: String
    /// What each reference that was asked about leads to.
    package var readings: [CodeReference: CodeReading]
    package var pieces: [Workpiece.ID: ObservedWorkpiece]
    /// The images that a Dockerfile builds on, for those whose commit is here already.
    package var bases: [Workpiece.ID: Set<ImageReference>]

    package init(
        root: String = "", readings: [CodeReference: CodeReading] = [:],
        pieces: [Workpiece.ID: ObservedWorkpiece] = [:], bases: [Workpiece.ID: Set<ImageReference>] = [:]
    ) {
        self.root = root
        self.readings = readings
        self.pieces = pieces
        self.bases = bases
    }

    /// What is mounted of a workpiece that is made of files.
    package func folder(of piece: Workpiece) -> String {
        let tree = "\(root)/\(piece.id)/\(Self.tree)"
        return piece.repository.subPath.isEmpty ? tree : "\(tree)/\(piece.repository.subPath)"
    }

    /// The name of a workpiece's folder of files.
    package static let tree = "tree"
}

/// A workpiece that a workshop knows of.
package struct ObservedWorkpiece: Hashable, Sendable {
    package enum Condition: Hashable, Sendable {
        /// Made; a container may use it.
        case ready
        /// Begun and not ended: made now, or left by a crash.
        case unfinished
        /// It failed, and would fail again: it waits for `berth retry`, or for another commit or recipe.
        case failed(Recipe.Stage, message: String)
    }

    package var condition: Condition
    package var repository: RepositoryName
    package var commit: CommitID
    /// What it became, where that is an image.
    package var image: ImageReference?
    /// How long ago anybody asked about it.
    package var idleMillis: Int64
    package var uid: ResourceUID?

    package init(
        condition: Condition, repository: RepositoryName, commit: CommitID, image: ImageReference? = nil,
        idleMillis: Int64 = 0, uid: ResourceUID? = nil
    ) {
        self.condition = condition
        self.repository = repository
        self.commit = commit
        self.image = image
        self.idleMillis = idleMillis
        self.uid = uid
    }
}
