internal import Foundation
internal import Glibc

/// HAProxy as one would write it by hand for the same requests and no others: a map from header and path to a backend.
/// What Berth's law costs is measured against it.
final class PlainProxy: Contestant {
    static let executable = "/usr/sbin/haproxy"

    let title = "plain HAProxy"
    let method = "use_backend by a map"
    let port = FreePort.one()
    private let world: World
    private let folder: String
    private let program: Guarded<Program?> = Guarded(nil)

    init(_ world: World, in directory: String) {
        self.world = world
        folder = "\(directory)/plain"
    }

    func start() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let table = world.routes.map { "\($0.key) \($0.key)\n" }.joined()
        try Data(table.utf8).write(to: URL(filePath: "\(folder)/routes.map"))
        try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/haproxy.cfg"))
        let log = "\(folder)/output.log"
        let program = try Program(Self.executable, ["-db", "-f", "\(folder)/haproxy.cfg"], log: log)
        self.program.use { $0 = program }
        try program.waitUntilListening(on: port, log: log)
    }

    func flip(_ route: World.Route, to side: World.Side) async throws {
        throw BenchError("a plain proxy is not flipped here")
    }

    func stop() async { program.use { $0 }?.stop() }

    func processes() -> [Int32] { program.use { $0 }.map { [$0.pid] } ?? [] }

    private var configuration: String {
        let backends = world.routes.map { "backend \($0.key)\n    server target \($0.branch):\(world.port)\n" }
        return """
            global
                maxconn 4096
                nbthread 2
                no strict-limits
            defaults
                mode http
                timeout connect 2s
                timeout client 60s
                timeout server 60s
                http-reuse safe
            frontend web
                bind 127.0.0.1:\(port)
                http-request set-var(txn.service) path,field(2,/)
                http-request set-var-fmt(txn.key) %[req.hdr(x-sandbox)]:%[var(txn.service)]
                http-request replace-path ^/[^/]*/?(.*) /\\1
                use_backend %[var(txn.key),map(\(folder)/routes.map)]

            """ + backends.joined()
    }
}
