internal import Glibc
internal import Model
internal import Reconciler

/// One gateway: its files, its process and its live tables. Every method blocks for as long as `Bound` allows.
///
/// The live tables are the truth; the files are what a restart begins with. A change is made live, read back, and
/// only then written: whoever is told that it is done may rely on both. When we die in between, the file is older
/// than the table. What it names is still there, for nothing is retired before the change is reported done; and the
/// next survey sees the difference and says that the gateway is not current, which has it configured, which writes
/// the files from the tables. Written first, the file could name a target that a later plan, seeing only the live
/// table, takes for unused.
final class Gateway {
    let folder: GatewayFolder
    private let executable: String
    private let authorities: String
    private var lock: FolderLock?
    private var mirror: Mirror?

    /// What the live tables held when we last looked, for the process it is of.
    private struct Mirror {
        let pid: Int32
        var tables: [Table: [String: String]]
    }

    init(_ folder: GatewayFolder, executable: String, authorities: String) {
        self.folder = folder
        self.executable = executable
        self.authorities = authorities
    }

    // MARK: Looking

    /// The live tables, and whether everything about the gateway is as a configuration would leave it; `nil` where no
    /// proxy runs. Changes nothing.
    func survey(_ desired: DesiredGateway) throws(HostError) -> (snapshot: Snapshot, isCurrent: Bool)? {
        let operation = "survey gateway \(desired.name)"
        guard let snapshot = try snapshot(for: operation) else { return nil }
        let wanted = try ConfigurationText(desired, in: folder, authorities: authorities)
        guard snapshot.identity.description == describe(wanted.digest) else { return (snapshot, false) }
        for table in Table.allCases {
            let file = try DurableFile(path: folder.file(of: table)).read(for: operation)
            guard snapshot.strays(of: table).isEmpty, file == text(of: snapshot.values(of: table)) else {
                return (snapshot, false)
            }
        }
        return (snapshot, true)
    }

    /// The live tables alone, whatever the gateway should be; `nil` where no proxy runs. Changes nothing.
    func survey() throws(HostError) -> Snapshot? { try snapshot(for: "survey gateway \(folder.name)") }

    /// Requests under way and upgraded connections to a destination. What a replaced process still serves is counted
    /// by its connections, idle ones included: it answers no questions, and too many only means to wait longer.
    func openSessions(to address: String, port: UInt16) throws(HostError) -> Int {
        let proxy = LiveProxy(folder: folder, operation: "count sessions to \(address):\(port)")
        let identity = try proxy.identity()
        let live = try identity == nil ? 0 : proxy.sessions(to: "\(address):\(port)")
        let replaced = ProcessTable.proxies(of: folder).subtracting(identity.map { [$0.pid] } ?? [])
        return live + ProcessTable.connections(of: replaced, to: address, port: port)
    }

    // MARK: The process

    func configure(_ desired: DesiredGateway) throws(HostError) {
        let operation = "configure gateway \(desired.name)"
        let wanted = try ConfigurationText(desired, in: folder, authorities: authorities)
        try own(for: operation)
        let proxy = LiveProxy(folder: folder, operation: operation)
        let old = try tidy(proxy)
        if old?.description == describe(wanted.digest) { return }

        if old == nil { try ensureFiles(for: operation) }
        let process = ProxyProcess(folder: folder, executable: executable, operation: operation)
        try process.check(wanted.text)
        mirror = nil
        let ports = Set([desired.webPort].compactMap(\.self) + (desired.sandboxPorts.map(Array.init) ?? []))
        try process.start(replacing: old, listeningOn: ports)
        try process.verify(wanted.digest, through: proxy)
    }

    func dismantle() throws(HostError) {
        let operation = "dismantle gateway \(folder.name)"
        guard access(folder.path, F_OK) == 0 else { return }
        try own(for: operation)
        try ProxyProcess(folder: folder, executable: executable, operation: operation).stop()
        mirror = nil
        let maps = Table.allCases.map(folder.file)
        let files = [folder.configuration, folder.candidate, folder.pidFile] + maps
        for path in files.flatMap({ [$0, "\($0).tmp"] }) + [folder.adminSocket, folder.log] { unlink(path) }
        if let runtime = folder.runtimeFolder { rmdir(runtime) }
        unlink(folder.lock)
        lock = nil
        guard rmdir(folder.path) == 0 || errno == ENOENT else {
            throw HostError(operation, .refused, "cannot remove \(folder.path): \(lastError())")
        }
    }

    // MARK: The tables

    func set(_ key: RouteKey, to text: RouteText) throws(HostError) {
        try change([.routes], for: "set route \(key)") { proxy, _ throws(HostError) in
            try proxy.put("\(key)", text.text, in: .routes)
            return [(.routes, "\(key)", text.text)]
        }
    }

    func remove(_ key: RouteKey) throws(HostError) {
        try change([.routes], for: "remove route \(key)") { proxy, _ throws(HostError) in
            try proxy.drop("\(key)", from: .routes)
            return [(.routes, "\(key)", nil)]
        }
    }

