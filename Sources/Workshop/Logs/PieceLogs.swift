package import Model

/// Reads the logs of workpieces, while they are made and afterwards, in this process or another.
package struct PieceLogs: Sendable {
    private let settings: Workshop.Settings

    /// Only the folders of `settings` matter.
    package init(_ settings: Workshop.Settings) { self.settings = settings }

    /// Lines that a caller may ask the end of.
    package static let mostTail = 100_000

    /// The lines of a workpiece in order, those before `since` and before the last `tail` left out. With `follow` it goes
    /// on with what is written from now on, and ends when nobody works on the workpiece any more.
    package func lines(
        of piece: Workpiece.ID, since: Timestamp? = nil, tail: Int? = nil, follow: Bool = false
    ) -> AsyncStream<LogLine> {
        let reader = LogReader(
            LogFiles(of: piece, in: settings.logs), PieceFolder(piece, in: settings), since: since,
            tail: tail.map { min(max($0, 0), Self.mostTail) }, follows: follow)
        return AsyncStream { await reader.next() }
    }

    /// Whether there is a log of this workpiece.
    package func has(_ piece: Workpiece.ID) -> Bool {
        Folders.exists(LogFiles(of: piece, in: settings.logs).current)
    }
}
