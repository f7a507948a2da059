internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler

/// HAProxy as Berth drives it: its own driver, its own configuration, live tables.
struct BerthGateway: Contestant {
    /// Calls of the driver at once while the table is laid.
    private static let width = 64

    let title = "berth (HAProxy)"
    let method = "the driver's setRoute: live table, read back, file written"
    let port: UInt16
    let world: World
    let driver: HAProxyDriver
    let gateway: DesiredGateway
    /// Of the gateway.
    let folder: String

    init(_ world: World, in directory: String) throws {
        self.world = world
        port = FreePort.one()
        driver = HAProxyDriver(directory: directory)
        gateway = DesiredGateway(
            name: try GatewayName("bench"), node: try NodeName("here"), webPort: port,
            place: Place(file: "gateway.yaml", line: 1, column: 1))
        folder = "\(directory)/bench"
    }

    /// The same gateway, of which another world is asked.
    init(_ world: World, like other: BerthGateway) {
        self.world = world
        port = other.port
        driver = other.driver
        gateway = other.gateway
        folder = other.folder
    }

    func start() async throws {
        try await driver.configure(gateway)
        for service in World.services.indices {
            let baseline = World.Route(sandbox: 0, service: service)
            try await set(nil, baseline, to: .baseline)
        }
        for start in stride(from: 0, to: world.sandboxes, by: Self.width) {
            try await withThrowingTaskGroup { group in
                for sandbox in start..<min(start + Self.width, world.sandboxes) {
                    group.addTask { try await lay(sandbox) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func lay(_ sandbox: Int) async throws {
        try await driver.admit(try SandboxName(World.name(sandbox)), Admission(), to: gateway.name)
        for service in World.services.indices {
            let route = World.Route(sandbox: sandbox, service: service)
            try await set(try SandboxName(route.sandboxName), route, to: .branch)
        }
    }

    func flip(_ route: World.Route, to side: World.Side) async throws {
        try await set(try SandboxName(route.sandboxName), route, to: side)
    }

    private func set(_ sandbox: SandboxName?, _ route: World.Route, to side: World.Side) async throws {
        let key = RouteKey(sandbox: sandbox, service: try ServiceName(route.serviceName))
        let endpoint = Endpoint(scheme: .http, host: route.address(side), port: world.port)
        let label = "\(route.serviceName)@\(side == .branch ? "feature-\(route.sandboxName)" : "baseline")"
        _ = try await driver.setRoute(key, to: .endpoint(endpoint, label: label), on: gateway.name)
    }

    func stop() async {
        do throws(HostError) {
            try await driver.dismantle(gateway.name)
        } catch {
            Output.say("the gateway could not be dismantled: \(error)")
        }
    }

    var pid: Int32? { Int32(Processes.text(of: "\(folder)/haproxy.pid").prefix { $0.isNumber }) }

    func processes() -> [Int32] { pid.map { [$0] } ?? [] }
}