    /// The new port opens before an old one closes.
    func admit(_ sandbox: SandboxName, port: UInt16?) throws(HostError) {
        let operation = "admit \(sandbox) to gateway \(folder.name)"
        try change([.sandboxes, .ports], for: operation) { proxy, ports throws(HostError) in
            if let port, let holder = ports["\(port)"], holder != sandbox.text {
                throw HostError(operation, .stale, "port \(port) belongs to sandbox \(bounded(holder))")
            }
            var edits: [Edit] = [(.sandboxes, sandbox.text, "1")]
            try proxy.put(sandbox.text, "1", in: .sandboxes)
            if let port {
                try proxy.put("\(port)", sandbox.text, in: .ports)
                edits.append((.ports, "\(port)", sandbox.text))
            }
            let others = ports.filter { $0.value == sandbox.text && $0.key != port.map(String.init) }.keys.sorted()
            for key in others { try proxy.drop(key, from: .ports) }
            return edits + others.map { (.ports, $0, nil) }
        }
    }

    /// Its port closes first, so that it never answers for a sandbox that may not be selected.
    func dismiss(_ sandbox: SandboxName) throws(HostError) {
        try change([.sandboxes, .ports], for: "dismiss \(sandbox) from gateway \(folder.name)") {
            proxy, ports throws(HostError) in
            let held = ports.filter { $0.value == sandbox.text }.keys.sorted()
            for key in held { try proxy.drop(key, from: .ports) }
            try proxy.drop(sandbox.text, from: .sandboxes)
            return held.map { (.ports, $0, nil) } + [(.sandboxes, sandbox.text, nil)]
        }
    }

    private typealias Edit = (table: Table, key: String, value: String?)

    /// Makes edits live, and then writes the files of the tables they are in. The edits see the live ports.
    private func change(
        _ tables: [Table], for operation: String,
        _ edit: (LiveProxy, _ ports: [String: String]) throws(HostError) -> [Edit]
    ) throws(HostError) {
        let proxy = LiveProxy(folder: folder, operation: operation)
        guard access(folder.path, F_OK) == 0, let identity = try proxy.identity() else {
            throw HostError(operation, .unreachable, "gateway \(folder.name) does not run; configure it first")
        }
        try own(for: operation)
        var current: Mirror
        if let mirror, mirror.pid == identity.pid { current = mirror } else { current = try load(for: operation) }
        // Unknown until the edits and their files are done: a failure in between must not be forgotten.
        mirror = nil
        for (table, key, value) in try edit(proxy, current.tables[.ports, default: [:]]) {
            current.tables[table, default: [:]][key] = value
        }
        for table in tables { try write(current.tables[table, default: [:]], to: table, for: operation) }
        mirror = current
    }

    private func load(for operation: String) throws(HostError) -> Mirror {
        guard let snapshot = try snapshot(for: operation) else {
            throw HostError(operation, .unreachable, "gateway \(folder.name) does not run; configure it first")
        }
        return Mirror(pid: snapshot.identity.pid, tables: tables(of: snapshot))
    }

    private func tables(of snapshot: Snapshot) -> [Table: [String: String]] {
        Dictionary(uniqueKeysWithValues: Table.allCases.map { ($0, snapshot.values(of: $0)) })
    }

    private func snapshot(for operation: String) throws(HostError) -> Snapshot? {
        let proxy = LiveProxy(folder: folder, operation: operation)
        guard let identity = try proxy.identity() else { return nil }
        var entries: [Table: [LiveProxy.Entry]] = [:]
        for table in Table.allCases { entries[table] = try proxy.entries(of: table) }
        let snapshot = Snapshot(identity: identity, entries: entries)
        // Somebody may have edited by hand: our next file must not bring the old back.
        if mirror != nil { mirror = Mirror(pid: identity.pid, tables: tables(of: snapshot)) }
        return snapshot
    }

    // MARK: The files

    /// Removes strays from the live tables and writes all files from them.
    private func tidy(_ proxy: LiveProxy) throws(HostError) -> LiveProxy.Identity? {
        guard let before = try snapshot(for: proxy.operation) else { return nil }
        for table in Table.allCases {
            for stray in before.strays(of: table) { try proxy.drop(stray, from: table) }
        }
        guard let after = try snapshot(for: proxy.operation) else { return nil }
        for table in Table.allCases { try write(after.values(of: table), to: table, for: proxy.operation) }
        return after.identity
    }

    private func ensureFiles(for operation: String) throws(HostError) {
        for path in Table.allCases.map(folder.file) where access(path, F_OK) != 0 {
            try DurableFile(path: path).write("", for: operation)
        }
    }

    private func write(_ values: [String: String], to table: Table, for operation: String) throws(HostError) {
        try DurableFile(path: folder.file(of: table)).write(text(of: values), for: operation)
    }

    private func text(of values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    }

    /// Takes the gateway's lock, making its folder where there is none.
    private func own(for operation: String) throws(HostError) {
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
