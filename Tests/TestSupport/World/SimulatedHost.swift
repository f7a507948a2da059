package import Model
package import Reconciler

/// A node at our own port, in memory, that misbehaves as its seed says: it loses requests, loses replies, acts twice
/// and dies in between. What it holds is the world that tests ask, never the code under test.
package actor SimulatedHost: Host {
    package enum Fault: String, CaseIterable, Sendable {
        case lostRequest, lostReply, twice, died, staleLook
    }

    package private(set) var world: World
    /// What happened, in order; the first word is the fault or `done`.
    package private(set) var trace: [String] = []
    /// Breaches of promises 2, 3 and 7, as they happened.
    package private(set) var breaches: [String] = []
    private var random: SplitMix64
    private var isFaulty: Bool
    private var lastLook: ObservedNode?

    package init(seed: UInt64, node: NodeName, images: Set<String>, isFaulty: Bool = true) {
        world = World(node: node, images: images)
        random = SplitMix64(seed: seed)
        self.isFaulty = isFaulty
    }

    // MARK: The port

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        if isFaulty, random.oneIn(12) {
            trace.append("lostRequest observe")
            throw HostError("observe", .unreachable, "simulated")
        }
        var look = world.observed(inquiry)
        look.containers.shuffle(using: &random)
        look.networks.shuffle(using: &random)
        // A look that is one action old: what a cache or a slow reply would give.
        if isFaulty, let lastLook, random.oneIn(10) {
            trace.append("staleLook")
            return lastLook
        }
        lastLook = look
        return look
    }

    @discardableResult
    package func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError)
        -> Receipt?
    {
        switch isFaulty ? Int.random(in: 0..<16, using: &random) : 15 {
        case 0:
            trace.append("lostRequest \(action)")
            throw HostError("\(action)", .unreachable, "simulated: the request was lost")
        case 1:
            trace.append("lostReply \(action)")
            try apply(action, uid)
            throw HostError("\(action)", .unreachable, "simulated: the reply was lost")
        case 2:
            trace.append("twice \(action)")
            try apply(action, uid)
            try apply(action, uid)
        case 3:
            trace.append("died \(action)")
            world.restartEngine()
            throw HostError("\(action)", .unreachable, "simulated: the engine died")
        default:
            trace.append("done \(action)")
            try apply(action, uid)
        }
        return action.simulatedReceipt
    }

    package nonisolated func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }

    private func apply(_ action: Action, _ uid: ResourceUID) throws(HostError) {
        let before = world.serving
        try world.apply(action, as: uid)
        for breach in world.breaches(since: before, by: action) { breaches.append("\(breach) by \(action)") }
    }

    // MARK: What tests do to the world

    /// From now on everything works.
    package func heal() { isFaulty = false }

    package func change(_ body: @Sendable (inout World) -> Void) { body(&world) }

    package func disturb() { world.disturb(using: &random) }
}

extension Action {
    fileprivate var simulatedReceipt: Receipt? {
        switch self {
        case .setRoute, .removeRoute:
            .flip(Receipt.Flip(effectiveAt: Timestamp(milliseconds: 1_763_700_000_123), openOnOld: 2))
        case .drain: .drain(Receipt.Drain(finished: 2, dropped: 0))
        default: nil
        }
    }
}
