internal import AgentProtocol
internal import AgentTransport
internal import Foundation
internal import Logging
internal import Model
internal import Reconciler
internal import RemoteHost
internal import SQLiteJournal
internal import ServiceLifecycle
internal import Synchronization

/// The agents of a controller: lets them in, keeps what is known of their nodes, and shows it to other processes.
final class Roster: Service {
    /// Between two comparisons of what is known with what is kept.
    private static let rhythm = Duration.seconds(1)
    /// What changes with every heartbeat is kept no more often than this.
    private static let lazyRhythm = Duration.seconds(15)

    /// A port is bound or refused at once; this is for a machine that is overloaded.
    private static let longestBinding = Duration.seconds(30)

    let hosts: AgentHosts<ContinuousClock>
    private let address: HostPort
    private let authority: Authority
    private let directory: DataDirectory
    private let journal: SQLiteJournal
    private let logger: Logger
    /// The node that the controller's own machine is, and since when.
    private let local = Mutex<NodeStatus?>(nil)
    /// Whether agents can dial in by now.
    private let isListening = Mutex(false)
    /// Why it serves no more.
    private let failure = Mutex<(any Error)?>(nil)

    init(
        at address: HostPort, in directory: DataDirectory, of identity: Identity, journal: SQLiteJournal,
        surroundings: Surroundings
    ) throws {
        let authority = try Authority.open(folder: directory.agents)
        let copies = PieceLogCopies(folder: directory.remoteLogs, now: { .now })
        hosts = AgentHosts(
            epoch: try authority.nextEpoch(), installation: identity.installation, surroundings: surroundings,
            clock: ContinuousClock(), isWelcome: { authority.isWelcome($0) },
            lines: { node, lines in await copies.take(lines, from: node) })
        self.address = address
        self.authority = authority
        self.directory = directory
        self.journal = journal
        logger = surroundings.logger
    }

    /// Which nodes there are beside those whose agents come by themselves. `local` is this machine, where it is one.
    func expect(_ declared: some Sequence<NodeName>, local: NodeName?) {
        self.local.withLock { known in
            guard known?.node != local else { return }
            known = local.map { NodeStatus(node: $0, connection: .local, since: .now) }
        }
        var expected = Set(declared)
        do throws(LinkError) {
            expected.formUnion(try authority.certificates().filter { !$0.isRevoked && $0.expiresAt > .now }.map(\.node))
        } catch {
            logger.warning("The certificates of agents are not known", metadata: ["error": "\(error)"])
        }
        if let local { expected.remove(local) }
        hosts.expect(expected)
    }

    /// Returns when all of `nodes` are connected, or after `patience`; those that are not by then.
    func await(_ nodes: Set<NodeName>, for patience: Duration) async throws -> Set<NodeName> {
        let end = ContinuousClock.now.advanced(by: patience)
        while true {
            if let error = failure.withLock({ $0 }) { throw error }
            let here = Set(hosts.statuses().filter { $0.connection == .connected }.map(\.node))
            let missing = nodes.subtracting(here)
            guard !missing.isEmpty, ContinuousClock.now < end else { return missing }
            try await pause(.milliseconds(100))  // SAFE: a bounded wait, until the end above
        }
    }

    /// Returns when agents can dial in, or throws why they cannot. It ends with the task, or when it is told to stop.
    func awaitListening() async throws {
        let end = ContinuousClock.now.advanced(by: Self.longestBinding)
        while !isListening.withLock(\.self) {
            if let error = failure.withLock({ $0 }) { throw error }
            guard ContinuousClock.now < end else {
                throw Complaint("cannot listen for agents at \(address): the system did not answer in time")
            }
            try await pause(.milliseconds(20))  // SAFE: a bounded wait, until the end above
        }
    }

    func run() async throws {
        do { try await serve() } catch let error as LinkError {
            let complaint = Complaint(ListenerWords.sentence(of: error, at: address))
            failure.withLock { $0 = complaint }
            throw complaint
        } catch {
            failure.withLock { $0 = error }
            throw error
        }
    }

    private func serve() async throws {
        try await cancelWhenGracefulShutdown { [self] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [self] in
                    try await AgentListener(address, authority: authority, logger: logger).run { [self] bound in
                        logger.notice("Listening for agents", metadata: ["address": "\(bound)"])
                        isListening.withLock { $0 = true }
                    } session: { [hosts] peer, link in
                        await hosts.serve(link, of: peer)
                    }
                }
                group.addTask { [self] in try await ControlServer(path: directory.controlSocket).run(view) }
                group.addTask { [self] in await keepStatuses() }
                // The first that fails ends the others: nobody is served by halves.
                while try await group.next() != nil {}
            }
        }
    }

    // MARK: What is shown to other processes

    private var view: ControlServer.View {
        ControlServer.View(
            observer: { [hosts] in hosts[$0] },
            tail: { [hosts] node, tail in
                do throws(HostError) { return .lines(try await hosts.tail(node, tail)) } catch { return .failed(error) }
            },
            nodes: { [self] in statuses() })
    }

    private func statuses() -> [NodeStatus] {
        let own = local.withLock { local in
            local?.seenAt = .now
            return local
        }
        return ([own].compactMap(\.self) + hosts.statuses()).sorted { $0.node < $1.node }
    }

    // MARK: What is kept for those who look when nobody serves

    private func keepStatuses() async {
        var kept: [NodeName: (status: NodeStatus, at: ContinuousClock.Instant)] = [:]
        await forgetStrangers()
        while !Task.isCancelled {
            for status in statuses() {
                if let last = kept[status.node] {
                    let isNews = !last.status.isAsGoodAs(status)
                    let isDue = last.at.duration(to: .now) >= Self.lazyRhythm && last.status != status
                    guard isNews || isDue else { continue }
                }
                do throws(JournalError) {
                    try await journal.put(status)
                    kept[status.node] = (status, .now)
                } catch {
                    logger.warning("The status of a node is not kept", metadata: ["error": "\(error)"])
                }
            }
            // A bounded pause; who is cancelled leaves the loop.
            do { try await Task.sleep(for: Self.rhythm) } catch { return }  // SAFE: a bounded pause
        }
    }

    /// Of nodes that an earlier start knew and this one does not.
    private func forgetStrangers() async {
        let known = Set(statuses().map(\.node))
        do throws(JournalError) {
            for status in try await journal.nodeStatuses() where !known.contains(status.node) {
                try await journal.forget(status.node)
            }
        } catch {
            logger.warning("Old nodes are not forgotten", metadata: ["error": "\(error)"])
        }
    }
}

extension NodeStatus {
    /// The same but for what every heartbeat changes.
    fileprivate func isAsGoodAs(_ other: NodeStatus) -> Bool {
        var other = other
        other.seenAt = seenAt
        other.skewMillis = skewMillis
        return self == other
    }
}

/// The manifests, and beside them the nodes that they name: those are served also while their agents are away.
struct ExpectingSource: DesiredSource {
    let source: any DesiredSource
    let roster: Roster
    let local: NodeName?

    func load() async throws(SourceError) -> DesiredState {
        let desired = try await source.load()
        roster.expect(desired.nodes.keys, local: local)
        return desired
    }

    func changes() -> AsyncStream<Void> { source.changes() }
}
