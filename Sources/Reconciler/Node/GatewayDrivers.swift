package import Model

/// The gateway drivers of one node: each gateway has the one that its manifest chooses.
///
/// A gateway that its manifest gives to another driver is not current until the one before has let go of it.
package actor GatewayDrivers: GatewayDriver {
    fileprivate enum Kind: CaseIterable { case haproxy, configFile }

    private let haproxy: any GatewayDriver
    private let configFile: any GatewayDriver
    /// Who had a gateway when it was last looked at.
    private var holders: [GatewayName: Kind] = [:]

    package init(haproxy: any GatewayDriver, configFile: any GatewayDriver) {
        self.haproxy = haproxy
        self.configFile = configFile
    }

    package func survey(_ gateway: DesiredGateway) async throws(HostError) -> ObservedGateway {
        guard let kind = Kind(gateway.driver) else {
            // The labels of containers say it all; whoever reads them is not ours.
            for other in Kind.allCases {
                if var left = try await driver(other).gateways(except: [])[gateway.name] {
                    left.isCurrent = false
                    return left
                }
            }
            return ObservedGateway(isRunning: true, isCurrent: true)
        }
        holders[gateway.name] = kind
        var observed = try await driver(kind).survey(gateway)
        for other in Kind.allCases where other != kind {
            if try await driver(other).gateways(except: []).keys.contains(gateway.name) { observed.isCurrent = false }
        }
        return observed
    }

    package func gateways(except named: Set<GatewayName>) async throws(HostError) -> [GatewayName: ObservedGateway] {
        var found: [GatewayName: ObservedGateway] = [:]
        for kind in Kind.allCases {
            for (name, live) in try await driver(kind).gateways(except: named) {
                found[name] = live
                if holders[name] == nil { holders[name] = kind }
            }
        }
        return found
    }

    package nonisolated func changes() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostHints)) { hints in
            let watch = Task {  // SAFE: it ends with the stream, whose consumer is waited for
                await withDiscardingTaskGroup { group in
                    group.addTask { for await hint in self.haproxy.changes() { hints.yield(hint) } }
                    group.addTask { for await hint in self.configFile.changes() { hints.yield(hint) } }
                }
                hints.finish()
            }
            hints.onTermination = { _ in watch.cancel() }
        }
    }

    /// Hints kept for a slow reader; what is lost beyond them the next look finds.
    private static let mostHints = 100

    package func configure(_ gateway: DesiredGateway) async throws(HostError) {
        guard let kind = Kind(gateway.driver) else { return }
        // The one before goes when the new one stands.
        try await driver(kind).configure(gateway)
        holders[gateway.name] = kind
        for other in Kind.allCases where other != kind {
            if try await driver(other).gateways(except: []).keys.contains(gateway.name) {
                try await driver(other).dismantle(gateway.name)
            }
        }
    }

    package func dismantle(_ gateway: GatewayName) async throws(HostError) {
        for kind in Kind.allCases where try await driver(kind).gateways(except: []).keys.contains(gateway) {
            try await driver(kind).dismantle(gateway)
        }
        holders[gateway] = nil
    }

    package func admit(_ sandbox: SandboxName, _ admission: Admission, to gateway: GatewayName)
        async throws(HostError)
    {
        try await holder(of: gateway).admit(sandbox, admission, to: gateway)
    }

    package func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) async throws(HostError) {
        try await holder(of: gateway).dismiss(sandbox, from: gateway)
    }

    package func setRoute(_ key: RouteKey, to target: RouteTarget, on gateway: GatewayName)
        async throws(HostError) -> Receipt.Flip
    {
        try await holder(of: gateway).setRoute(key, to: target, on: gateway)
    }

    package func removeRoute(_ key: RouteKey, on gateway: GatewayName) async throws(HostError) -> Receipt.Flip {
        try await holder(of: gateway).removeRoute(key, on: gateway)
    }

    package func setRules(_ rules: [RouteRule], of scope: RouteScope, on gateway: GatewayName)
        async throws(HostError)
    {
        try await holder(of: gateway).setRules(rules, of: scope, on: gateway)
    }

    package func openSessions(to address: String, port: UInt16, on gateway: GatewayName)
        async throws(HostError) -> Int
    {
        try await holder(of: gateway).openSessions(to: address, port: port, on: gateway)
    }

    private func driver(_ kind: Kind) -> any GatewayDriver {
        switch kind {
        case .haproxy: haproxy
        case .configFile: configFile
        }
    }

    /// Whose gateway it is; one that nobody has heard of is HAProxy's, which says that it does not run.
    private func holder(of gateway: GatewayName) async throws(HostError) -> any GatewayDriver {
        if let known = holders[gateway] { return driver(known) }
        if try await configFile.gateways(except: []).keys.contains(gateway) { return configFile }
        return haproxy
    }
}

extension GatewayDrivers.Kind {
    /// `nil` for one that is not driven.
    fileprivate init?(_ driver: DesiredGateway.Driver) {
        switch driver {
        case .haproxy: self = .haproxy
        case .configFileMap: self = .configFile
        case .traefikLabels: return nil
        }
    }
}
