package import Model

/// Chooses nodes for sandboxes whose authors name none.
///
/// Pure and deterministic: a sandbox stays where it is as long as it may; a new one goes, in order of name, to the node
/// with the most memory left beside it, the first by name among equals. Nobody is moved to make room.
package struct Placement: Sendable {
    /// What is known beside the manifests.
    package struct Circumstances: Sendable {
        /// Where sandboxes are, by what was entered and by what was seen.
        package var places: [SandboxName: Set<NodeName>]
        /// Nodes that were looked at, and answered.
        package var seen: Set<NodeName>
        /// Nodes that were looked at since before any of this was declared: what is not known to be there is not there.
        package var known: Set<NodeName> = []
        /// By a person's word: these take no new sandboxes,
        package var cordoned: Set<NodeName>
        /// and these are to be emptied as well.
        package var draining: Set<NodeName>

        package init(
            places: [SandboxName: Set<NodeName>] = [:], seen: Set<NodeName> = [], cordoned: Set<NodeName> = [],
            draining: Set<NodeName> = []
        ) {
            self.places = places
            self.seen = seen
            self.cordoned = cordoned
            self.draining = draining
        }
    }

    package private(set) var chosen: [SandboxName: NodeName] = [:]
    /// Why a node was chosen, for those that were nowhere, or on another one, before; a sentence each.
    package private(set) var reasons: [SandboxName: String] = [:]
    /// Why no node could be chosen; a sentence each, with the remedy.
    package private(set) var refusals: [SandboxName: String] = [:]
    /// Those that are not placed while a node is away that may have them; a sentence each.
    package private(set) var unknown: [SandboxName: String] = [:]

    private let desired: DesiredState
    private let circumstances: Circumstances
    private var used: [NodeName: DesiredNode.Capacity]

    package init(of desired: DesiredState, in circumstances: Circumstances) {
        self.desired = desired
        self.circumstances = circumstances
        used = [:]
        guard !desired.unplaced.isEmpty else { return }
        for sandbox in desired.sandboxes.values { take(sandbox.demand, of: sandbox.node) }
        // Who is somewhere already, before those who are nowhere.
        let names = desired.unplaced.keys.sorted()
        for name in names { stay(name) }
        for name in names where chosen[name] == nil { choose(name) }
    }

    // MARK: Who is somewhere

    private mutating func stay(_ name: SandboxName) {
        guard let wanted = desired.unplaced[name] else { return }
        let held = circumstances.places[name, default: []].filter { desired.nodes[$0] != nil }
        let fitting = held.filter { objection(to: $0, for: wanted) == nil && !circumstances.draining.contains($0) }
        guard let node = fitting.min() else {
            // Nowhere better: it stays until there is room elsewhere.
            return
        }
        take(wanted.sandbox.demand, of: node)
        chosen[name] = node
    }

    // MARK: Who is nowhere, or has to go

    private mutating func choose(_ name: SandboxName) {
        guard let wanted = desired.unplaced[name] else { return }
        let held = circumstances.places[name, default: []].filter { desired.nodes[$0] != nil }
        let nodes = desired.nodes.keys.sorted().filter { !held.contains($0) }
        var complaints: [String] = []
        var fitting: [NodeName] = []
        for node in nodes {
            if let why = objection(to: node, for: wanted) ?? closed(node) ?? shortage(of: node, for: wanted) {
                complaints.append("\(node) \(why)")
            } else {
                fitting.append(node)
            }
        }
        // It may be on a node that does not answer now: a second one of it is worse than to wait.
        // Once a person has said that a node takes no sandboxes, its absence is no reason to wait any more.
        let unseen = nodes.filter {
            !circumstances.seen.contains($0) && !circumstances.known.contains($0)
                && objection(to: $0, for: wanted) == nil && closed($0) == nil
        }
        if held.isEmpty, let node = unseen.first {
            unknown[name] =
                "no node is chosen for \(name) while \(node) is away, for it may be there; bring the node back, write "
                + "placement: {node: …}, or say that it is not there: berth node cordon \(node)"
            return
        }
        guard let best = fitting.filter(circumstances.seen.contains).max(by: isWorse) else {
            if let stays = held.min() {
                take(wanted.sandbox.demand, of: stays)
                chosen[name] = stays
            } else {
                refusals[name] =
                    "no node for \(name): \(complaints.isEmpty ? "none is declared" : complaints.joined(separator: "; "))"
            }
            return
        }
        take(wanted.sandbox.demand, of: best)
        chosen[name] = best
        let others = fitting.count - 1
        let left = free(on: best).map { ", with \(Self.words($0)) left beside it" } ?? ""
        let origin = held.min().map { "moves from \($0) to \(best)" } ?? "placed on \(best)"
        reasons[name] = origin + left + (others > 0 ? ", the most of \(fitting.count) nodes" : ", the only node for it")
    }

    private func isWorse(_ lhs: NodeName, _ rhs: NodeName) -> Bool {
        let (left, right) = (rank(lhs), rank(rhs))
        return left == right ? lhs > rhs : left < right
    }

    /// Bytes left; a node of which nobody said what it has counts what it is used for.
    private func rank(_ node: NodeName) -> Int64 {
        free(on: node)?.memoryBytes ?? -(used[node]?.memoryBytes ?? 0)
    }

    // MARK: Whether a node will do

    /// Why a node is never for this sandbox.
    private func objection(to name: NodeName, for wanted: UnplacedSandbox) -> String? {
        guard let node = desired.nodes[name] else { return "is in no manifest" }
        let hasMicro = desired.nodes.values.contains { $0.roles.contains(.micro) }
        if hasMicro, !node.roles.contains(.micro) { return "is no MICRO node" }
        if !wanted.candidates.isEmpty, !wanted.candidates.contains(name) {
            return "cannot have it: its repositories, its type or its address"
        }
        for (key, value) in wanted.labels.sorted(by: { $0.key < $1.key }) where node.labels[key] != value {
            return "has not \(key)=\(value)"
        }
        return nil
    }

    private func closed(_ name: NodeName) -> String? {
        if circumstances.draining.contains(name) { return "is being drained" }
        if circumstances.cordoned.contains(name) || desired.nodes[name]?.isCordoned == true { return "is cordoned" }
        return nil
    }

    private func shortage(of name: NodeName, for wanted: UnplacedSandbox) -> String? {
        guard let free = free(on: name) else { return nil }
        let demand = wanted.sandbox.demand
        guard demand.cpuMillis > free.cpuMillis || demand.memoryBytes > free.memoryBytes else { return nil }
        return "has \(Self.words(free)) left and \(Self.words(demand)) are asked"
    }

    private func free(on name: NodeName) -> DesiredNode.Capacity? {
        guard let capacity = desired.nodes[name]?.capacity else { return nil }
        let used = used[name] ?? DesiredNode.Capacity(cpuMillis: 0, memoryBytes: 0)
        return DesiredNode.Capacity(
            cpuMillis: capacity.cpuMillis - used.cpuMillis, memoryBytes: capacity.memoryBytes - used.memoryBytes)
    }

    private mutating func take(_ demand: DesiredNode.Capacity, of node: NodeName) {
        used[node, default: DesiredNode.Capacity(cpuMillis: 0, memoryBytes: 0)].cpuMillis += demand.cpuMillis
        used[node, default: DesiredNode.Capacity(cpuMillis: 0, memoryBytes: 0)].memoryBytes += demand.memoryBytes
    }

    /// `1.5 CPU and 2048 Mi`
    package static func words(_ capacity: DesiredNode.Capacity) -> String {
        let tenths = capacity.cpuMillis / 100
        return "\(tenths / 10).\(abs(tenths % 10)) CPU and \(capacity.memoryBytes >> 20) Mi"
    }
}

