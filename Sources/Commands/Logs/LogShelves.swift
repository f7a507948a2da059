internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

/// The logs of workpieces on a controller: those that were made here, and the copies of those that agents make.
struct LogShelves: Sendable {
    private static let rhythm = Duration.milliseconds(500)

    private let own: PieceLogs
    private let copies: PieceLogs
    private let journal: SQLiteJournal

    init(_ directory: DataDirectory, _ journal: SQLiteJournal) {
        own = PieceLogs(directory.workshop)
        copies = PieceLogs(Workshop.Settings(folder: directory.sources, logs: directory.remoteLogs))
        self.journal = journal
    }

    func has(_ piece: Workpiece.ID) -> Bool { own.has(piece) || copies.has(piece) }

    /// Followed, they end when nobody works on the workpiece any more: here, or anywhere.
    func lines(of piece: Workpiece.ID, _ selection: LogSelection) -> AsyncStream<LogLine> {
        guard !own.has(piece), copies.has(piece) else {
            return own.lines(
                of: piece, since: selection.since, tail: selection.tail, follow: selection.follow)
        }
        guard selection.follow else {
            return copies.lines(of: piece, since: selection.since, tail: selection.tail)
        }
        let reading = Reading(
            of: piece, selection, in: copies,
            until: { [journal] in
                do throws(JournalError) {
                    guard let pass = try await journal.passes(making: [piece])[piece] else { return true }
                    return pass.outcome != nil
                } catch {
                    return true
                }
            })
        return AsyncStream { await reading.next() }
    }

    /// Nobody here works on what an agent makes: that it goes on is known by its pass.
    private actor Reading {
        private let piece: Workpiece.ID
        private let selection: LogSelection
        private let logs: PieceLogs
        private let isOver: @Sendable () async -> Bool
        private var ready: ArraySlice<LogLine> = []
        /// Lines of the log that were taken already.
        private var seen: Int?
        private var wasOver = false

        init(
            of piece: Workpiece.ID, _ selection: LogSelection, in logs: PieceLogs,
            until isOver: @escaping @Sendable () async -> Bool
        ) {
            self.piece = piece
            self.selection = selection
            self.logs = logs
            self.isOver = isOver
        }

        func next() async -> LogLine? {
            while !Task.isCancelled {
                if let line = ready.popFirst() { return line }
                guard !wasOver else { return nil }
                // Asked before the log is read: what was written until then is in it.
                wasOver = await isOver()
                if seen != nil, !wasOver {
                    // A bounded pause; who is cancelled leaves the loop.
                    do { try await Task.sleep(for: LogShelves.rhythm) } catch { return nil }  // SAFE: bounded
                }
                await advance()
            }
            return nil
        }

        private func advance() async {
            var all: [LogLine] = []
            for await line in logs.lines(of: piece) { all.append(line) }
            if let seen {
                // One that is shorter was begun anew.
                ready = all.count < seen ? all[...] : all[seen...]
            } else {
                let recent = all.filter { line in selection.since.map { line.at >= $0 } ?? true }
                ready = recent.suffix(selection.tail ?? recent.count)
            }
            seen = all.count
        }
    }
}
