package import Model
package import Reconciler
internal import Synchronization

/// A gateway driver that counts sessions down as a test told it to.
package final class FakeGateways: GatewayDriver {
    private struct State {
        var sessions: [Int]
        var verbs: [String] = []
        var polls = 0
        var has: Set<GatewayName> = []
    }

    private let state: Mutex<State>

    /// `sessions` is what each question after open sessions is answered, the last of them for ever.
    package init(sessions: [Int] = [0]) { state = Mutex(State(sessions: sessions)) }

    package var verbs: [String] { state.withLock(\.verbs) }
    /// How often it was asked for open sessions.
    package var polls: Int { state.withLock(\.polls) }

    private func note(_ verb: String) { state.withLock { $0.verbs.append(verb) } }

    package func survey(_ gateway: DesiredGateway) throws(HostError) -> ObservedGateway {
        ObservedGateway(isRunning: true, isCurrent: true)
    }
    package func gateways(except named: Set<GatewayName>) -> [GatewayName: ObservedGateway] {
        let names = state.withLock(\.has).subtracting(named)
        return Dictionary(uniqueKeysWithValues: names.map { ($0, ObservedGateway(isRunning: true)) })
    }

    /// The gateways that are there from before.
    package func has(_ gateways: Set<GatewayName>) { state.withLock { $0.has = gateways } }
    package func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
    package func configure(_ gateway: DesiredGateway) { note("configure \(gateway.name)") }
    package func dismantle(_ gateway: GatewayName) {
        note("dismantle \(gateway)")
        state.withLock { _ = $0.has.remove(gateway) }
    }
    package func admit(_ sandbox: SandboxName, _ admission: Admission, to gateway: GatewayName) {
        note("admit \(sandbox)")
    }
    package func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) { note("dismiss \(sandbox)") }
    package func setRoute(_ key: RouteKey, to target: RouteTarget, on gateway: GatewayName) -> Receipt.Flip {
        note("set \(key)")
        return Self.receipt
    }
    package func removeRoute(_ key: RouteKey, on gateway: GatewayName) -> Receipt.Flip {
        note("remove \(key)")
        return Self.receipt
    }
    package func setRules(_ rules: [RouteRule], of scope: RouteScope, on gateway: GatewayName) {
        note("rules \(scope)")
    }

    private static let receipt = Receipt.Flip(effectiveAt: Timestamp(milliseconds: 0), openOnOld: nil)
    package func openSessions(to address: String, port: UInt16, on gateway: GatewayName) -> Int {
        state.withLock {
            $0.polls += 1
            return $0.sessions.count > 1 ? $0.sessions.removeFirst() : $0.sessions[0]
        }
    }
}
