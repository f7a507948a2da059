internal import Model
internal import Planner

/// What one carrier of a request says, and what came of it.
struct CarrierFinding: Hashable, Sendable {
    enum Claim: Hashable, Sendable {
        case sandbox(SandboxName)
        /// A name that no sandbox here has.
        case stranger(String)
        /// There is something, and it is no name.
        case unreadable
    }

    enum Verdict: String, Hashable, Sendable {
        /// It decided.
        case chose
        /// It says the same as what decided.
        case agrees
        /// It names another sandbox, and comes too late.
        case contradicts
        case unknown, unreadable
        /// Strangers reach the listener, and it proves nothing.
        case unbelieved
    }

    let selector: Selector
    let claim: Claim
    let verdict: Verdict

    /// `nil` where the carrier says nothing.
    init?(
        of selector: Selector, in request: GatewayRequest, at gateway: DesiredGateway, by table: RoutingTable,
        chosen: Selection
    ) {
        guard let claim = Self.claim(of: selector, in: request, at: gateway, by: table, chosen) else { return nil }
        self.selector = selector
        self.claim = claim
        let listener = gateway.listener(of: request, chosen)
        if listener?.isPublic == true, selector.isUntrusted {
            verdict = .unbelieved
            return
        }
        verdict =
            switch claim {
            case .sandbox(let name):
                chosen.sandbox != name ? .contradicts : chosen.by == selector ? .chose : .agrees
            case .stranger: .unknown
            case .unreadable: .unreadable
            }
    }

    /// Asked of a gateway that has this selector alone, and believes everybody.
    private static func claim(
        of selector: Selector, in request: GatewayRequest, at gateway: DesiredGateway, by table: RoutingTable,
        _ chosen: Selection
    ) -> Claim? {
        var request = request
        if chosen.isInside {
            if selector == .sourceNetwork { return chosen.sandbox.map { .sandbox($0) } }
            // Who calls from inside has no port of a sandbox, and is believed before all others.
            if selector == .port { return nil }
            request.destination = nil
        }
        var alone = gateway
        alone.selection = [selector]
        for index in alone.listeners.indices { alone.listeners[index].isPublic = false }
        let heard = Decision(of: request, at: alone, by: table, verify: SignedCookie.sandbox).selection
        if let sandbox = heard.sandbox { return .sandbox(sandbox) }
        guard let conflict = heard.conflicts.first else { return nil }
        // `header=qa-b?`, or `header=?`
        let name = conflict.drop { $0 != "=" }.dropFirst().dropLast()
        return name.isEmpty ? .unreadable : .stranger(String(name))
    }

    var names: SandboxName? { if case .sandbox(let name) = claim { name } else { nil } }

    /// `header x-sandbox`, `?__sandbox`
    var carrier: String {
        switch selector {
        case .port: "port"
        case .sourceNetwork: "source network"
        case .host: "host"
        case .header(let name): "header \(name)"
        case .baggage(let key): "baggage member \(key)"
        case .tracestate(let key): "tracestate member \(key)"
        case .query(let name, _): "query ?\(name)"
        case .cookie(let name, _): "cookie \(name)"
        }
    }

    /// `header x-sandbox names qa-b, which is no sandbox here`
    var sentence: String {
        let said =
            switch claim {
            case .sandbox(let name): "\(carrier) names \(name)"
            case .stranger(let name): "\(carrier) names \(name)"
            case .unreadable: "\(carrier) is there"
            }
        return switch verdict {
        case .chose: said
        case .agrees: "\(said) too"
        case .contradicts: "\(said), and comes after what decided"
        case .unknown: "\(said), which is no sandbox of this gateway"
        case .unreadable: "\(said), and is no name of a sandbox"
        case .unbelieved: "\(said), and is not believed: strangers reach this listener, and it proves nothing"
        }
    }
}

extension DesiredGateway {
    /// The listener whose requests these are; see ``Selection/isInside``.
    func listener(of request: GatewayRequest, _ selection: Selection) -> GatewayListener? {
        let taking = listeners.filter { $0.role.takes(request.port) }
        return taking.first { $0.role.isInside == selection.isInside } ?? taking.first
    }
}
