internal import Glibc
internal import Reconciler

/// Notices that a proxy ended, and that a baseline does otherwise. A proxy is its own daemon and nobody's child, so that its process is looked at, which
/// costs one small file a gateway.
actor ProxyWatch {
    private let directory: String
    /// The processes in charge when we last looked.
    private var running: [GatewayFolder: Int32]
    private let baselines: BaselineWatch
    private var turns: Int

    /// What runs now is what may be missed later.
    init(directory: String, baselines: BaselineWatch) {
        self.directory = directory
        self.baselines = baselines
        turns = baselines.turns
        running = Self.look(at: directory, before: [:])
    }

    /// Returns once a proxy that ran is gone or a baseline does otherwise; `nil` when cancelled. What is replaced by a successor is not gone.
    func next() async -> Hint? {
        while !Task.isCancelled {
            let before = running
            running = Self.look(at: directory, before: before)
            if before.keys.contains(where: { running[$0] == nil }) { return .everything }
            baselines.askDue()
            let now = baselines.turns
            if now != turns {
                turns = now
                return .everything
            }
            do {
                try await Task.sleep(for: .milliseconds(Bound.watchMillis))  // SAFE: one bounded pause
            } catch {
                return nil
            }
        }
        return nil
    }

    /// By the pid files; while one is being replaced, the process that was in charge before still is.
    private static func look(at directory: String, before: [GatewayFolder: Int32]) -> [GatewayFolder: Int32] {
        var running = before.filter { ProcessTable.isProxy($0.value, of: $0.key) }
        for folder in GatewayFolder.all(in: directory) {
            if let pid = folder.pid, ProcessTable.isProxy(pid, of: folder) { running[folder] = pid }
        }
        return running
    }
}

extension GatewayFolder {
    /// The process in charge, by the pid file.
    fileprivate var pid: Int32? {
        do throws(HostError) {
            return try DurableFile(path: pidFile).read(for: "look at gateway \(name)")
                .flatMap { Int32($0.prefix { $0.isNumber }) }
        } catch {
            // It cannot be told now; the next look is soon.
            return nil
        }
    }
}
