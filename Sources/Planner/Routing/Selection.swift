package import Model

/// Which sandbox a request is for, and what else it says.
package struct Selection: Hashable, Sendable {
    package var sandbox: SandboxName?
    /// What named it; `nil` where nothing did.
    package var by: Selector?
    /// `header=qa-b`; a `?` behind a name that no sandbox has, and alone for what is no name.
    package var conflicts: [String] = []
    /// The service that the host names: `{service}.{sandbox}.{baseDomain}`, or by its own name inside a sandbox.
    package var serviceByHost: String?
    /// Called from inside a sandbox, by the name of a service.
    package var isInside = false
}

/// The first part of a gateway's law.
struct Selecting {
    let gateway: DesiredGateway
    let table: RoutingTable
    let request: GatewayRequest
    let verify: (String) -> String?

    /// The listener whose requests these are. Inside ports may be ports of other listeners too: which one is meant shows
    /// by the address that was called.
    var listener: GatewayListener? {
        gateway.listeners.first { $0.role.takes(request.port) && !$0.role.isInside } ?? inside
    }

    private var inside: GatewayListener? { gateway.listeners.first { $0.role.isInside && $0.role.takes(request.port) } }

    /// The sandbox out of which this was called on its own bridge address.
    var caller: SandboxName? {
        guard inside != nil, let resident = table.resident(at: request.source),
            resident.network.bridge == request.destination
        else { return nil }
        return resident.name
    }

    func select() -> Selection {
        var selection = Selection()
        let hostNames = readHost()
        if let caller {
            selection.isInside = true
            selection.serviceByHost = Slug.isSlug(request.host) ? request.host : nil
            selection.sandbox = caller
            selection.by = .sourceNetwork
        } else {
            selection.serviceByHost = hostNames?.service
        }
        for selector in gateway.selection {
            if listener?.isPublic == true, selector.isUntrusted { continue }
            switch claim(of: selector, hostNames?.sandbox) {
            case .nothing: continue
            case .unreadable: selection.conflicts.append("\(selector.word)=?")
            case .names(let name):
                let known = try? SandboxName(name)  // SAFE: a claim is a slug
                let admitted = known.flatMap { table.sandboxes[$0] == nil ? nil : $0 }
                if let admitted, selection.sandbox == nil {
                    selection.sandbox = admitted
                    selection.by = selector
                } else if selection.sandbox?.text != name {
                    selection.conflicts.append("\(selector.word)=\(name)\(admitted == nil ? "?" : "")")
                }
            }
        }
        return selection
    }

    private func claim(of selector: Selector, _ byHost: String?) -> CarrierReading.Claim {
        let carriers = CarrierReading(request: request)
        return switch selector {
        case .port: isOnSandboxPort ? table.holder(of: request.port).map { .names($0.text) } ?? .nothing : .nothing
        case .sourceNetwork: table.resident(at: request.source).map { .names($0.name.text) } ?? .nothing
        case .host: byHost.map { .names($0) } ?? .nothing
        case .header(let name): carriers.header(name)
        case .baggage(let key): carriers.baggage(key)
        case .tracestate(let key): carriers.tracestate(key)
        case .query(let name, _): carriers.query(name)
        case .cookie(let name, let isSigned): carriers.cookie(name, isSigned: isSigned, verify: verify)
        }
    }

    /// Whether the port is one that belongs to a sandbox, and was not called from inside one.
    var isOnSandboxPort: Bool {
        guard caller == nil, case .sandboxes? = listener?.role else { return false }
        return true
    }

    /// `{sandbox}` and `{service}` of a host below the base domain.
    private func readHost() -> (sandbox: String, service: String?)? {
        guard let domain = gateway.baseDomain?.lowercasedASCII, request.host.hasSuffix("." + domain) else { return nil }
        let labels = request.host.dropLast(domain.utf8.count + 1)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(labels.count), labels.allSatisfy({ Slug.isSlug(String($0)) }) else { return nil }
        return (String(labels[labels.count - 1]), labels.count == 2 ? String(labels[0]) : nil)
    }
}

extension GatewayListener.Role {
    package func takes(_ port: UInt16) -> Bool {
        switch self {
        case .web(let own): own == port
        case .sandboxes(let range): range.contains(port)
        case .inside(let ports): ports.contains(port)
        }
    }

    package var isInside: Bool { if case .inside = self { true } else { false } }
}
