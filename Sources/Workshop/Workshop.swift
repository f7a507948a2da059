package import Logging
package import Model
package import Reconciler

/// A node's workshop: mirrors of repositories, and the workpieces made of their commits.
///
/// What it knows is on disk: a second one on the same folder, after a crash, goes on where the first was.
package actor Workshop: Workbench {
    let settings: Settings
    let code: any CodeHost
    let images: any ImageEngine
    let secret: @Sendable (SecretReference) -> Secret<String>?
    let now: @Sendable () -> Timestamp
    let clock: any Clock<Duration>
    let jitter: @Sendable () -> Double
    let logger: Logger

    var book = ReferenceBook()
    let asking: Gate
    /// Who hears of changes, by number.
    var listeners: [Int: Listener] = [:]
    private var lastListener = 0
    /// Those asleep until the next question to a repository is due.
    var sleepers: [RepositoryName: [Int: AsyncStream<Never>.Continuation]] = [:]
    var lastSleeper = 0
    var fetches: [RepositoryName: Fetches] = [:]
    var shelf = Shelf()
    /// Whether what a killed workshop left running was looked for.
    var hasEndedRemains = false

    struct Listener {
        let hints: AsyncStream<Hint>.Continuation
        /// Pages that nobody follows yet.
        let pages: AsyncStream<Followed>.Continuation
    }

    /// `jitter` gives numbers from 0 to 1 and spreads the questions to remote repositories.
    package init(
        _ settings: Settings, code: any CodeHost, images: any ImageEngine,
        secret: @escaping @Sendable (SecretReference) -> Secret<String>?, now: @escaping @Sendable () -> Timestamp,
        clock: any Clock<Duration>, jitter: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.settings = settings
        self.code = code
        self.images = images
        self.secret = secret
        self.now = now
        self.clock = clock
        self.jitter = jitter
        self.logger = logger
        asking = Gate(width: settings.askWidth)
    }

    package func survey(_ makings: Set<Making>, patience: Duration) async -> ObservedWorkshop {
        await endAllRemains()
        await learn(of: makings, patience: patience)
        var readings: [CodeReference: CodeReading] = [:]
        var inUse: [Workpiece] = []
        for making in makings {
            let reading = book.reading(of: making.code)
            readings[making.code] = reading
            if case .commit(let commit) = reading { inUse.append(making.workpiece(at: commit)) }
        }
        if settings.notesUse { shelf.touch(inUse.map(\.id), in: settings, at: now()) }
        let bases = await bases(of: inUse)
        return ObservedWorkshop(
            root: "\(settings.folder)/\(PieceFolder.pieces)", readings: readings,
            pieces: shelf.pieces(in: settings, at: now()), bases: bases)
    }

    package nonisolated func changes() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostHints)) { hints in
            let watch = Task {  // SAFE: it ends with the stream, whose consumer is waited for
                await self.follow(hints)
                hints.finish()
            }
            hints.onTermination = { _ in watch.cancel() }
        }
    }

    /// Hints kept for a slow reader; what is lost beyond them the next look finds.
    private static let mostHints = 1000

    func enter(_ listener: Listener) -> Int {
        lastListener += 1
        listeners[lastListener] = listener
        return lastListener
    }
}
