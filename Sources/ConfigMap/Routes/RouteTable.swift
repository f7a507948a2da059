internal import Glibc
internal import Model
internal import Reconciler

/// The routes of one sandbox: the file of its application gateway, and what we remember of it.
///
/// What is about to be written is remembered first, so that whoever is stopped in between is found by the next one.
struct RouteTable {
    let folder: GatewayFolder
    let sandbox: SandboxName
    let operation: String

    private var memory: RecordFile<SandboxRecord> { RecordFile(folder.file(of: sandbox)) }

    func record() throws(HostError) -> SandboxRecord? {
        guard var record = try memory.record(for: operation) else { return nil }
        record.branch = record.branch.kept(by: KeyPattern(record.map.keyPattern))
        return record
    }

    // MARK: Letting in and out

    /// Remembers the sandbox and what its branch shipped. What an earlier record of ours in the folder says is taken
    /// over, so that a file which we changed is never taken for what was shipped.
    func admit(_ map: MapRecord) throws(HostError) {
        let file = try read(map).get()
        var record = try record() ?? SandboxRecord(map: map)
        if record.branch == Shipped() { record.branch = try defaults(of: map) ?? Shipped() }
        try checkDefaults(of: map)
        record.map = map
        record.branch = brought(record.branch, to: file, map)
        try save(&record)
        try reload(&record)
    }

    /// Gives the file back as it was shipped, and forgets the sandbox.
    func dismiss() throws(HostError) {
        for _ in 0..<Bound.writeAttempts {
            guard var record = try record() else { return try memory.file.remove(for: operation) }
            if case .read(let file) = try present(record.map) {
                record.branch = brought(record.branch, to: file, record.map)
                let ours = record.branch.shipped.filter { record.branch.written[$0.key] != nil }
                guard try change(ours.mapValues(\.bytes), in: file, of: &record) else { continue }
                DurableFile(path: file.path).tidy()
                try reloadIfRunning(&record)
                try removeDefaults(record)
            }
            return try memory.file.remove(for: operation)
        }
        throw busy()
    }

    // MARK: Routes

    func set(_ service: ServiceName, to target: RouteTarget) throws(HostError) {
        for _ in 0..<Bound.writeAttempts {
            guard var record = try record() else {
                throw HostError(operation, .stale, "sandbox \(sandbox) is not let in to gateway \(folder.name)")
            }
            let file = try read(record.map).get()
            record.branch = brought(record.branch, to: file, record.map)
            let (key, current) = try value(of: service, in: file, record.map)
            let model = record.branch.shipped[key]?.bytes ?? current
            let url = RouteURL.text(of: target, for: service, like: PHPString.value(of: model[...]))
            let source = PHPString.source(of: url, like: current[...])
            record.routes[key] = TargetRecord(target, of: service)
            let ours = record.branch.written[key, default: []].filter { $0.bytes == current }
            record.branch.written[key] = ours.filter { $0.bytes != source } + [SourceText(source)]
            if source == current {
                try save(&record)
            } else if try !change([key: source], in: file, of: &record) {
                continue
            }
            try reload(&record)
            record.branch.written[key] = [SourceText(source)]
            return try save(&record)
        }
        throw busy()
    }

    /// Puts back what the branch shipped.
    func remove(_ service: ServiceName) throws(HostError) {
        for _ in 0..<Bound.writeAttempts {
            guard var record = try record() else { return }
            guard case .read(let file) = try present(record.map) else { return try forget(service, &record) }
            record.branch = brought(record.branch, to: file, record.map)
            guard let key = key(of: service, in: file, record.map) else { return try forget(service, &record) }
            let shipped = record.branch.shipped[key]?.bytes
            if let shipped, let current = file.config.source(of: key), !current.elementsEqual(shipped),
                try !change([key: shipped], in: file, of: &record)
            {
                continue
            }
            try reload(&record)
            record.branch.written[key] = nil
            record.routes[key] = nil
            return try save(&record)
        }
        throw busy()
    }

