internal import Foundation
internal import Model

/// What a workshop writes down of a workpiece, so that it is known after a restart.
struct PieceNote: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case begun
        /// Its files are there and nothing has run in them.
        case checkedOut
        case made
        case failed(Recipe.Stage, message: String)

        var isUnfinished: Bool {
            switch self {
            case .begun, .checkedOut: true
            case .made, .failed: false
            }
        }
    }

    let repository: RepositoryName
    let reference: String
    let commit: CommitID
    let image: ImageReference?
    var uid: ResourceUID?
    var state: State

    init(_ piece: Workpiece, uid: ResourceUID?, state: State) {
        repository = piece.repository.name
        reference = piece.reference
        commit = piece.commit
        image = piece.image
        self.uid = uid
        self.state = state
    }
}

extension PieceNote {
    /// The note as it is on disk.
    private struct Form: Codable {
        var version = 1
        var repository: String
        var reference: String
        var commit: String
        var image: String?
        var uid: String?
        var state: String
        var stage: String?
        var message: String?
    }

    /// `nil` for what we did not write.
    init?(reading bytes: [UInt8]) {
        guard let form = try? JSONDecoder().decode(Form.self, from: Data(bytes)),  // SAFE: then it is no note of ours
            let repository = try? RepositoryName(form.repository),  // SAFE: then it is no note of ours
            let commit = CommitID(form.commit), let state = State(form.state, form.stage, form.message ?? "")
        else { return nil }
        self.repository = repository
        self.commit = commit
        self.state = state
        reference = form.reference
        image = form.image.flatMap { ImageReference($0) }
        uid = form.uid.map { ResourceUID($0) }
    }

    var bytes: [UInt8] {
        var form = Form(
            repository: repository.text, reference: reference, commit: commit.text, image: image?.text, uid: uid?.text,
            state: state.word)
        if case .failed(let stage, let message) = state { (form.stage, form.message) = (stage.rawValue, message) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(form) else {  // SAFE: texts and numbers are always JSON
            preconditionFailure("a note of texts can be written as JSON")
        }
        return Array(data)
    }
}

extension PieceNote.State {
    fileprivate init?(_ word: String, _ stage: String?, _ message: String) {
        switch (word, stage.flatMap(Recipe.Stage.init)) {
        case ("begun", _): self = .begun
        case ("checked out", _): self = .checkedOut
        case ("made", _): self = .made
        case ("failed", let stage?): self = .failed(stage, message: message)
        case (_, _): return nil
        }
    }

    fileprivate var word: String {
        switch self {
        case .begun: "begun"
        case .checkedOut: "checked out"
        case .made: "made"
        case .failed: "failed"
        }
    }
}

extension ObservedWorkpiece {
    init(_ note: PieceNote, idleMillis: Int64) {
        let condition: Condition =
            switch note.state {
            case .begun, .checkedOut: .unfinished
            case .made: .ready
            case .failed(let stage, let message): .failed(stage, message: message)
            }
        self.init(
            condition: condition, repository: note.repository, commit: note.commit, image: note.image,
            idleMillis: idleMillis, uid: note.uid)
    }
}
