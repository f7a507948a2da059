internal import Dispatch
internal import Glibc
package import Model
package import Reconciler

/// Gateways that are HAProxy processes, one a gateway, each in a folder of its own.
///
/// A proxy has one generic configuration; sandboxes and routes are in maps that are changed over its admin socket, so
/// that no flip costs a reload. Work is done one call at a time on a thread of the driver's own, since all of it
/// blocks; only names are resolved before.
package actor HAProxyDriver: GatewayDriver {
    private let directory: String
    private let executable: String
    private let authorities: String
    private let thread = QueueExecutor(label: "berth.haproxy")
    private let names = AddressBook()
    private let baselines = BaselineWatch()
    private var gateways: [GatewayName: Gateway] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// `directory` holds a folder a gateway; `authorities` is a file of certificates that `https` targets are verified
    /// against.
    package init(
        directory: String, executable: String = "/usr/sbin/haproxy", authorities: String = "@system-ca"
    ) {
        self.directory = directory
        self.executable = executable
        self.authorities = authorities
    }

    package func survey(_ gateway: DesiredGateway) async throws(HostError) -> ObservedGateway {
        guard let (snapshot, isCurrent) = try self.gateway(gateway.name).survey(gateway) else {
            return ObservedGateway()
        }
        let routes = snapshot.routes
        return ObservedGateway(
            isRunning: true, isCurrent: isCurrent, routes: routes.mapValues(\.target), moved: await moved(snapshot),
            sandboxes: snapshot.sandboxes, rules: snapshot.rules, baselines: await baselines(of: gateway, routes))
    }

    /// What baselines say, and of those whose names lead nowhere, that.
    private func baselines(
        of gateway: DesiredGateway, _ routes: [RouteKey: LiveRoute]
    ) async -> [ServiceName: ObservedBaseline] {
        let shared = routes.filter { $0.key.sandbox == nil && $0.value.target.endpoint != nil }
        let reached = Set(shared.filter { $0.value.address != nil }.keys.map(\.service))
        let folder = GatewayFolder(gateway.name, in: root)
        var answers = await baselines.look(gateway, through: folder.probeSocket, reached)
        for (key, route) in shared where route.address == nil {
            let host = route.target.endpoint?.host ?? ""
            answers[key.service] = ObservedBaseline(complaint: "\(host) does not resolve on the gateway's node")
        }
        return answers
    }

    /// Every gateway that has a folder here but those in `known`, also one that no manifest names any more, by what its
    /// live tables say. None is current, for nobody says what it should be, and no name in its routes is looked up.
    /// Changes nothing.
    package func gateways(
        except known: Set<GatewayName> = []
    ) async throws(HostError) -> [GatewayName: ObservedGateway] {
        var found: [GatewayName: ObservedGateway] = [:]
        for folder in GatewayFolder.all(in: root) where !known.contains(folder.name) {
            let snapshot = try gateway(folder.name).survey()
            found[folder.name] =
                snapshot.map {
                    ObservedGateway(
                        isRunning: true, routes: $0.routes.mapValues(\.target), sandboxes: $0.sandboxes,
                        rules: $0.rules)
                } ?? ObservedGateway()
        }
        return found
    }

    /// Says `.everything` when a proxy that ran is gone or a baseline does otherwise, for nobody else tells. Ends when the task is cancelled.
    package nonisolated func changes() -> AsyncStream<Hint> {
        let watch = ProxyWatch(directory: root, baselines: baselines)
        return AsyncStream { await watch.next() }
    }

    package func configure(_ gateway: DesiredGateway) async throws(HostError) {
        try self.gateway(gateway.name).configure(gateway)
    }

    package func dismantle(_ gateway: GatewayName) async throws(HostError) {
        try self.gateway(gateway).dismantle()
        baselines.forget(gateway)
        gateways[gateway] = nil
    }

    package func admit(
        _ sandbox: SandboxName, _ admission: Admission, to gateway: GatewayName
    ) async throws(HostError) {
        try await self.gateway(gateway).admit(sandbox, admission)
    }

    package func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) async throws(HostError) {
        try await self.gateway(gateway).dismiss(sandbox)
    }

    package func setRoute(
        _ key: RouteKey, to target: RouteTarget, on gateway: GatewayName
    ) async throws(HostError) -> Receipt.Flip {
        let gateway = try self.gateway(gateway)
        let text = try await text(of: target, for: key, on: gateway)
        return try await gateway.set(key, to: text)
    }

    package func removeRoute(
        _ key: RouteKey, on gateway: GatewayName
    ) async throws(HostError) -> Receipt.Flip {
        try await self.gateway(gateway).remove(key)
    }

    package func setRules(
        _ rules: [RouteRule], of scope: RouteScope, on gateway: GatewayName
    ) async throws(HostError) {
        try await self.gateway(gateway).setRules(rules, of: scope)
    }

    package func openSessions(
        to address: String, port: UInt16, on gateway: GatewayName
    ) async throws(HostError) -> Int {
        try self.gateway(gateway).openSessions(to: address, port: port)
    }

    private func gateway(_ name: GatewayName) throws(HostError) -> Gateway {
        if let known = gateways[name] { return known }
        // Paths stand in the configuration and in commands of the admin socket, which have their own quoting.
        let path = root
        guard path.utf8.allSatisfy({ isAlphanumeric($0) || "/._-@+".utf8.contains($0) }) else {
            let rule = "letters, digits and / . _ - @ +"
            throw HostError(
                "gateway \(name)", .refused, "the folder \(path) may hold only \(rule); move the data there")
        }
        let folder = GatewayFolder(name, in: path)
        let gateway = Gateway(folder, executable: executable, authorities: authorities)
        gateways[name] = gateway
        return gateway
    }

    /// The directory, from the root of the file system.
    private nonisolated var root: String { directory.hasPrefix("/") ? directory : "\(currentFolder())/\(directory)" }

    private nonisolated func currentFolder() -> String {
        guard let text = getcwd(nil, 0) else { return "" }
        defer { free(text) }
        return String(cString: text)
    }

    // MARK: Names

    private func text(
        of target: RouteTarget, for key: RouteKey, on gateway: Gateway
    ) async throws(HostError) -> RouteText {
        switch target {
        case .starting: return .starting
        case .suspended: return .suspended
        case .endpoint(let endpoint, let label):
            return try await text(of: endpoint, label, isFailing: false, for: key, on: gateway)
        case .failing(let endpoint, let label):
            return try await text(of: endpoint, label, isFailing: true, for: key, on: gateway)
        }
    }

    private func text(
        of endpoint: Endpoint, _ label: String, isFailing: Bool, for key: RouteKey, on gateway: Gateway
    ) async throws(HostError) -> RouteText {
        // Refuses what cannot be written before anybody is asked about it.
        let nowhere = try RouteText(endpoint, at: nil, label: label, isFailing: isFailing)
        switch await names.look(up: endpoint.host) {
        case .found(let addresses):
            let networks = endpoint.isLiteral ? try gateway.survey()?.sandboxNetworks ?? [] : []
            if let refusal = forbidden(endpoint, addresses, networks) {
                throw HostError("set route \(key)", .refused, refusal)
            }
            return try RouteText(endpoint, at: addresses[0], label: label, isFailing: isFailing)
        case .failed(let why):
            // A baseline that is nowhere must not hold up everything else; but one that serves goes on serving.
            if !endpoint.isLiteral, try gateway.target(of: key)?.address == nil { return nowhere }
            let whose = key.sandbox.map { "target of sandbox \($0)" } ?? "baseline"
            throw HostError(
                "set route \(key)", .unreachable,
                "the \(whose) for service \(key.service) leads nowhere: \(endpoint.host) does not resolve (\(why)); "
                    + "correct the name or the resolver of the gateway's node, or write an IPv4 address")
        }
    }

    /// Why requests may not go there, `networks` being those of sandboxes: whoever wrote the name of a target does not
    /// choose what it means.
    private func forbidden(_ endpoint: Endpoint, _ addresses: [String], _ networks: [Subnet]) -> String? {
        guard endpoint.isLiteral else { return nil }
        for address in addresses {
            if let refusal = TargetPolicy.refusal(ofAddress: address) ?? Self.refusal(of: address, in: networks) {
                return endpoint.host == address
                    ? "requests must not go to \(endpoint.host): \(refusal)"
                    : "requests must not go to \(endpoint.host), which leads to \(address): \(refusal)"
            }
        }
        return nil
    }

    /// A sandbox's network holds its containers and, on its bridge, the gateway's own machine.
    private static func refusal(of address: String, in networks: [Subnet]) -> String? {
        var binary = in_addr()
        guard inet_pton(AF_INET, address, &binary) == 1 else { return nil }
        // No network is narrower than this.
        guard let around = Subnet(base: UInt32(bigEndian: binary.s_addr) & ~3, prefix: 30) else { return nil }
        return networks.first(where: around.overlaps).map { "\(address) is inside \($0), the network of a sandbox" }
    }

    /// Routes whose name no longer has the address that the live table connects to, and those that may be connected to
    /// no more. A name that cannot be resolved now has not moved.
    private func moved(_ snapshot: Snapshot) async -> Set<RouteKey> {
        let (routes, networks) = (snapshot.routes, snapshot.sandboxNetworks)
        let forbiddenNow = routes.filter { _, route in
            guard let endpoint = route.target.endpoint, let address = route.address else { return false }
            return forbidden(endpoint, [address], networks) != nil
        }
        let named = routes.compactMapValues { route in
            route.target.endpoint.flatMap { $0.host == route.address ? nil : $0 }
        }
        let answers = await names.look(up: Set(named.values.map(\.host)))
        return Set(
            named.filter { key, endpoint in
                guard case .found(let addresses) = answers[endpoint.host] else { return false }
                if forbidden(endpoint, addresses, networks) != nil { return true }
                guard let address = routes[key]?.address else { return true }
                return !addresses.contains(address)
            }.keys
        ).union(forbiddenNow.keys)
    }
}

extension Snapshot {
    fileprivate var sandboxNetworks: [Subnet] { sandboxes.values.compactMap(\.network).sorted() }
}

/// Runs an actor on a queue of its own, where it may block.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
