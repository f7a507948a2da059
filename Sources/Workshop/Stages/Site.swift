internal import Glibc
internal import Logging
internal import Model
internal import Reconciler

/// Where one attempt at one stage works: it alone, until it ends.
struct Site: Sendable {
    let piece: Workpiece
    let folder: PieceFolder
    let log: LogWriter
    let operation: String
}

extension Workshop {
    /// Somebody who works on a workpiece is waited for so long: longer than its build may take.
    private static let patience = Duration.seconds(3600)
    private static let lockRhythm = Duration.milliseconds(20)

    /// Works on a workpiece, alone, and tells of it in its log. `isDone` is asked when it is our turn: whoever had it
    /// before may have done it all.
    func attempt(
        _ stage: Recipe.Stage, of piece: Workpiece, isDone: (PieceFolder) async -> Bool,
        _ work: (Site) async throws(HostError) -> Void
    ) async throws(HostError) {
        let operation = "\(stage.rawValue) \(piece.repository.name) \(piece.title)"
        let folder = PieceFolder(piece.id, in: settings)
        try prepareFolders(for: operation)
        try folder.makeRoot(for: operation)
        let lock = try await hold(folder, for: operation)
        defer { withExtendedLifetime(lock) {} }
        // Whoever had it before may have discarded it.
        try folder.make(for: operation)
        if await isDone(folder) { return }
        let log = try LogWriter(LogFiles(of: piece.id, in: settings.logs), now: now, for: operation)
        let began = now()
        log.line("-- \(operation) (attempt at \(began.iso))")
        do throws(HostError) {
            try await endRemains(of: folder, for: operation)
            try await work(Site(piece: piece, folder: folder, log: log, operation: operation))
        } catch {
            log.line("-- failed: \(error.message)")
            throw error
        }
        let took = Duration.milliseconds(max(0, now().milliseconds - began.milliseconds))
        log.line("-- completed in \(took.seconds) s")
    }

    /// Ends what a killed workshop left running of a build.
    func endRemains(of folder: PieceFolder, for operation: String) async throws(HostError) {
        guard Folders.exists(folder.traceFile) || Folders.exists(folder.scratch) else { return }
        let isGone = await onOwnThread { _ in Workshop.endProcesses(of: folder) }
        guard isGone else {
            throw HostError(operation, .unreachable, "a process of an earlier build does not end")
        }
    }

    /// Ends, once, the builds that a killed workshop left running: nobody else would, where their commits are not wanted
    /// any more. Who only looks ends nothing.
    func endAllRemains() async {
        guard settings.notesUse, !hasEndedRemains else { return }
        hasEndedRemains = true
        for folder in PieceFolder.all(in: settings) {
            let operation = "end what is left of \(folder.id)"
            do throws(HostError) {
                guard Folders.exists(folder.traceFile) || Folders.exists(folder.scratch),
                    let lock = try FileLock(folder.lockFile, for: operation)
                else { continue }
                try await endRemains(of: folder, for: operation)
                withExtendedLifetime(lock) {}
            } catch {
                logger.warning("A build is left over", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Whether nobody is left.
    private static func endProcesses(of folder: PieceFolder) -> Bool {
        let text = DurableFile(path: folder.traceFile).read().map { String(decoding: $0, as: UTF8.self) }
        let session = text.flatMap { ProcessTable.Trace(text: $0) }?.living
        guard ProcessTable(session: session, mark: folder.mark, group: folder.group).kill() else { return false }
        unlink(folder.traceFile)
        return true
    }

    /// The mirrors are for us alone; builds pass through to their trees.
    private func prepareFolders(for operation: String) throws(HostError) {
        try Folders.make(settings.folder, Folders.passage, for: operation)
        try Folders.make(settings.logs, Folders.closed, for: operation)
    }

    func hold(_ folder: PieceFolder, for operation: String) async throws(HostError) -> FileLock {
        let end = ContinuousClock.now.advanced(by: Self.patience)
        repeat {
            if let lock = try FileLock(folder.lockFile, for: operation) { return lock }
            await pause(Self.lockRhythm)
            if Task.isCancelled { throw HostError(operation, .unreachable, "it was given up") }
        } while ContinuousClock.now < end
        throw HostError(operation, .stale, "somebody else works on \(folder.id)")
    }

    /// The note of a site's workpiece in another state; who asked first is kept.
    func write(_ state: PieceNote.State, _ site: Site, as uid: ResourceUID? = nil) throws(HostError) {
        let known = site.folder.note?.uid
        try site.folder.write(PieceNote(site.piece, uid: uid ?? known, state: state), for: site.operation)
    }

    /// Remembers that a stage failed, so that it is not done again in the same world.
    func remember(_ message: String, of stage: Recipe.Stage, _ site: Site) throws(HostError) -> HostError {
        try write(.failed(stage, message: message), site)
        return HostError(site.operation, .refused, message)
    }
}

extension HostError {
    init(_ operation: String, _ error: SourceError) {
        let failure: HostFailure =
            switch error.failure {
            case .unreachable: .unreachable
            case .missing, .refused: .refused
            }
        self.init(operation, failure, error.message)
    }
}
