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
            isRunning: true, isCurrent: isCurrent, routes: routes.mapValues(\.target), moved: await moved(routes),
            sandboxes: snapshot.sandboxes)
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
                        isRunning: true, routes: $0.routes.mapValues(\.target), sandboxes: $0.sandboxes)
                } ?? ObservedGateway()
        }
        return found
    }

    /// Says `.everything` when a proxy that ran is gone, for nobody else tells. Ends when the task is cancelled.
    package nonisolated func changes() -> AsyncStream<Hint> {
        let watch = ProxyWatch(directory: root)
        return AsyncStream { await watch.next() }
    }

    package func configure(_ gateway: DesiredGateway) async throws(HostError) {
        try self.gateway(gateway.name).configure(gateway)
    }

    package func dismantle(_ gateway: GatewayName) async throws(HostError) {
        try self.gateway(gateway).dismantle()
        gateways[gateway] = nil
    }

    package func admit(_ sandbox: SandboxName, port: UInt16?, to gateway: GatewayName) async throws(HostError) {
        try self.gateway(gateway).admit(sandbox, port: port)
    }

    package func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) async throws(HostError) {
        try self.gateway(gateway).dismiss(sandbox)
    }

    package func setRoute(
        _ key: RouteKey, to target: RouteTarget, on gateway: GatewayName
    ) async throws(HostError) {
        let text = try await text(of: target, for: "set route \(key)")
        try self.gateway(gateway).set(key, to: text)
    }

    package func removeRoute(_ key: RouteKey, on gateway: GatewayName) async throws(HostError) {
        try self.gateway(gateway).remove(key)
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

    private func text(of target: RouteTarget, for operation: String) async throws(HostError) -> RouteText {
        switch target {
        case .starting:
            return .starting
        case .suspended:
            return .suspended
        case .endpoint(let endpoint, let label):
            // Refuses what cannot be written before anybody is asked about it.
            _ = try RouteText(endpoint, at: "0.0.0.0", label: label)
            let answer = await names.look(up: endpoint.host)
            switch answer {
            case .found(let addresses):
                return try RouteText(endpoint, at: addresses[0], label: label)
            case .failed(let why):
                let remedy = "a target needs an IPv4 address, IPv6 is not supported yet"
                throw HostError(operation, .unreachable, "cannot resolve \(endpoint.host): \(why); \(remedy)")
            }
        }
    }

    /// Routes whose name no longer has the address that the live table connects to. A name that cannot be resolved
    /// now has not moved.
    private func moved(_ routes: [RouteKey: LiveRoute]) async -> Set<RouteKey> {
        var hosts: [RouteKey: String] = [:]
        for (key, route) in routes {
            if case .endpoint(let endpoint, _) = route.target, endpoint.host != route.address {
                hosts[key] = endpoint.host
            }
        }
        let answers = await names.look(up: Set(hosts.values))
        return Set(
            hosts.filter { key, host in
                guard case .found(let addresses) = answers[host], let address = routes[key]?.address else {
                    return false
                }
                return !addresses.contains(address)
            }.keys)
    }
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
