package import Model
package import Reconciler

/// Several machines at our own port that misbehave as their seed says: each loses requests and replies, acts twice,
/// answers late, and is cut off from its controller for a while, in both directions or in one.
package actor SimulatedMachines {
    /// How a machine is reached.
    package enum Way: String, CaseIterable, Sendable {
        case open
        /// Nothing gets through.
        case cut
        /// What is asked arrives and is done; no answer comes back.
        case oneWay
    }

    package private(set) var machines: Machines
    /// What happened, machine by machine, each in its own order: looks at several are taken side by side.
    package var trace: [String] { traces.sorted { $0.key < $1.key }.flatMap(\.value) }
    private var traces: [NodeName: [String]] = [:]
    package private(set) var breaches: [String] = []
    private var ways: [NodeName: Way] = [:]
    /// One for each machine, for the same reason.
    private var randoms: [NodeName: SplitMix64] = [:]
    private var isFaulty = true
    private var lastLooks: [NodeName: ObservedNode] = [:]

    package init(seed: UInt64, _ machines: Machines) {
        self.machines = machines
        for (index, node) in machines.worlds.keys.sorted().enumerated() {
            randoms[node] = SplitMix64(seed: seed &* 31 &+ UInt64(index))
        }
    }

    package func heal() {
        isFaulty = false
        ways = [:]
    }

    package func set(_ way: Way, to node: NodeName) {
        ways[node] = way
        note("\(way.rawValue) \(node)", at: node)
    }

    package func change(_ body: @Sendable (inout Machines) -> Void) { body(&machines) }

    package func disturb(_ node: NodeName) {
        guard var random = randoms[node] else { return }
        machines.worlds[node]?.disturb(using: &random)
        randoms[node] = random
    }

    private func note(_ what: String, at node: NodeName) { traces[node, default: []].append(what) }

    private func draw(_ count: Int, at node: NodeName) -> Int {
        guard var random = randoms[node] else { return 0 }
        defer { randoms[node] = random }
        return Int.random(in: 0..<count, using: &random)
    }

    package nonisolated func hosts(_ nodes: [NodeName]) -> FixedHosts {
        FixedHosts(Dictionary(uniqueKeysWithValues: nodes.map { ($0, SimulatedMachine(node: $0, fleet: self)) }))
    }

    // MARK: The port of one machine

    fileprivate func observe(_ node: NodeName, _ inquiry: Inquiry) throws(HostError) -> ObservedNode {
        guard ways[node, default: .open] == .open, !(isFaulty && draw(14, at: node) == 0) else {
            note("lostRequest observe \(node)", at: node)
            throw HostError("observe \(node)", .unreachable, "simulated")
        }
        guard var look = machines.worlds[node]?.observed(inquiry) else {
            throw HostError("observe \(node)", .unreachable, "no such machine")
        }
        if draw(2, at: node) == 0 { look.containers.reverse() }
        if isFaulty, draw(12, at: node) == 0, let last = lastLooks[node] {
            note("staleLook \(node)", at: node)
            return last
        }
        lastLooks[node] = look
        return look
    }

    fileprivate func perform(_ action: Action, on node: NodeName, as uid: ResourceUID) throws(HostError) {
        switch ways[node, default: .open] {
        case .open: break
        case .cut:
            note("lostRequest \(action) @\(node)", at: node)
            throw HostError("\(action)", .unreachable, "simulated: cut off")
        case .oneWay:
            note("lostReply \(action) @\(node)", at: node)
            try apply(action, node, uid)
            throw HostError("\(action)", .unreachable, "simulated: no answer")
        }
        switch isFaulty ? draw(18, at: node) : 17 {
        case 0:
            note("lostRequest \(action) @\(node)", at: node)
            throw HostError("\(action)", .unreachable, "simulated: the request was lost")
        case 1:
            note("lostReply \(action) @\(node)", at: node)
            try apply(action, node, uid)
            throw HostError("\(action)", .unreachable, "simulated: the reply was lost")
        case 2:
            note("twice \(action) @\(node)", at: node)
            try apply(action, node, uid)
            try apply(action, node, uid)
        default:
            note("done \(action) @\(node)", at: node)
            try apply(action, node, uid)
        }
    }

    private func apply(_ action: Action, _ node: NodeName, _ uid: ResourceUID) throws(HostError) {
        let before = machines.serving
        // An answer may be older than what others did by hand, never older than what we were told is done.
        lastLooks[node] = nil
        try machines.apply(action, on: node, as: uid)
        breaches += machines.breaches(since: before).map { "\($0) by \(action) @\(node)" }
    }
}

/// One of them.
private struct SimulatedMachine: Host {
    let node: NodeName
    let fleet: SimulatedMachines

    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode { try await fleet.observe(node, inquiry) }

    @discardableResult
    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        try await fleet.perform(action, on: node, as: uid)
        return nil
    }

    func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
}