extension DesiredSandbox {
    /// What its containers may use together.
    package var demand: DesiredNode.Capacity {
        services.values.compactMap(\.container).reduce(into: DesiredNode.Capacity(cpuMillis: 0, memoryBytes: 0)) {
            $0.cpuMillis += Int64($1.limits.cpuMillis)
            $0.memoryBytes += $1.limits.memoryBytes
        }
    }
}

extension DesiredState {
    /// The same with the sandboxes that have a node now among those that are placed.
    package func placing(_ chosen: [SandboxName: NodeName]) -> DesiredState {
        var state = self
        for (name, node) in chosen {
            guard var sandbox = state.unplaced.removeValue(forKey: name)?.sandbox else { continue }
            sandbox.node = node
            sandbox.isPlacedByUs = true
            state.sandboxes[name] = sandbox
        }
        return state
    }

    /// Those that have a node and those that have none yet.
    var allSandboxes: [SandboxName: DesiredSandbox] {
        sandboxes.merging(unplaced.mapValues(\.sandbox)) { placed, _ in placed }
    }

    /// Whether a manifest declares it, in whatever state it is.
    package func isDeclared(_ sandbox: SandboxName) -> Bool {
        sandboxes[sandbox] != nil || unplaced[sandbox] != nil || frozen[sandbox] != nil
    }
}
