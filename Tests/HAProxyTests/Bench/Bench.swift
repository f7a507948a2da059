internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// A gateway of its own with a real proxy, and two targets; all of it is gone at the end of the test.
struct Bench {
    let directory: String
    let driver: HAProxyDriver
    var gateway: DesiredGateway
    let baseline: Target
    let branch: Target
    let web: UInt16
    let ports: ClosedRange<UInt16>

    static let qa = sandbox("qa")

    static func run(
        _ body: (Bench) async throws -> Void, folder: String = "/tmp/berth-haproxy-\(UUID().uuidString.prefix(8))",
        authorities: String = "@system-ca"
    ) async throws {
        let bench = try Bench(in: folder, authorities)
        var failure: (any Error)?
        do {
            try await bench.driver.configure(bench.gateway)
            try await body(bench)
        } catch {
            failure = error
        }
        bench.baseline.stop()
        bench.branch.stop()
        try await bench.driver.dismantle(bench.gateway.name)
        #expect(bench.processes().isEmpty, "a proxy is left")
        try FileManager.default.removeItem(atPath: folder)
        if let failure { throw failure }
    }

    private init(in folder: String, _ authorities: String) throws {
        directory = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        driver = HAProxyDriver(directory: folder, authorities: authorities)
        baseline = try Target("baseline")
        branch = try Target("branch")
        ports = FreePorts.range(8)
        web = FreePorts.one()
        gateway = DesiredGateway(
            name: try GatewayName("main"), node: try NodeName("here"), sandboxPorts: ports, webPort: web,
            baseDomain: "sand.example", place: Place(file: "gateway.yaml", line: 1, column: 1))
    }

    /// Those of the gateway, in other ports.
    func listeners(ports: ClosedRange<UInt16>?, web: UInt16? = nil) -> [GatewayListener] {
        [GatewayListener(name: "web", .web(web ?? self.web))]
            + (ports.map { [GatewayListener(name: "sandboxes", .sandboxes($0))] } ?? [])
    }

    // MARK: Doing

    /// `qa` on the first port with a branch of `account`; `account` and `payment` have baselines.
    func lay() async throws {
        try await driver.admit(Self.qa, Admission(port: ports.lowerBound), to: gateway.name)
        try await route(nil, "account", to: baseline)
        try await route(nil, "payment", to: baseline)
        try await route(Self.qa, "account", to: branch)
    }

    func route(_ sandbox: SandboxName?, _ service: String, to target: Target) async throws {
        _ = try await driver.setRoute(key(sandbox, service), to: endpoint(service, target), on: gateway.name)
    }

    func endpoint(_ service: String, _ target: Target) -> RouteTarget {
        .endpoint(Endpoint(scheme: .http, host: "127.0.0.1", port: target.port), label: "\(service)@\(target.name)")
    }

    func observed() async throws -> ObservedGateway { try await driver.survey(gateway) }

    /// Asks on a connection of its own.
    func ask(_ path: String, _ headers: [String: String] = [:], port: UInt16? = nil) throws -> Answer {
        try #require(Wire(to: port ?? web)?.ask(path, headers))
    }

    // MARK: The world, without the driver

    var folder: String { "\(directory)/main" }
    var pid: Int32 { Int32(file("haproxy.pid").prefix { $0.isNumber }) ?? 0 }

    func file(_ name: String) -> String {
        FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Proxies of this bench, by their command lines.
    func processes() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = Int32(name), let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                continue
            }
            if String(decoding: line, as: UTF8.self).contains("\(folder)/haproxy.cfg") { found.append(pid) }
        }
        return found
    }

    /// A command on the admin socket, as a person with socat would give it.
    func byHand(_ command: String) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array("\(folder)/admin.sock".utf8)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        let wire = Wire(descriptor: descriptor)
        try #require(status == 0)
        wire.send("\(command)\n")
        return wire.read(through: "\n\n") ?? ""
    }
}

func sandbox(_ name: String) -> SandboxName {
    do throws(InvalidName) { return try SandboxName(name) } catch { preconditionFailure("\(error)") }
}

func key(_ sandbox: SandboxName?, _ service: String) -> RouteKey {
    do throws(InvalidName) {
        return RouteKey(sandbox: sandbox, service: try ServiceName(service))
    } catch {
        preconditionFailure("\(error)")
    }
}

/// Waits for a condition of the world, for at most thirty seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now.advanced(by: .seconds(30))
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// The error a driver gives, `nil` where it gives none.
func failure(_ body: () async throws -> Void) async -> HostError? {
    do {
        try await body()
        return nil
    } catch {
        if let error = error as? HostError { return error }
        Issue.record(error)
        return nil
    }
}
