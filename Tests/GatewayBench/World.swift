internal import Glibc

/// What every gateway is given to route: sandboxes with the same services, each at an address of its own, and a
/// baseline of each service. All of them are one server, which tells by the address it was reached at who it is.
struct World: Sendable {
    static let services = ["account", "catalog", "login", "payment"]
    /// Of the sandboxes that requests are sent to; spread over the whole table.
    static let busySandboxes = 16
    /// Of those, the ones whose first service is flipped.
    static let flippedSandboxes = 8

    let sandboxes: Int
    /// Where all targets listen.
    let port: UInt16

    /// One service of one sandbox.
    struct Route: Hashable, Sendable {
        let sandbox: Int
        let service: Int

        var sandboxName: String { World.name(sandbox) }
        var serviceName: String { World.services[service] }
        /// `s00017:account`
        var key: String { "\(sandboxName):\(serviceName)" }
        var branch: String { "127.\(16 + sandbox / 250).\(sandbox % 250 + 1).\(service + 1)" }
        var baseline: String { "127.8.0.\(service + 1)" }

        func address(_ side: Side) -> String {
            switch side {
            case .branch: branch
            case .baseline: baseline
            }
        }
    }

    enum Side: Hashable, Sendable {
        case branch, baseline

        var other: Side { self == .branch ? .baseline : .branch }
    }

    /// In order of name.
    var routes: [Route] {
        (0..<sandboxes).flatMap { sandbox in World.services.indices.map { Route(sandbox: sandbox, service: $0) } }
    }

    /// Those that requests are sent to; the flipped ones come first.
    var busy: [Route] {
        let step = max(1, sandboxes / Self.busySandboxes)
        let chosen = (0..<min(Self.busySandboxes, sandboxes)).map { $0 * step }
        let flipped = chosen.prefix(Self.flippedSandboxes).map { Route(sandbox: $0, service: 0) }
        let all = chosen.flatMap { sandbox in World.services.indices.map { Route(sandbox: sandbox, service: $0) } }
        return flipped + all.filter { !flipped.contains($0) }
    }

    var flipped: [Route] { Array(busy.prefix(Self.flippedSandboxes)) }

    static func name(_ sandbox: Int) -> String {
        let digits = String(sandbox)
        return "s" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}

/// Where a flipped route leads at any moment, as far as its clients may rely on it.
final class Board: Sendable {
    /// Even while a route is settled, odd while it is being flipped; `side` is what it was flipped to.
    struct State: Hashable, Sendable {
        var epoch = 0
        var side = World.Side.branch
        var isSettled: Bool { epoch.isMultiple(of: 2) }
    }

    private let states: Guarded<[State]>

    init(routes: Int) { states = Guarded([State](repeating: State(), count: routes)) }

    /// Routes that are never flipped are always settled.
    func state(_ route: Int) -> State { states.use { route < $0.count ? $0[route] : State() } }

    func begin(_ route: Int, to side: World.Side) {
        states.use {
            $0[route].epoch += 1
            $0[route].side = side
        }
    }

    func settle(_ route: Int) { states.use { $0[route].epoch += 1 } }
}
