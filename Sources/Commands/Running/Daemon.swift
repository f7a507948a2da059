internal import Foundation
internal import Logging
internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import ServiceLifecycle

/// The service behind `berth serve`: waits for a first commit, then keeps the fleet at the newest.
struct Daemon: Service {
    /// How long to wait before the manifests are asked for again, while there has been no commit yet; it doubles up
    /// to the longest.
    static let patience = Duration.milliseconds(250)
    static let longestPatience = Duration.seconds(2)

    let installation: Installation
    let loader: ManifestLoader
    let node: NodeOptions
    let branch: String
    let interval: Duration
    let unknownAfter: Duration

    func run() async throws {
        do {
            try await installation.roster?.awaitListening()
        } catch is CancellationError {
            return
        }
        guard let desired = try await firstCommit() else { return }
        var name = try installation.localName(in: desired, node)
        while !Task.isShuttingDownGracefully, !Task.isCancelled,
            let another = try await serve(as: name, from: desired.revision)
        { name = another }
    }

    /// Keeps the fleet until told to stop (`nil`), or until the manifests give this machine another name, which is then
    /// served by a fleet of its own. `name` is `nil` where this machine is no node.
    private func serve(as name: NodeName?, from revision: Revision) async throws -> NodeName? {
        let source = RenamingSource(loader, of: node, servedAs: name)
        let fleet = try await installation.fleet(
            source, name: name, branch: branch, interval: interval, unknownAfter: unknownAfter)
        let logger = installation.surroundings.logger
        logger.notice(
            "Serving",
            metadata: [
                "node": "\(name?.text ?? "those of agents alone")", "branch": "\(branch)",
                "revision": "\(revision.commit.short)",
                "data": "\(installation.directory.path)",
            ])
        // A group of its own, so that the fleet can be stopped in order while the daemon goes on.
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: fleet, successTerminationBehavior: .gracefullyShutdownGroup)], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await Nudges(directory: installation.directory).run(fleet) }
            tasks.addTask {
                for await another in source.names {
                    logger.notice(
                        "This machine has another name now",
                        metadata: ["was": "\(name?.text ?? "")", "is": "\(another)"])
                    await group.triggerGracefulShutdown()
                }
            }
            try await group.run()
            tasks.cancelAll()
        }
        return await source.successor
    }

    /// `nil` when told to stop before there was one.
    private func firstCommit() async throws -> DesiredState? {
        var said = ""
        var wait = Self.patience
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(SourceError) {
                return try await loader.load()
            } catch {
                if said != "\(error)" {
                    said = "\(error)"
                    installation.surroundings.logger.warning(
                        "No commit yet; waiting for one", metadata: ["error": "\(error)"])
                    try await installation.journal.put(
                        FleetStatus(
                            branch: branch, head: nil, notices: [said], updatedAt: .now,
                            processID: ProcessInfo.processInfo.processIdentifier))
                }
            }
            do { try await pause(wait) } catch { return nil }
            wait = min(wait * 2, Self.longestPatience)
        }
        return nil
    }
}

/// A file that somebody touches to ask for a look now.
struct Nudges {
    static let rhythm = Duration.milliseconds(250)

    let directory: DataDirectory

    func run(_ fleet: Fleet<ContinuousClock>) async {
        var last = modified
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do { try await pause(Self.rhythm) } catch { return }
            guard modified != last else { continue }
            last = modified
            await fleet.lookAgain()
        }
    }

    func send() throws {
        let isWritten = FileManager.default.createFile(
            atPath: directory.nudge, contents: Data("\(Timestamp.now)".utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else {
            throw Complaint("\(directory.nudge) cannot be written, so the daemon cannot be asked to look")
        }
    }

    private var modified: Date? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory.nudge)  // SAFE: absent is never
        return attributes?[.modificationDate] as? Date
    }
}

/// Sleeps, but not into a graceful shutdown.
func pause(_ duration: Duration) async throws {
    try await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }  // SAFE: one bounded pause
}
