internal import Model

extension Resolver {
    /// Breaks sandboxes that would take what another has by right of place: container names, fixed ports, and what a
    /// gateway has only one of.
    mutating func rejectClashes() {
        var names: [String: Place] = [:]
        var ports: [Claim: Place] = [:]
        let declared = Array(result.sandboxes.values) + result.unplaced.values.map(\.sandbox)
        for sandbox in declared.sorted(by: { $0.place < $1.place }) {
            let nodes = choices[sandbox.name] ?? [sandbox.node]
            let id = ObjectID(kind: .sandbox, name: sandbox.name.text)
            let isClear: Bool? = attempt(id) { resolver, findings in
                let taken = Self.containerNames(of: sandbox)
                for (name, place) in taken {
                    guard let other = names[name] else { continue }
                    findings.error(
                        place, "name-clash",
                        "the container would be called \(name), as the one of \(other.short); "
                            + "rename the sandbox or the service")
                }
                var wanted: [Claim: Place] = [:]
                for (claim, place) in Self.claims(of: sandbox, on: nodes, at: resolver.gateway(of: sandbox)) {
                    if let other = ports[claim] ?? wanted.updateValue(place, forKey: claim) {
                        findings.error(
                            place, claim.code, "\(claim) is asked for at \(other.short) too; \(claim.remedy)")
                    }
                }
                guard findings.firstError == nil else { return nil }
                names.merge(taken) { first, _ in first }
                ports.merge(wanted) { first, _ in first }
                return true
            }
            if isClear == nil {
                result.sandboxes[sandbox.name] = nil
                result.unplaced[sandbox.name] = nil
                result.routes[id] = nil
                result.broken[sandbox.name] = result.brokenObjects[id]
            }
        }
    }

    private static func containerNames(of sandbox: DesiredSandbox) -> [(String, Place)] {
        sandbox.services.sorted { $0.key < $1.key }.compactMap { name, service in
            guard service.container != nil, let slug = Slug.make("sandbox-\(sandbox.name)-\(name)") else { return nil }
            return (slug, service.place)
        }
    }

    private enum Claim: Hashable, CustomStringConvertible {
        case listener(GatewayName, UInt16)
        case published(NodeName, UInt16)
        /// The one table of an application gateway whose folder is the same for all.
        case table(GatewayName)
        /// The name that Traefik knows a service of a sandbox by.
        case router(GatewayName, String)

        var code: String {
            switch self {
            case .listener, .published: "port-clash"
            case .table: "gateway-clash"
            case .router: "name-clash"
            }
        }

        var remedy: String {
            switch self {
            case .listener, .published: "write another, or \"port: auto\""
            case .table: "write {sandbox} into the gateway's \"folder\", so that each sandbox has its own"
            case .router: "rename the sandbox or the service"
            }
        }

        var description: String {
            switch self {
            case .listener(let gateway, let port): "port \(port) of gateway \(gateway)"
            case .published(let node, let port): "port \(port) of node \(node)"
            case .table(let gateway): "the one table of gateway \(gateway)"
            case .router(let gateway, let name): "router \(name) of gateway \(gateway)"
            }
        }
    }

    private func gateway(of sandbox: DesiredSandbox) -> DesiredGateway? {
        sandbox.gateway.flatMap { result.gateways[$0] }
    }

    /// A sandbox that can come to several machines asks for its ports on each of them.
    private static func claims(
        of sandbox: DesiredSandbox, on nodes: Set<NodeName>, at gateway: DesiredGateway?
    ) -> [(Claim, Place)] {
        var claims: [(Claim, Place)] = []
        switch gateway?.driver {
        case .configFileMap(let map)? where !map.isPerSandbox:
            if let name = gateway?.name { claims.append((.table(name), sandbox.place)) }
        case .traefikLabels?:
            for (service, desired) in sandbox.services.sorted(by: { $0.key < $1.key }) {
                guard let name = gateway?.name, desired.container?.labels.isEmpty == false else { continue }
                claims.append((.router(name, TraefikLabels.router(of: service, in: sandbox.name)), desired.place))
            }
        case .configFileMap?, .haproxy?, nil: break
        }
        if let gateway = sandbox.gateway, case .fixed(let port)? = sandbox.listener {
            claims.append((.listener(gateway, port), sandbox.place))
        }
        for (_, service) in sandbox.services.sorted(by: { $0.key < $1.key }) {
            for port in service.container?.ports ?? [] {
                if case .fixed(let number)? = port.published {
                    claims += nodes.sorted().map { (.published($0, number), service.place) }
                }
            }
        }
        return claims
    }
}
