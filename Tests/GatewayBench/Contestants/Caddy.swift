internal import Foundation
internal import Glibc

/// Caddy, told over its admin API: by a PATCH of the one handler that changes, or by POST of the whole configuration.
final class Caddy: Contestant {
    static let executable = "/usr/bin/caddy"

    enum Way: Sendable { case patch, load }

    /// It answers when the new configuration serves, which takes seconds where processors are short.
    private static let answerSeconds = 60.0

    let title: String
    let method: String
    let port = FreePort.one()
    private let admin = FreePort.one()
    private let world: World
    private let way: Way
    private let folder: String
    private let program: Guarded<Program?> = Guarded(nil)
    private let baselines: Guarded<Set<World.Route>> = Guarded([])

    init(_ world: World, in directory: String, by way: Way) {
        self.world = world
        self.way = way
        title = way == .patch ? "Caddy, PATCH" : "Caddy, POST /load"
        method = way == .patch ? "admin API: PATCH /id/… of one handler" : "admin API: POST /load of all routes"
        folder = "\(directory)/caddy-\(way)"
    }

    func start() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = "\(folder)/caddy.json"
        try Data(configuration.utf8).write(to: URL(filePath: file))
        let log = "\(folder)/output.log"
        let places = ["HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "GOMAXPROCS": "2"]
        let program = try Program(Self.executable, ["run", "--config", file], environment: places, log: log)
        self.program.use { $0 = program }
        try program.waitUntilListening(on: port, log: log)
    }

    func flip(_ route: World.Route, to side: World.Side) async throws {
        baselines.use { baselines in
            if side == .baseline { baselines.insert(route) } else { baselines.remove(route) }
        }
        switch way {
        case .patch: try tell("PATCH", "/id/\(Self.id(route))", handler(route))
        case .load: try tell("POST", "/load", configuration)
        }
    }

    func stop() async { program.use { $0 }?.stop() }

    func processes() -> [Int32] { program.use { $0 }.map { [$0.pid] } ?? [] }

    private func tell(_ method: String, _ path: String, _ body: String) throws {
        guard let descriptor = Socket.connect(to: admin) else { throw BenchError("Caddy's admin API is not there") }
        defer { close(descriptor) }
        let head =
            "\(method) \(path) HTTP/1.1\r\nhost: 127.0.0.1:\(admin)\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\nconnection: close\r\n\r\n"
        guard Socket.send(Array((head + body).utf8), to: descriptor) else { throw BenchError("Caddy reads nothing") }
        var inbox = Inbox()
        let end = ContinuousClock.now.advanced(by: .seconds(Self.answerSeconds))
        while inbox.message() == nil {
            guard inbox.fill(from: descriptor) != .ended, ContinuousClock.now < end else {
                throw BenchError("Caddy gave no answer to \(method)")
            }
        }
        let first = inbox.message().map { inbox.text($0.first) } ?? ""
        guard first.hasPrefix("HTTP/1.1 200") else { throw BenchError("Caddy answered \(first)") }
    }

    private static func id(_ route: World.Route) -> String { "\(route.sandboxName)-\(route.serviceName)" }

    private func handler(_ route: World.Route) -> String {
        let address = baselines.use { $0.contains(route) } ? route.baseline : route.branch
        return #"{"@id":"\#(Self.id(route))","handler":"reverse_proxy","flush_interval":-1,"#
            + #""upstreams":[{"dial":"\#(address):\#(world.port)"}]}"#
    }

    /// A route a sandbox and in it a route a service: a flat list of all is several times slower.
    private var configuration: String {
        let sandboxes = (0..<world.sandboxes).map { sandbox in
            let services = World.services.indices.map { service in
                let route = World.Route(sandbox: sandbox, service: service)
                return #"{"match":[{"path":["/\#(route.serviceName)/*"]}],"handle":["#
                    + #"{"handler":"rewrite","strip_path_prefix":"/\#(route.serviceName)"},\#(handler(route))]}"#
            }
            return #"{"match":[{"header":{"X-Sandbox":["\#(World.name(sandbox))"]}}],"terminal":true,"#
                + #""handle":[{"handler":"subroute","routes":[\#(services.joined(separator: ","))]}]}"#
        }
        return #"{"admin":{"listen":"127.0.0.1:\#(admin)","config":{"persist":false}},"#
            + #""logging":{"logs":{"default":{"level":"ERROR"}}},"#
            + #""apps":{"http":{"servers":{"bench":{"listen":["127.0.0.1:\#(port)"],"#
            + #""automatic_https":{"disable":true},"routes":[\#(sandboxes.joined(separator: ","))]}}}}}"#
    }
}
