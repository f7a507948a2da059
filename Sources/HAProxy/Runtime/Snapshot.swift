internal import Model

/// The live tables of one process at one moment.
struct Snapshot {
    let identity: LiveProxy.Identity
    let entries: [Table: [LiveProxy.Entry]]
    private let tables: Tables

    init(identity: LiveProxy.Identity, entries: [Table: [LiveProxy.Entry]]) {
        self.identity = identity
        self.entries = entries
        // What the proxy finds: of equal keys the first.
        tables = Tables(
            entries.mapValues { entries in
                Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
            })
    }

    /// What the proxy finds.
    var values: Tables { tables }

    /// Live routes by key; what nobody of ours wrote is left out.
    var routes: [RouteKey: LiveRoute] {
        var routes: [RouteKey: LiveRoute] = [:]
        for (key, value) in tables[.routes] {
            if let key = RouteKey(mapKey: key), let route = LiveRoute(value) { routes[key] = route }
        }
        return routes
    }

    var sandboxes: [SandboxName: Admission] {
        var sandboxes: [SandboxName: Admission] = [:]
        for key in tables[.sandboxes].keys {
            if let name = sandbox(key) { sandboxes[name] = Admission() }
        }
        for (port, holder) in tables.keptPorts {
            if let name = sandbox(holder) { sandboxes[name]?.port = port }
        }
        for (name, network) in tables.keptNetworks { sandboxes[name]?.network = network }
        return sandboxes
    }

    /// Whole sets only: of one that was edited by hand nothing is believed.
    var rules: [RouteScope: [RouteRule]] {
        var rules: [RouteScope: [RouteRule]] = [:]
        for (key, name) in tables[.scopes] {
            if let scope = RouteScope(mapKey: key) { rules[scope] = RuleSet.rules(of: name, in: tables[.rules]) }
        }
        return rules
    }

    /// Whether a driver left the tables like this.
    var isTidy: Bool { strays.isEmpty && mends.isEmpty }

    /// Entries that a driver never leaves behind: a second one of a key, and what is not ``Tables/kept``.
    var strays: [(table: Table, entry: LiveProxy.Entry)] {
        let kept = tables.kept
        return Table.allCases.flatMap { table in
            var seen: Set<String> = []
            return entries[table, default: []]
                .filter { !seen.insert($0.key).inserted || kept[table][$0.key] == nil }
                .map { (table, $0) }
        }
    }

    /// Entries that stay with another value.
    var mends: [(table: Table, key: String, value: String)] {
        let kept = tables.kept
        return Table.allCases.flatMap { table in
            kept[table].filter { tables[table][$0.key] != $0.value }.sorted { $0.key < $1.key }
                .map { (table, $0.key, $0.value) }
        }
    }
}

/// All maps of a gateway as keys and values.
struct Tables: Hashable, Sendable {
    private var maps: [Table: [String: String]] = [:]

    init(_ maps: [Table: [String: String]] = [:]) {
        for table in Table.allCases { self.maps[table] = maps[table, default: [:]] }
    }

    subscript(_ table: Table) -> [String: String] { maps[table, default: [:]] }

    mutating func apply(_ edit: Edit) { maps[edit.table, default: [:]][edit.key] = edit.value }
}

/// One change of a map; without a value the key goes.
struct Edit: Hashable, Sendable {
    let table: Table
    let key: String
    let value: String?

    init(_ table: Table, _ key: String, _ value: String?) {
        self.table = table
        self.key = key
        self.value = value
    }
}

extension Tables {
    /// What a driver would leave of them: without what cannot be read, a port or network of a sandbox that is not
    /// admitted or has a lower one, and rules that no scope leads to or that are not whole.
    var kept: Tables {
        let scopes = self[.scopes].filter { key, name in
            RouteScope(mapKey: key) != nil && RuleSet.rules(of: name, in: self[.rules]) != nil
        }
        let rules = Set(Set(scopes.values).flatMap(RuleSet.keys))
        var routes: [String: String] = [:]
        for (key, text) in self[.routes] { routes[key] = RouteText.kept(text, of: key) }
        return Tables([
            .routes: routes,
            .sandboxes: self[.sandboxes].filter { sandbox($0.key) != nil },
            .ports: Dictionary(keptPorts.map { ("\($0.port)", $0.sandbox) }, uniquingKeysWith: { first, _ in first }),
            .networks: Dictionary(
                keptNetworks.map { ("\($0.network)", NetworkText($0.name, in: $0.network).text) },
                uniquingKeysWith: { first, _ in first }),
            .scopes: scopes,
            .rules: self[.rules].filter { rules.contains($0.key) },
        ])
    }

    fileprivate var keptPorts: [(port: UInt16, sandbox: String)] {
        let admitted = self[.sandboxes]
        let ports = self[.ports].compactMap { key, value in
            UInt16(key).flatMap { "\($0)" == key ? (port: $0, sandbox: value) : nil }
        }
        var taken: Set<String> = []
        return ports.sorted { $0.port < $1.port }
            .filter { admitted[$0.sandbox] != nil && taken.insert($0.sandbox).inserted }
    }

    fileprivate var keptNetworks: [(name: SandboxName, network: Subnet)] {
        let admitted = self[.sandboxes]
        var taken: Set<SandboxName> = []
        return self[.networks].compactMap { NetworkText.sandbox(of: (key: $0.key, value: $0.value)) }
            .sorted { $0.network < $1.network }
            .filter { admitted[$0.name.text] != nil && taken.insert($0.name).inserted }
    }
}

private func sandbox(_ text: String) -> SandboxName? {
    do throws(InvalidName) { return try SandboxName(text) } catch { return nil }
}
