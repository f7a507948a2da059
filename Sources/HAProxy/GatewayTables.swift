internal import Glibc
internal import Model
internal import Reconciler

/// Changes of the live tables, each with its way to the disk.
extension Gateway {
    func set(_ key: RouteKey, to text: RouteText) async throws(HostError) -> Receipt.Flip {
        let proxy = try begin("set route \(key)")
        let (_, before) = try proxy.put("\(key)", text.text, in: .routes)
        let flip = receipt(from: before, to: text.text)
        try await record([Edit(.routes, "\(key)", text.text)], for: proxy.operation)
        return flip
    }

    func remove(_ key: RouteKey) async throws(HostError) -> Receipt.Flip {
        let proxy = try begin("remove route \(key)")
        let (_, before) = try proxy.drop("\(key)", from: .routes)
        let flip = receipt(from: before, to: nil)
        try await record([Edit(.routes, "\(key)", nil)], for: proxy.operation)
        return flip
    }

    /// The target that a route has now; `nil` where it has none, or nobody of ours wrote it.
    func target(of key: RouteKey) throws(HostError) -> LiveRoute? {
        let proxy = try begin("look at route \(key)")
        return try proxy.value(of: "\(key)", in: .routes).flatMap(LiveRoute.init)
    }

    /// The new port and network open before old ones close.
    func admit(_ sandbox: SandboxName, _ admission: Admission) async throws(HostError) {
        let operation = "admit \(sandbox) to gateway \(folder.name)"
        let proxy = try begin(operation)
        let held = try held(through: proxy)
        var edits = [Edit(.sandboxes, sandbox.text, "1")]
        if let port = admission.port {
            if let holder = held.ports["\(port)"], holder != sandbox.text {
                throw HostError(operation, .stale, "port \(port) belongs to sandbox \(bounded(holder))")
            }
            edits.append(Edit(.ports, "\(port)", sandbox.text))
        }
        if let network = admission.network {
            let text = NetworkText(sandbox, in: network).text
            if let entry = held.networks["\(network)"], entry != text {
                throw HostError(operation, .stale, "network \(network) belongs to another sandbox (\(bounded(entry)))")
            }
            edits.append(Edit(.networks, "\(network)", text))
        }
        let kept = Set(edits.map { [$0.table.rawValue, $0.key] })
        let old = closing(sandbox, held).filter { !kept.contains([$0.table.rawValue, $0.key]) }
        try await make(edits + old, through: proxy)
    }

    /// Its port closes first, so that it never answers for a sandbox that may not be selected.
    func dismiss(_ sandbox: SandboxName) async throws(HostError) {
        let proxy = try begin("dismiss \(sandbox) from gateway \(folder.name)")
        let old = closing(sandbox, try held(through: proxy))
        try await make(old + [Edit(.sandboxes, sandbox.text, nil)], through: proxy)
    }

    /// New rules come first, then the scope leads to them, then what no scope leads to goes.
    func setRules(_ rules: [RouteRule], of scope: RouteScope) async throws(HostError) {
        let operation = "set the rules of \(scope) on gateway \(folder.name)"
        let wanted = rules.isEmpty ? nil : try RuleSet(rules)
        let proxy = try begin(operation)
        let live = try proxy.entries(of: .rules)
        var edits: [Edit] = []
        if let wanted {
            let values = Dictionary(grouping: live, by: \.key).mapValues { $0.map(\.value) }
            let missing = wanted.entries.filter { values[$0.key] != [$0.value] }
            // Whatever else has their names was not written by us.
            try proxy.drop(
                missing.flatMap { entry in values[entry.key, default: []].map { _ in entry.key } }, from: .rules)
            try proxy.add(missing, to: .rules)
            edits += missing.map { Edit(.rules, $0.key, $0.value) }
            if !missing.isEmpty { try check(wanted, through: proxy) }
            try proxy.put(scope.mapKey, wanted.name, in: .scopes)
        } else {
            try proxy.drop(scope.mapKey, from: .scopes)
        }
        edits.append(Edit(.scopes, scope.mapKey, wanted?.name))
        let used = Set(Set(try proxy.entries(of: .scopes).map(\.value)).flatMap(RuleSet.keys))
        let unused = live.map(\.key).filter { !used.contains($0) }
        try proxy.drop(unused, from: .rules)
        edits += Set(unused).sorted().map { Edit(.rules, $0, nil) }
        try await record(edits, for: operation)
    }

    private func check(_ wanted: RuleSet, through proxy: LiveProxy) throws(HostError) {
        let table = Dictionary(
            try proxy.entries(of: .rules).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard RuleSet.rules(of: wanted.name, in: table) != nil else {
            throw HostError(proxy.operation, .stale, "the rules that the proxy has are not those it was given")
        }
    }

    // MARK: Steps

    /// A change by the one who owns the gateway.
    private func begin(_ operation: String) throws(HostError) -> LiveProxy {
        guard access(folder.path, F_OK) == 0 else {
            throw HostError(operation, .unreachable, "gateway \(folder.name) does not run; configure it first")
        }
        try own(for: operation)
        return LiveProxy(folder: folder, operation: operation)
    }

    private func make(_ edits: [Edit], through proxy: LiveProxy) async throws(HostError) {
        for edit in edits {
            if let value = edit.value {
                try proxy.put(edit.key, value, in: edit.table)
            } else {
                try proxy.drop(edit.key, from: edit.table)
            }
        }
        try await record(edits, for: proxy.operation)
    }

    private func record(_ edits: [Edit], for operation: String) async throws(HostError) {
        let tables = files.wantsTables ? try snapshot(for: operation)?.values : nil
        try await files.record(edits, tables: tables, for: operation)
    }

    private typealias Held = (ports: [String: String], networks: [String: String])

    private func held(through proxy: LiveProxy) throws(HostError) -> Held {
        func values(_ table: Table) throws(HostError) -> [String: String] {
            Dictionary(
                try proxy.entries(of: table).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        return (try values(.ports), try values(.networks))
    }

    private func closing(_ sandbox: SandboxName, _ held: Held) -> [Edit] {
        held.ports.filter { $0.value == sandbox.text }.keys.sorted().map { Edit(.ports, $0, nil) }
            + held.networks.filter { $0.value.hasPrefix("\(sandbox)|") }.keys.sorted().map { Edit(.networks, $0, nil) }
    }

    /// What there is to tell of a flip that was read back just now.
    private func receipt(from before: String?, to after: String?) -> Receipt.Flip {
        let now = Timestamp.now
        func destination(_ text: String?) -> (address: String, port: UInt16)? {
            guard let route = text.flatMap(LiveRoute.init), let address = route.address,
                let port = route.target.endpoint?.port
            else { return nil }
            return (address, port)
        }
        guard let old = destination(before), destination(after).map({ $0 != old }) ?? true else {
            return Receipt.Flip(effectiveAt: now, openOnOld: nil)
        }
        do throws(HostError) {
            return Receipt.Flip(effectiveAt: now, openOnOld: try openSessions(to: old.address, port: old.port))
        } catch {
            // The flip is done, whoever counts.
            return Receipt.Flip(effectiveAt: now, openOnOld: nil)
        }
    }
}

extension Timestamp {
    fileprivate static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