    /// The routes that differ from what the branch shipped, and whether all is in order: a sandbox of which it is not
    /// is let in again, which says what is wrong.
    func look() throws(HostError) -> (routes: [RouteKey: RouteTarget], isInOrder: Bool) {
        guard let record = try record() else { return ([:], false) }
        guard case .read(let file) = read(record.map) else { return (remembered(record), false) }
        let branch = brought(record.branch, to: file, record.map)
        guard let pattern = KeyPattern(record.map.keyPattern) else { return ([:], false) }
        var routes: [RouteKey: RouteTarget] = [:]
        for key in file.config.entries.keys {
            guard let service = pattern.service(of: key, among: file.config.entries.keys),
                let current = file.config.source(of: key)
            else { continue }
            if branch.written[key]?.last?.bytes.elementsEqual(current) == true,
                let target = record.routes[key]?.target
            {
                routes[RouteKey(sandbox: sandbox, service: service)] = target
            } else if branch.shipped[key]?.bytes.elementsEqual(current) != true {
                let value = PHPString.value(of: current)
                routes[RouteKey(sandbox: sandbox, service: service)] = RouteURL.target(of: value, for: service)
            }
        }
        let isLean = try memory.record(for: operation) == record
        return (routes, isLean && !record.needsReload)
    }

    /// What the last look would have said, of a file that is gone or broken.
    private func remembered(_ record: SandboxRecord) -> [RouteKey: RouteTarget] {
        var routes: [RouteKey: RouteTarget] = [:]
        for route in record.routes.values {
            do throws(InvalidName) {
                routes[RouteKey(sandbox: sandbox, service: try ServiceName(route.service))] = route.target
            } catch {
                continue
            }
        }
        return routes
    }

    // MARK: The file

    func read(_ map: MapRecord) -> ConfigFile.Reading { ConfigFile.read(map.file, in: map.folder, for: operation) }

    /// A file that is not there needs nothing given back; one that cannot be read does.
    private func present(_ map: MapRecord) throws(HostError) -> ConfigFile.Reading {
        let reading = read(map)
        if case .broken(let error) = reading { throw error }
        return reading
    }

    private func brought(_ branch: Shipped, to file: ConfigFile, _ map: MapRecord) -> Shipped {
        branch.brought(to: file.config, of: Checkout.text(of: map.folder), by: KeyPattern(map.keyPattern))
    }

    private func key(of service: ServiceName, in file: ConfigFile, _ map: MapRecord) -> String? {
        KeyPattern(map.keyPattern)?.keys(of: service).first { file.config.entries[$0] != nil }
    }

    private func value(
        of service: ServiceName, in file: ConfigFile, _ map: MapRecord
    ) throws(HostError) -> (key: String, source: [UInt8]) {
        guard let key = key(of: service, in: file, map), let entry = file.config.entries[key] else {
            throw HostError(operation, .refused, missing(service, in: file, map))
        }
        switch entry {
        case .string(let range): return (key, Array(file.config.bytes[range]))
        case .closed(let offset, let why):
            throw HostError(
                operation, .refused,
                "\(file.place(of: offset)): '\(key)' cannot be set: \(why); give it a plain string, once, outside every "
                    + "condition")
        }
    }

    private func missing(_ service: ServiceName, in file: ConfigFile, _ map: MapRecord) -> String {
        guard let pattern = KeyPattern(map.keyPattern) else { return Self.wrongPattern(map) }
        let wanted = pattern.keys(of: service)
        let known = pattern.nearest(to: wanted.last ?? "", among: file.config.entries.keys)
        let names = wanted.map { "'\($0)'" }.joined(separator: " nor ")
        guard !known.isEmpty else {
            return "\(file.path) has no \(names), nor any other key such as \(map.keyPattern)"
        }
        let rest = known.count - Bound.namedKeys
        return "\(file.path) has no \(names); it has " + known.prefix(Bound.namedKeys).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more" : "")
    }

