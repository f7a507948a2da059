internal import Glibc
package import Model
package import Reconciler

/// The failures that a node remembers, for `berth retry`. It needs no daemon, and does not disturb one.
package struct Failures: Sendable {
    /// A workpiece that is not made again by itself.
    package struct Failure: Hashable, Sendable {
        package let piece: Workpiece.ID
        package let repository: RepositoryName
        package let reference: String
        package let commit: CommitID
        package let stage: Recipe.Stage
        package let message: String
    }

    private let settings: Workshop.Settings

    /// Only the folders of `settings` matter.
    package init(_ settings: Workshop.Settings) { self.settings = settings }

    /// In order of workpiece.
    package func all() -> [Failure] {
        PieceFolder.all(in: settings).compactMap { folder in
            guard let note = folder.note, case .failed(let stage, let message) = note.state else { return nil }
            return Failure(
                piece: folder.id, repository: note.repository, reference: note.reference, commit: note.commit,
                stage: stage, message: message)
        }
    }

    /// Lets a workpiece be tried again. Whether there was a failure to forget.
    package func forget(_ piece: Workpiece.ID) throws(HostError) -> Bool {
        let operation = "retry \(piece)"
        let folder = PieceFolder(piece, in: settings)
        for _ in 0..<Self.mostAttempts {
            guard case .failed? = folder.note?.state else { return false }
            guard let lock = try FileLock(folder.lockFile, for: operation) else {
                // Somebody who only looks at the lock is gone in a moment.
                poll(nil, 0, Self.pauseMillis)
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            guard var note = folder.note, case .failed = note.state else { return false }
            note.state = .begun
            try folder.write(note, for: operation)
            return true
        }
        return false
    }

    private static let mostAttempts = 50
    private static let pauseMillis: Int32 = 10
}
