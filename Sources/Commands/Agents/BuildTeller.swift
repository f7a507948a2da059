internal import AgentProtocol
internal import Model
internal import Reconciler
internal import Synchronization
internal import Workshop

/// A host whose builds are heard elsewhere: what is written while a workpiece is made is told as it comes.
final class BuildTeller: Host {
    /// Makings that begin while nobody listens fast enough; of more, the newest are heard.
    private static let mostPieces = 256
    /// Frames that wait for a slow controller; what is more is lost, and told as a gap.
    private static let mostFrames = 64
    /// How long lines are gathered into one frame.
    private static let gathering = Duration.milliseconds(100)

    private let host: any Host
    private let logs: PieceLogs
    private let begun: AsyncStream<Workpiece.ID>
    private let begin: AsyncStream<Workpiece.ID>.Continuation
    /// Whose logs are read now.
    private let heard = Mutex<Set<Workpiece.ID>>([])
    /// How many lines of each were told already.
    private let told = Mutex<[Workpiece.ID: UInt64]>([:])

    init(host: any Host, logs: PieceLogs) {
        self.host = host
        self.logs = logs
        (begun, begin) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.mostPieces))
    }

    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode { try await host.observe(inquiry) }

    func changes() -> AsyncStream<Hint> { host.changes() }

    @discardableResult
    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?)
        async throws(HostError) -> Receipt?
    {
        switch action {
        case .fetch(let piece), .checkout(let piece), .build(let piece): begin.yield(piece.id)
        case .discard(let piece): told.withLock { $0[piece] = nil }
        case .createNetwork, .removeNetwork, .pull, .load, .create, .start, .unpause, .awaitHealthy, .awaitReachable,
            .connect, .updateLimits, .rename, .drain, .stop, .remove, .configureGateway, .dismantleGateway, .admit,
            .dismiss, .setRoute, .removeRoute, .setRules, .setNames, .removeNames:
            break
        }
        return try await host.perform(action, as: uid, toward: revision)
    }

    /// Of every making from its first stage to its last. There is one listener.
    func lines() -> AsyncStream<AgentProtocol.LogLines> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostFrames)) { stream in
            let watch = Task { [self] in  // SAFE: it ends with the stream, whose consumer is waited for
                await withDiscardingTaskGroup { group in
                    for await piece in begun where heard.withLock({ $0.insert(piece).inserted }) {
                        group.addTask {
                            await self.tell(piece, to: stream)
                            self.heard.withLock { _ = $0.remove(piece) }
                        }
                    }
                }
                stream.finish()
            }
            stream.onTermination = { _ in watch.cancel() }
        }
    }

    /// From where it was told last; the whole log counts, so that nothing is told twice.
    private func tell(_ piece: Workpiece.ID, to stream: AsyncStream<AgentProtocol.LogLines>.Continuation) async {
        let gathered = Gathered()
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    // A bounded pause; cancelled, what is gathered is told below.
                    do { try await Task.sleep(for: Self.gathering) } catch { return }  // SAFE: a bounded pause
                    self.send(gathered, of: piece, to: stream)
                }
            }
            let before = told.withLock { $0[piece] ?? 0 }
            var seen: UInt64 = 0
            for await line in logs.lines(of: piece, follow: true) {
                seen += 1
                guard seen > before else { continue }
                if gathered.add(line.text.prefix(bytes: Bounds.line)) >= Bounds.lines {
                    send(gathered, of: piece, to: stream)
                }
            }
            group.cancelAll()
        }
        send(gathered, of: piece, to: stream)
    }

    private func send(
        _ gathered: Gathered, of piece: Workpiece.ID, to stream: AsyncStream<AgentProtocol.LogLines>.Continuation
    ) {
        // Both who gathers and who is tired of waiting send: one after the other, or lines would change places.
        told.withLock { told in
            let lines = gathered.take()
            guard !lines.isEmpty else { return }
            let first = told[piece] ?? 0
            told[piece] = first + UInt64(lines.count)
            stream.yield(AgentProtocol.LogLines(piece: piece, first: first, lines: lines))
        }
    }

    /// Lines that wait to be told together.
    private final class Gathered: Sendable {
        private let lines = Mutex<[String]>([])

        /// Returns how many there are now.
        func add(_ line: String) -> Int {
            lines.withLock {
                $0.append(line)
                return $0.count
            }
        }

        func take() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }
}

extension String {
    fileprivate func prefix(bytes: Int) -> String {
        utf8.count <= bytes ? self : String(decoding: utf8.prefix(bytes), as: UTF8.self)
    }
}
