internal import Model

extension Resolver {
    /// Breaks sandboxes that would take what another has by right of place: container names and fixed ports.
    mutating func rejectClashes() {
        var names: [String: Place] = [:]
        var ports: [Claim: Place] = [:]
        for sandbox in result.sandboxes.values.sorted(by: { $0.place < $1.place }) {
            let id = ObjectID(kind: .sandbox, name: sandbox.name.text)
            let isClear: Bool? = attempt(id) { _, findings in
                let taken = Self.containerNames(of: sandbox)
                for (name, place) in taken {
                    guard let other = names[name] else { continue }
                    findings.error(
                        place, "name-clash",
                        "the container would be called \(name), as the one of \(other.short); "
                            + "rename the sandbox or the service")
                }
                var wanted: [Claim: Place] = [:]
                for (claim, place) in Self.fixedPorts(of: sandbox) {
                    if let other = ports[claim] ?? wanted.updateValue(place, forKey: claim) {
                        findings.error(
                            place, "port-clash",
                            "\(claim) is asked for at \(other.short) too; write another, or \"port: auto\"")
                    }
                }
                guard findings.firstError == nil else { return nil }
                names.merge(taken) { first, _ in first }
                ports.merge(wanted) { first, _ in first }
                return true
            }
            if isClear == nil {
                result.sandboxes[sandbox.name] = nil
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

        var description: String {
            switch self {
            case .listener(let gateway, let port): "port \(port) of gateway \(gateway)"
            case .published(let node, let port): "port \(port) of node \(node)"
            }
        }
    }

    private static func fixedPorts(of sandbox: DesiredSandbox) -> [(Claim, Place)] {
        var claims: [(Claim, Place)] = []
        if let gateway = sandbox.gateway, case .fixed(let port)? = sandbox.listener {
            claims.append((.listener(gateway, port), sandbox.place))
        }
        for (_, service) in sandbox.services.sorted(by: { $0.key < $1.key }) {
            for port in service.container?.ports ?? [] {
                if case .fixed(let number)? = port.published {
                    claims.append((.published(sandbox.node, number), service.place))
                }
            }
        }
        return claims
    }
}
