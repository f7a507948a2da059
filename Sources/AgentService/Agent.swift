package import AgentProtocol
internal import Logging
package import Model
package import Reconciler
internal import ServiceLifecycle
internal import Synchronization

/// Serves a node to the controller that it dials, until told to stop.
///
/// It never gives up: a controller that cannot be reached is dialled again with full jitter, one that refuses it every
/// ``AgentSettings/refusedRetry``. Cut off, it changes nothing: what is under way ends and is remembered.
package actor Agent<Time: Clock>: Service where Time.Duration == Duration, Time.Instant: Sendable {
    package typealias Dial = @Sendable () async throws(LinkError) -> LinkToController

    /// A session that lasted this long proves that the way is open: the next wait is a short one again.
    static var provenAfter: Duration { Bounds.silence }

    private let node: NodeName
    private let host: any Host
    private let log: any OrderLog
    private let policy: AgentPolicy
    private let engine: @Sendable () async -> String
    private let tail: @Sendable (Tail) async -> TailAnswer
    private let lines: @Sendable () -> AsyncStream<LogLines>
    private let dial: Dial
    private let settings: AgentSettings
    private let surroundings: Surroundings
    private let clock: Time
    private let random: @Sendable () -> Double

    private let desk: OrderDesk<Time>
    private let boot: String
    private let stopping = Latch()
    /// Where hints and lines go now.
    private let outbox = Mutex<Outbox?>(nil)
    private var failures = 0
    private var sessions = 0
    private var isRemembered = false
    /// What was told last, so that it is told once.
    private var complaint: String?

    /// `engine` is what the node runs, such as `Docker 20.10.24`, or empty while that cannot be told. `lines` is the
    /// output of builds as it comes, and ends with its task; what comes while nobody is connected is dropped. `random`
    /// gives numbers from 0 up to 1.
    package init(
        node: NodeName, host: any Host, log: any OrderLog, policy: AgentPolicy,
        engine: @escaping @Sendable () async -> String, tail: @escaping @Sendable (Tail) async -> TailAnswer,
        lines: @escaping @Sendable () -> AsyncStream<LogLines>, dial: @escaping Dial,
        settings: AgentSettings = AgentSettings(), surroundings: Surroundings, clock: Time,
        random: @escaping @Sendable () -> Double
    ) {
        self.node = node
        self.host = host
        self.log = log
        self.policy = policy
        self.engine = engine
        self.tail = tail
        self.lines = lines
        self.dial = dial
        self.settings = settings
        self.surroundings = surroundings
        self.clock = clock
        self.random = random
        boot = surroundings.newUID().text
        desk = OrderDesk(
            host: host, log: log, policy: policy, settings: settings, surroundings: surroundings, clock: clock)
    }

    /// On graceful shutdown nothing new begins; what is under way ends and is told, for at most
    /// ``AgentSettings/farewell``.
    package func run() async {
        let stopping = stopping
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.desk.run() }
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.forwardHints() }
                    group.addTask { await self.forwardLines() }
                    await stayConnected()
                    group.cancelAll()
                }
                await desk.stop()
                desk.finish()
            }
        } onGracefulShutdown: {
            stopping.open()
        }
    }

    private nonisolated func forwardHints() async {
        for await hint in host.changes() { outbox.withLock { $0 }?.put(hint) }
    }

    private nonisolated func forwardLines() async {
        for await lines in lines() { outbox.withLock { $0 }?.put(.lines(lines)) }
    }

    // MARK: Staying connected

    private func stayConnected() async {
        while !stopping.isOpen, !Task.isCancelled {
            let began = clock.now
            do throws(LinkError) {
                try await converse()
                note(nil)
                failures = 0
            } catch {
                if began.duration(to: clock.now) >= Self.provenAfter { failures = 0 }
                await wait(after: error)
            }
        }
    }

    /// One session, from dialling to its end.
    private func converse() async throws(LinkError) {
        try await remember()
        let link = try await dialled()
        sessions += 1
        let outbox = Outbox()
        let session = AgentSession(
            number: sessions, link: link, outbox: outbox, host: host, desk: desk, policy: policy, tail: tail,
            stopping: stopping, settings: settings, surroundings: surroundings, clock: clock)
        let hello = Hello(
            node: node, boot: boot, epoch: await desk.highest, now: surroundings.now(), engine: await engine(),
            interrupted: await desk.interruptions)
        let result = await session.run(saying: hello) { [self] in
            self.outbox.withLock { $0 = outbox }
            await note(nil)
        }
        self.outbox.withLock { $0 = nil }
        await desk.end(session.number)
        try result.get()
    }

    /// An agent that cannot read what it did must not act.
    private func remember() async throws(LinkError) {
        guard !isRemembered else { return }
        do throws(JournalError) {
            try await desk.remember()
            isRemembered = true
        } catch {
            throw LinkError(.lost, "the agent cannot read its own journal (\(error)) and does nothing until it can")
        }
    }

    /// A link within ``Bounds/handshake``.
    private func dialled() async throws(LinkError) -> LinkToController {
        let (dial, clock) = (dial, clock)
        let result = await withTaskGroup(of: Result<LinkToController, LinkError>?.self) { group in
            group.addTask {
                do throws(LinkError) { return .success(try await dial()) } catch { return .failure(error) }
            }
            group.addTask {
                do { try await clock.sleep(for: Bounds.handshake) } catch {
                    // It answered, or we are stopping: nothing to wait for.
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // One that comes after all is nobody's.
            for await late in group {
                if first == nil, case .success(let link)? = late { await link.close() }
            }
            return first
        }
        guard let result else {
            throw LinkError(
                .lost, "the controller did not answer within \(Bounds.handshake.components.seconds) s")
        }
        return try result.get()
    }

    private func wait(after error: LinkError) async {
        guard !stopping.isOpen, !Task.isCancelled else { return }
        note(error)
        switch error.failure {
        case .lost:
            let longest = min(settings.firstRetry * (1 << min(failures, Self.mostDoublings)), settings.longestRetry)
            failures += 1
            await pause(longest * random())
        case .refused, .malformed:
            await pause(settings.refusedRetry)
        }
    }

    private static var mostDoublings: Int { 16 }

    private func pause(_ duration: Duration) async {
        let (clock, stopping) = (clock, stopping)
        await withTaskGroup { group in
            group.addTask { await stopping.wait() }
            group.addTask {
                do { try await clock.sleep(for: duration) } catch {
                    // Stopping: the caller looks at the latch.
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells once what is wrong, and once that it is mended.
    private func note(_ error: LinkError?) {
        let complaint = error?.message ?? ""
        guard complaint != self.complaint else { return }
        self.complaint = complaint
        guard let error else { return surroundings.logger.notice("Connected to the controller") }
        switch error.failure {
        case .lost: surroundings.logger.warning("Controller is away", metadata: ["error": "\(error)"])
        case .refused, .malformed:
            surroundings.logger.error("Controller and agent do not work together", metadata: ["error": "\(error)"])
        }
    }
}
