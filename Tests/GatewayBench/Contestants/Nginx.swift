internal import Foundation
internal import Glibc

/// nginx as it is usually driven: the table is a `map` in a file that is written anew, then SIGHUP.
final class Nginx: Contestant {
    static let executable = "/usr/sbin/nginx"

    let title = "nginx"
    let method = "map file rewritten, then SIGHUP (nginx -s reload)"
    let port = FreePort.one()
    private let world: World
    private let folder: String
    private let program: Guarded<Program?> = Guarded(nil)
    private let baselines: Guarded<Set<World.Route>> = Guarded([])

    init(_ world: World, in directory: String) {
        self.world = world
        folder = "\(directory)/nginx"
    }

    func start() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write(configuration, to: "nginx.conf")
        try writeTable()
        let log = "\(folder)/output.log"
        let program = try Program(
            Self.executable, ["-p", folder, "-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"], log: log)
        self.program.use { $0 = program }
        try program.waitUntilListening(on: port, log: log)
    }

    func flip(_ route: World.Route, to side: World.Side) async throws {
        baselines.use { baselines in
            if side == .baseline { baselines.insert(route) } else { baselines.remove(route) }
        }
        try writeTable()
        program.use { $0 }?.signal(SIGHUP)
    }

    func stop() async { program.use { $0 }?.stop() }

    func processes() -> [Int32] { program.use { $0 }.map { Processes.family(of: $0.pid) } ?? [] }

    private func writeTable() throws {
        let baselines = self.baselines.use { $0 }
        let lines = world.routes.map { route in
            "\(route.key) \(baselines.contains(route) ? route.baseline : route.branch):\(world.port);\n"
        }
        try write(lines.joined(), to: "routes.map")
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"), options: .atomic)
    }

    /// Two workers, as the other gateways have two threads. Targets are looked up and not declared, which is the
    /// lightest table it can have; its price is a connection to the target for each request.
    private var configuration: String {
        """
        daemon off;
        user root;
        worker_processes 2;
        pid \(folder)/nginx.pid;
        error_log \(folder)/error.log crit;
        events { worker_connections 4096; }
        http {
            access_log off;
            client_body_temp_path \(folder)/body;
            proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi;
            uwsgi_temp_path \(folder)/uwsgi;
            scgi_temp_path \(folder)/scgi;
            keepalive_requests 1000000000;
            map_hash_max_size 65536;
            map_hash_bucket_size 128;
            map $request_uri $service { "~^/(?<name>[a-z0-9-]+)" $name; }
            map "$http_x_sandbox:$service" $target { include \(folder)/routes.map; }
            map $http_upgrade $hop { default upgrade; "" ""; }
            server {
                listen 127.0.0.1:\(port);
                location / {
                    rewrite ^/[^/]+/?(.*)$ /$1 break;
                    proxy_http_version 1.1;
                    proxy_set_header Host $host;
                    proxy_set_header Upgrade $http_upgrade;
                    proxy_set_header Connection $hop;
                    proxy_read_timeout 3600s;
                    proxy_pass http://$target;
                }
            }
        }

        """
    }
}
