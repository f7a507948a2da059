internal import Model

/// The live tables of one process at one moment.
struct Snapshot {
    let identity: LiveProxy.Identity
    let entries: [Table: [LiveProxy.Entry]]

    /// What the proxy finds: of equal keys the first.
    func values(of table: Table) -> [String: String] {
        Dictionary(entries[table, default: []].map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Live routes by key; what nobody of ours wrote is left out.
    var routes: [RouteKey: LiveRoute] {
        var routes: [RouteKey: LiveRoute] = [:]
        for (key, value) in values(of: .routes) {
            if let key = RouteKey(mapKey: key), let route = LiveRoute(value) { routes[key] = route }
        }
        return routes
    }

    var sandboxes: [SandboxName: UInt16?] {
        var sandboxes: [SandboxName: UInt16?] = [:]
        for key in values(of: .sandboxes).keys {
            if let name = sandbox(key) { sandboxes[name] = .some(nil) }
        }
        for (port, holder) in keptPorts {
            if let name = sandbox(holder) { sandboxes[name] = .some(port) }
        }
        return sandboxes
    }

    /// Entries that a driver never leaves behind: a second one of a key, what cannot be read, and a port of a sandbox
    /// that is not admitted or has a lower one.
    func strays(of table: Table) -> [LiveProxy.Entry] {
        var seen: Set<String> = []
        let kept = Dictionary(uniqueKeysWithValues: keptPorts.map { ("\($0.port)", $0.sandbox) })
        return entries[table, default: []].filter { entry in
            guard seen.insert(entry.key).inserted else { return true }
            switch table {
            case .routes: return RouteKey(mapKey: entry.key) == nil || LiveRoute(entry.value) == nil
            case .sandboxes: return sandbox(entry.key) == nil
            case .ports: return kept[entry.key] != entry.value
            }
        }
    }

    private var keptPorts: [(port: UInt16, sandbox: String)] {
        let admitted = Set(values(of: .sandboxes).keys)
        let ports = values(of: .ports).compactMap { key, value in UInt16(key).map { (port: $0, sandbox: value) } }
        var taken: Set<String> = []
        return ports.sorted { $0.port < $1.port }
            .filter { admitted.contains($0.sandbox) && taken.insert($0.sandbox).inserted }
    }

    private func sandbox(_ text: String) -> SandboxName? {
        do throws(InvalidName) { return try SandboxName(text) } catch { return nil }
    }
}
