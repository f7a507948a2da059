package import Model
package import Planner

/// The gateway that a request reaches, and the port it comes to.
package struct GatewayChoice: Hashable, Sendable {
    package let gateway: DesiredGateway
    package let port: UInt16
    /// What was taken for granted.
    package let notes: [String]

    /// `named` is the one that a person says; otherwise the port and the host tell.
    package init(
        for asked: AskedRequest, among gateways: [GatewayName: DesiredGateway], named: GatewayName?
    ) throws(UnreadableRequest) {
        let all = gateways.values.sorted { $0.name < $1.name }
        var candidates = all.filter { if case .haproxy = $0.driver { true } else { false } }
        if let named {
            guard let gateway = gateways[named] else {
                let names = all.isEmpty ? "none" : all.map(\.name.text).joined(separator: ", ")
                throw UnreadableRequest("there is no gateway \(named); there are: \(names)")
            }
            candidates = candidates.filter { $0.name == named }
            guard !candidates.isEmpty else {
                throw UnreadableRequest(
                    "gateway \(gateway.name) is a program of its own that decides for itself; berth routes shows what "
                        + "it is told")
            }
        }
        guard !candidates.isEmpty else {
            throw UnreadableRequest("the manifests have no gateway that decides about requests")
        }
        let host = asked.request(at: 0).host
        let known = asked.port ?? asked.address.port
        let port = known ?? asked.address.scheme.usualPort
        let listening = Self.preferring(host, among: candidates.filter { $0.listens(on: port) })
        if let gateway = listening.first, listening.count == 1 {
            self.init(gateway: gateway, port: port, notes: [])
            return
        }
        guard listening.isEmpty else { throw Self.ambiguous(listening, "listen on port \(port)") }
        let places = candidates.map { "\($0.name) on \($0.spokenPorts)" }.joined(separator: ", ")
        guard known == nil else {
            throw UnreadableRequest("no gateway listens on port \(port): \(places); say which with --port")
        }
        // What stands before a gateway has the usual port in its place.
        let facing = Self.preferring(host, among: candidates.filter { $0.webPort != nil })
        guard let gateway = facing.first, let web = gateway.webPort else {
            throw UnreadableRequest("no gateway listens on port \(port): \(places); say which with --port")
        }
        guard facing.count == 1 else { throw Self.ambiguous(facing, "may stand behind port \(port)") }
        self.init(
            gateway: gateway, port: web,
            notes: ["port \(port) is taken to lead to port \(web) of gateway \(gateway.name); say another with --port"])
    }

    /// The request as the gateway gets it. A container that calls a service by its name reaches the gateway on the
    /// bridge of its network; where a network is not known yet, one stands for it in `table`.
    package func arriving(
        _ asked: AskedRequest, at table: inout RoutingTable
    ) throws(UnreadableRequest) -> GatewayRequest {
        var request = asked.request(at: port)
        if let caller = asked.caller {
            guard let admission = table.sandboxes[caller] else {
                let names = table.sandboxes.keys.sorted().map(\.text).joined(separator: ", ")
                throw UnreadableRequest(
                    "gateway \(gateway.name) lets no sandbox \(caller) in; there are: \(names.isEmpty ? "none" : names)"
                )
            }
            let network = admission.network ?? Self.standIn
            table.sandboxes[caller]?.network = network
            request.source = "\(IPv4(number: network.base + 2))"
        }
        guard request.destination == nil, gateway.insidePorts.contains(port), !request.host.contains("."),
            let source = request.source.flatMap({ IPv4($0) })
        else { return request }
        let networks = table.sandboxes.values.compactMap(\.network).filter { $0.contains(source.number) }
        request.destination = networks.first?.bridge
        return request
    }

    /// A network of documentation (RFC 5737), which nobody has.
    private static let standIn: Subnet = {
        guard let subnet = Subnet("192.0.2.0/28") else { preconditionFailure("that is a subnet") }
        return subnet
    }()

    private init(gateway: DesiredGateway, port: UInt16, notes: [String]) {
        self.gateway = gateway
        self.port = port
        self.notes = notes
    }

    private static func ambiguous(_ gateways: [DesiredGateway], _ what: String) -> UnreadableRequest {
        let names = gateways.map(\.name.text)
        return UnreadableRequest(
            "gateways \(names.joined(separator: ", ")) \(what); say which one: --gateway \(names.first ?? "")")
    }

    /// Those in whose domain the host is, where there are any.
    private static func preferring(_ host: String, among gateways: [DesiredGateway]) -> [DesiredGateway] {
        let own = gateways.filter { gateway in
            gateway.baseDomain.map { host == $0.lowercasedASCII || host.hasSuffix("." + $0.lowercasedASCII) } ?? false
        }
        return own.isEmpty ? gateways : own
    }
}

extension DesiredGateway {
    fileprivate func listens(on port: UInt16) -> Bool { listeners.contains { $0.role.takes(port) } }

    /// `18000 (web), 18080–18099 (sandboxes)`
    fileprivate var spokenPorts: String {
        listeners.map { listener in
            switch listener.role {
            case .web(let port): "\(port) (\(listener.name))"
            case .sandboxes(let range): "\(range.lowerBound)–\(range.upperBound) (\(listener.name))"
            case .inside(let ports): "\(ports.map(String.init).joined(separator: ", ")) (\(listener.name))"
            }
        }.joined(separator: ", ")
    }
}