    static func wrongPattern(_ map: MapRecord) -> String {
        "configFileMap.keyPattern \"\(map.keyPattern)\" must hold {service} once"
    }

    /// Remembers, then writes. Returns `false`, with nothing done, where somebody else wrote the file meanwhile.
    private func change(
        _ sources: [String: [UInt8]], in file: ConfigFile, of record: inout SandboxRecord
    ) throws(HostError) -> Bool {
        let due = sources.filter { key, source in file.config.source(of: key).map { !$0.elementsEqual(source) } ?? false
        }
        guard !due.isEmpty else { return true }
        record.needsReload = record.map.pidFile != nil
        try save(&record)
        return try file.replace(due, for: operation) != nil
    }

    private func busy() -> HostError {
        HostError(operation, .stale, "somebody else keeps writing the file of sandbox \(sandbox); look again")
    }

    // MARK: Apache

    private func reload(_ record: inout SandboxRecord) throws(HostError) {
        guard record.needsReload else { return }
        if let pidFile = record.map.pidFile { try ApacheReload(pidFile: pidFile).reload(for: operation) }
        record.needsReload = false
        try memory.write(record, for: operation)
    }

    /// An Apache that does not run serves nothing that is to be taken back.
    private func reloadIfRunning(_ record: inout SandboxRecord) throws(HostError) {
        guard record.needsReload, let pidFile = record.map.pidFile,
            case .running = try ApacheReload(pidFile: pidFile).server(for: operation)
        else { return }
        try reload(&record)
    }

    // MARK: Memory

    private func forget(_ service: ServiceName, _ record: inout SandboxRecord) throws(HostError) {
        guard let key = record.routes.first(where: { $0.value.service == service.text })?.key else { return }
        record.routes[key] = nil
        try memory.write(record, for: operation)
    }

    /// The defaults file first: it is what remains where our own folder is lost.
    private func save(_ record: inout SandboxRecord) throws(HostError) {
        record.routes = record.routes.filter { record.branch.written[$0.key] != nil }
        let path = try defaultsPath(of: record.map)
        let home = Self.folder(of: path)
        if access(home, F_OK) != 0 { record.ownsDefaultsFolder = true }
        try makeFolder(home, for: operation)
        try RecordFile<Shipped>(path).write(record.branch, for: operation)
        try makeFolder(folder.sandboxFolder, for: operation)
        try memory.write(record, for: operation)
    }

    private static func folder(of path: String) -> String { ConfigMap.folder(of: path) }

    private func defaults(of map: MapRecord) throws(HostError) -> Shipped? {
        try RecordFile<Shipped>(try defaultsPath(of: map)).record(for: operation)?.kept(by: KeyPattern(map.keyPattern))
    }

    private func checkDefaults(of map: MapRecord) throws(HostError) {
        let path = try defaultsPath(of: map)
        guard case .foreign = try RecordFile<Shipped>(path).read(for: operation) else { return }
        throw HostError(
            operation, .refused,
            "\(path) is not Berth's, and may be all that knows what the branch shipped; restore the configuration by "
                + "it and move it away, or name another configFileMap.defaultsFile")
    }

    private func removeDefaults(_ record: SandboxRecord) throws(HostError) {
        let path = try defaultsPath(of: record.map)
        try DurableFile(path: path).remove(for: operation)
        if record.ownsDefaultsFolder { rmdir(Self.folder(of: path)) }
    }

    /// Inside the branch's folder, whatever links are in it.
    private func defaultsPath(of map: MapRecord) throws(HostError) -> String {
        let path = "\(map.folder)/\(map.defaultsFile)"
        let parts = map.defaultsFile.split(separator: "/")
        let home = Self.folder(of: path)
        guard !parts.contains(".."), let root = resolved(map.folder),
            access(home, F_OK) != 0 || resolved(home).map({ $0 == root || $0.hasPrefix("\(root)/") }) == true
        else {
            throw HostError(
                operation, .refused, "\(path) leads out of its folder; correct configFileMap.defaultsFile")
        }
        return path
    }
}
