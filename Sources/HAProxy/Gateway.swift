internal import Glibc
internal import Model
internal import Reconciler

/// One gateway: its files, its process and its live tables. Every method blocks for as long as `Bound` allows, but for
/// the disk: that is awaited.
///
/// The live tables are the truth; the files are what a restart begins with. A change is made live, read back, and
/// only then written: whoever is told that it is done may rely on both. When we die in between, the files are older
/// than the tables. What they name is still there, for nothing is retired before the change is reported done; and the
/// next survey sees the difference and says that the gateway is not current, which has it configured, which writes
/// the files from the tables. Written first, the files could name a target that a later plan, seeing only the live
/// tables, takes for unused.
final class Gateway {
    let folder: GatewayFolder
    let files: TableFiles
    private let executable: String
    private let authorities: String
    private var lock: FolderLock?
    /// As far as they are known.
    private var replaced: Set<Int32>?

    init(_ folder: GatewayFolder, executable: String, authorities: String) {
        self.folder = folder
        self.executable = executable
        self.authorities = authorities
        files = TableFiles(folder)
    }

    // MARK: Looking

    /// The live tables, and whether everything about the gateway is as a configuration would leave it; `nil` where no
    /// proxy runs. Changes nothing.
    func survey(_ desired: DesiredGateway) throws(HostError) -> (snapshot: Snapshot, isCurrent: Bool)? {
        let operation = "survey gateway \(desired.name)"
        guard let snapshot = try snapshot(for: operation) else { return nil }
        let wanted: ConfigurationText
        do throws(HostError) {
            wanted = try ConfigurationText(desired, in: folder, authorities: authorities)
        } catch {
            // What cannot be configured is not current, and `configure` says why; what is live can be seen all the same.
            return (snapshot, false)
        }
        guard snapshot.identity.description == describe(wanted.digest), snapshot.isTidy else {
            return (snapshot, false)
        }
        return (snapshot, try files.read(for: operation) == snapshot.values)
    }

    /// The live tables alone, whatever the gateway should be; `nil` where no proxy runs. Changes nothing.
    func survey() throws(HostError) -> Snapshot? { try snapshot(for: "survey gateway \(folder.name)") }

    func snapshot(for operation: String) throws(HostError) -> Snapshot? {
        let proxy = LiveProxy(folder: folder, operation: operation)
        guard let identity = try proxy.identity() else { return nil }
        var entries: [Table: [LiveProxy.Entry]] = [:]
        for table in Table.allCases { entries[table] = try proxy.entries(of: table) }
        return Snapshot(identity: identity, entries: entries)
    }

    /// Requests under way and upgraded connections to a destination. What a replaced process still serves is counted
    /// by its connections, idle ones included: it answers no questions, and too many only means to wait longer.
    func openSessions(to address: String, port: UInt16) throws(HostError) -> Int {
        let proxy = LiveProxy(folder: folder, operation: "count sessions to \(address):\(port)")
        let live = try proxy.sessions(to: "\(address):\(port)")
        let replaced = replacedProxies(besides: live?.pid)
        // A client of a replaced process may ask once more, which that answers by its own tables.
        let clients = live.map { ProcessTable.clients(of: replaced, onPortsOf: $0.pid) } ?? 0
        return (live?.count ?? 0)
            + max(clients, ProcessTable.connections(of: replaced, to: address, port: port))
    }

    /// Processes that serve their last connections. Only the owner replaces any, so that it need not look at all
    /// processes of the machine each time.
    private func replacedProxies(besides current: Int32?) -> Set<Int32> {
        let known = lock == nil ? nil : replaced
        let found = known?.filter { ProcessTable.isProxy($0, of: folder) } ?? ProcessTable.proxies(of: folder)
        replaced = found
        return found.subtracting(current.map { [$0] } ?? [])
    }

    // MARK: The process

    func configure(_ desired: DesiredGateway) throws(HostError) {
        let operation = "configure gateway \(desired.name)"
        let wanted = try ConfigurationText(desired, in: folder, authorities: authorities)
        try own(for: operation)
        let proxy = LiveProxy(folder: folder, operation: operation)
        let live = try snapshot(for: operation)
        if let live, live.identity.description == describe(wanted.digest) { return try tidy(live, through: proxy) }

        // Another configuration, perhaps of an earlier version, reads its tables in its own way: they stay as they are.
        let tables = if let live { live.values } else { try files.read(for: operation) }
        try files.write(tables.kept, for: operation)
        try CookieKey(path: folder.cookieKey).ensure(for: operation)
        let program = folder.program(wanted.program.digest)
        try DurableFile(path: program).write(wanted.program.text, for: operation)
        let process = ProxyProcess(folder: folder, executable: executable, operation: operation)
        let ports = Set(desired.listeners.flatMap(\.role.ports))
        try process.checkPorts(ports)
        try process.check(wanted.text)
        replaced = nil
        try process.start(replacing: live?.identity, listeningOn: ports)
        try process.verify(wanted.digest, through: proxy)
        for path in folder.programs where path != program { unlink(path) }
    }

    func dismantle() throws(HostError) {
        let operation = "dismantle gateway \(folder.name)"
        guard access(folder.path, F_OK) == 0 else { return }
        try own(for: operation)
        try ProxyProcess(folder: folder, executable: executable, operation: operation).stop()
        let files =
            [folder.configuration, folder.candidate, folder.pidFile, folder.cookieKey]
            + Table.allCases.map(folder.file) + folder.programs
        for path in files.flatMap({ [$0, "\($0).tmp"] }) { unlink(path) }
        for path in [folder.adminSocket, folder.probeSocket, folder.log, folder.programLog, folder.changes] {
            unlink(path)
        }
        if let runtime = folder.runtimeFolder { rmdir(runtime) }
        unlink(folder.lock)
        lock = nil
        guard rmdir(folder.path) == 0 || errno == ENOENT else {
            throw HostError(operation, .refused, "cannot remove \(folder.path): \(lastError())")
        }
    }

    /// Mends the live tables, and writes all files from them.
    private func tidy(_ before: Snapshot, through proxy: LiveProxy) throws(HostError) {
        for stray in before.strays { try proxy.drop(stray.entry, from: stray.table) }
        for mend in before.mends { try proxy.put(mend.key, mend.value, in: mend.table) }
        let after = before.isTidy ? before : try snapshot(for: proxy.operation)
        if let after { try files.write(after.values, for: proxy.operation) }
    }

    /// Takes the gateway's lock, making its folder where there is none.
    func own(for operation: String) throws(HostError) {
        guard lock == nil else { return }
        for path in [folder.path] + (folder.runtimeFolder.map { [$0] } ?? []) { try makeFolder(path, for: operation) }
        lock = try FolderLock(folder, for: operation)
    }

    private func makeFolder(_ path: String, for operation: String) throws(HostError) {
        var built = ""
        for part in path.split(separator: "/") {
            built += "/\(part)"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST || access(built, F_OK) == 0 else {
                throw HostError(operation, .refused, "cannot make \(built): \(lastError())")
            }
        }
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            throw HostError(operation, .refused, "\(path) is not a folder of ours")
        }
    }
}
