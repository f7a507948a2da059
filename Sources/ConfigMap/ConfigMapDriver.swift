internal import Dispatch
internal import Glibc
package import Model
package import Reconciler

/// Application gateways that read where services are from a file of PHP of their own: Berth changes the values of
/// known keys in it, and nothing else.
///
/// The file is read without running it. What the branch shipped is kept before the first change and given back byte for
/// byte. Everything is read anew for every call, since people and git write the same files. Work is done one call at a
/// time on a thread of the driver's own, since all of it blocks.
package actor ConfigMapDriver: GatewayDriver {
    private let directory: String
    private let thread = QueueExecutor(label: "berth.configmap")
    /// The files as we left them: a change of our own is no news.
    private var left: [String: FileMark] = [:]
    /// The file that a record names, by the record.
    private var watched: [String: (mark: FileMark, path: String)] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// `directory` holds a folder a gateway, with what is known of it.
    package init(directory: String) { self.directory = directory }

    // MARK: Looking

    package func survey(_ gateway: DesiredGateway) async throws(HostError) -> ObservedGateway {
        let operation = "survey gateway \(gateway.name)"
        let folder = GatewayFolder(gateway.name, in: directory)
        guard let map = try RecordFile<MapRecord>(folder.gateway).record(for: operation) else {
            return ObservedGateway()
        }
        var observed = try observe(folder, operation)
        if case .configFileMap(let wanted) = gateway.driver, MapRecord(wanted) == map {
            observed.isCurrent = map.isPerSandbox || problem(of: map, for: operation) == nil
        }
        return observed
    }

    package func gateways(
        except named: Set<GatewayName>
    ) async throws(HostError) -> [GatewayName: ObservedGateway] {
        var found: [GatewayName: ObservedGateway] = [:]
        for folder in GatewayFolder.all(in: directory) where !named.contains(folder.name) {
            found[folder.name] = try observe(folder, "survey gateway \(folder.name)")
        }
        return found
    }

    private func observe(_ folder: GatewayFolder, _ operation: String) throws(HostError) -> ObservedGateway {
        var observed = ObservedGateway(isRunning: true)
        for sandbox in folder.sandboxes {
            let (routes, isInOrder) = try RouteTable(folder: folder, sandbox: sandbox, operation: operation).look()
            observed.routes.merge(routes) { _, new in new }
            if isInOrder { observed.sandboxes[sandbox] = Admission() }
        }
        return observed
    }

    /// What is wrong with the one file of a gateway that serves one sandbox.
    private func problem(of map: MapRecord, for operation: String) -> HostError? {
        switch ConfigFile.read(map.file, in: map.folder, for: operation) {
        case .read: nil
        case .missing(let error), .broken(let error): error
        }
    }

    /// Says `.everything` when a file is not as we left it: a branch was switched, or somebody edited it. Ends when the
    /// task is cancelled.
    package nonisolated func changes() -> AsyncStream<Hint> {
        let watch = FileWatch(driver: self)
        return AsyncStream { await watch.next() }
    }

    /// The files of all sandboxes as they are now, without those that are as we left them.
    func foreignMarks() -> [String: FileMark?] {
        var marks: [String: FileMark?] = [:]
        for path in watchedPaths() {
            let mark = FileMark(of: path)
            if mark == nil || left[path] != mark { marks[path] = .some(mark) }
        }
        return marks
    }

    private func watchedPaths() -> [String] {
        var found: [String: (mark: FileMark, path: String)] = [:]
        for folder in GatewayFolder.all(in: directory) {
            for sandbox in folder.sandboxes where found.count < Bound.watchedFiles {
                let record = folder.file(of: sandbox)
                guard let mark = FileMark(of: record) else { continue }
                if let known = watched[record], known.mark == mark {
                    found[record] = known
                } else if let path = path(of: sandbox, in: folder) {
                    found[record] = (mark, path)
                }
            }
        }
        watched = found
        return found.values.map(\.path)
    }

    private func path(of sandbox: SandboxName, in folder: GatewayFolder) -> String? {
        do throws(HostError) {
            let table = RouteTable(folder: folder, sandbox: sandbox, operation: "watch gateway \(folder.name)")
            return try table.record().map { "\($0.map.folder)/\($0.map.file)" }
        } catch {
            // The next look is soon.
            return nil
        }
    }

    // MARK: Gateways

    package func configure(_ gateway: DesiredGateway) async throws(HostError) {
        let operation = "configure gateway \(gateway.name)"
        guard case .configFileMap(let wanted) = gateway.driver else {
            throw HostError(operation, .refused, "its driver is not configFileMap")
        }
        let map = MapRecord(wanted)
        guard KeyPattern(map.keyPattern) != nil else {
            throw HostError(operation, .refused, RouteTable.wrongPattern(map))
        }
        if !map.isPerSandbox, let problem = problem(of: map, for: operation) { throw problem }
        try change(gateway.name, for: operation) { folder throws(HostError) in
            for sandbox in folder.sandboxes {
                let table = RouteTable(folder: folder, sandbox: sandbox, operation: operation)
                if let old = try table.record()?.map, old != map.of(sandbox) { try table.dismiss() }
            }
            try RecordFile<MapRecord>(folder.gateway).write(map, for: operation)
        }
    }

    package func dismantle(_ gateway: GatewayName) async throws(HostError) {
        let operation = "dismantle gateway \(gateway)"
        guard access(GatewayFolder(gateway, in: directory).path, F_OK) == 0 else { return }
        try change(gateway, for: operation) { folder throws(HostError) in
            for sandbox in folder.sandboxes {
                try RouteTable(folder: folder, sandbox: sandbox, operation: operation).dismiss()
            }
            try DurableFile(path: folder.gateway).remove(for: operation)
            rmdir(folder.sandboxFolder)
            unlink(folder.lock)
            rmdir(folder.path)
        }
    }

    // MARK: Sandboxes

    package func admit(
        _ sandbox: SandboxName, _ admission: Admission, to gateway: GatewayName
    ) async throws(HostError) {
        let operation = "admit \(sandbox) to gateway \(gateway)"
        guard admission.port == nil else {
            throw HostError(operation, .refused, "driver configFileMap has no port of a sandbox's own")
        }
        try change(gateway, of: sandbox, for: operation) { folder throws(HostError) in
            guard let map = try RecordFile<MapRecord>(folder.gateway).record(for: operation) else {
                throw HostError(operation, .stale, "gateway \(gateway) is not configured")
            }
            if !map.isPerSandbox, let other = folder.sandboxes.first(where: { $0 != sandbox }) {
                throw HostError(
                    operation, .refused,
                    "\(map.folder) serves one sandbox, and that is \(other); write {sandbox} into configFileMap.folder")
            }
            try RouteTable(folder: folder, sandbox: sandbox, operation: operation).admit(map.of(sandbox))
        }
    }

    package func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) async throws(HostError) {
        let operation = "dismiss \(sandbox) from gateway \(gateway)"
        guard access(GatewayFolder(gateway, in: directory).path, F_OK) == 0 else { return }
        try change(gateway, for: operation) { folder throws(HostError) in
            try RouteTable(folder: folder, sandbox: sandbox, operation: operation).dismiss()
        }
    }

    // MARK: Routes

    package func setRoute(
        _ key: RouteKey, to target: RouteTarget, on gateway: GatewayName
    ) async throws(HostError) -> Receipt.Flip {
        let operation = "set route \(key)"
        guard let sandbox = key.sandbox else {
            throw HostError(
                operation, .refused,
                "driver configFileMap has routes of sandboxes only: the file of gateway "
                    + "\(gateway) itself says where baselines are")
        }
        try ForbiddenTarget.check(target, for: operation)
        try change(gateway, of: sandbox, for: operation) { folder throws(HostError) in
            try RouteTable(folder: folder, sandbox: sandbox, operation: operation).set(key.service, to: target)
        }
        return Receipt.Flip(effectiveAt: now(), openOnOld: nil)
    }

    package func removeRoute(_ key: RouteKey, on gateway: GatewayName) async throws(HostError) -> Receipt.Flip {
        let operation = "remove route \(key)"
        if let sandbox = key.sandbox, access(GatewayFolder(gateway, in: directory).path, F_OK) == 0 {
            try change(gateway, of: sandbox, for: operation) { folder throws(HostError) in
                try RouteTable(folder: folder, sandbox: sandbox, operation: operation).remove(key.service)
            }
        }
        return Receipt.Flip(effectiveAt: now(), openOnOld: nil)
    }

    package func setRules(
        _ rules: [RouteRule], of scope: RouteScope, on gateway: GatewayName
    ) async throws(HostError) {
        guard rules.isEmpty else {
            throw HostError(
                "set rules of \(scope)", .refused, "driver configFileMap has no rules; use a haproxy gateway")
        }
    }

    /// Nobody counts what the application has open; a flip itself waits for those that read the old file.
    package func openSessions(
        to address: String, port: UInt16, on gateway: GatewayName
    ) async throws(HostError) -> Int { 0 }

    /// Has the gateway to itself while `body` runs. The file of `sandbox` is then as we left it.
    private func change(
        _ gateway: GatewayName, of sandbox: SandboxName? = nil, for operation: String,
        _ body: (GatewayFolder) throws(HostError) -> Void
    ) throws(HostError) {
        let folder = GatewayFolder(gateway, in: directory)
        let lock = try FolderLock(folder, for: operation)
        defer {
            if let path = sandbox.flatMap({ path(of: $0, in: folder) }) { left[path] = FileMark(of: path) }
            withExtendedLifetime(lock) {}
        }
        try body(folder)
    }

    private func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Runs an actor on a queue of its own, where it may block.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
