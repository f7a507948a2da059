internal import Foundation
internal import Synchronization
internal import Testing

/// Debian's Apache with its PHP, in a folder of a test: a page that answers the addresses of the configuration. It looks
/// at no file twice, as in production: what was changed it sees only when it is told.
final class Apache: Sendable {
    let port: UInt16
    let pidFile: String
    private let process: pid_t

    static func run(
        in scratch: Scratch, showing config: String, _ body: (Apache) async throws -> Void
    ) async throws {
        let apache = try await Apache(scratch, config)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(apache)) } catch { outcome = .failure(error) }
        kill(apache.process, SIGTERM)
        waitpid(apache.process, nil, 0)
        try outcome.get()
    }

    private init(_ scratch: Scratch, _ config: String) async throws {
        let modules = "/usr/lib/apache2/modules"
        let names = try FileManager.default.contentsOfDirectory(atPath: modules)
        let php = try #require(
            names.first { $0.hasPrefix("libphp") }, "PHP for Apache is missing: apt-get install libapache2-mod-php")
        let folder = scratch.path
        port = try #require(
            (0..<1000).lazy.map { _ in UInt16.random(in: 15000..<32000) }.first { Connection(to: $0) == nil })
        pidFile = "\(folder)/apache.pid"
        try scratch.write("<?php require '\(folder)/\(config)'; echo json_encode($config);", to: "www/index.php")
        try scratch.write(
            """
            ServerRoot \(folder)
            ServerName 127.0.0.1
            Listen 127.0.0.1:\(port)
            PidFile \(pidFile)
            ErrorLog \(folder)/error.log
            DefaultRuntimeDir \(folder)
            LoadModule mpm_prefork_module \(modules)/mod_mpm_prefork.so
            LoadModule authz_core_module \(modules)/mod_authz_core.so
            LoadModule php_module \(modules)/\(php)
            \(getuid() == 0 ? "User www-data\nGroup www-data" : "")
            DocumentRoot \(folder)/www
            <Directory \(folder)/www>
              Require all granted
            </Directory>
            <FilesMatch "\\.php$">
              SetHandler application/x-httpd-php
            </FilesMatch>
            php_admin_value opcache.validate_timestamps 0
            php_admin_value opcache.file_update_protection 0
            StartServers 4
            KeepAliveTimeout 2

            """, to: "apache.conf")
        process = try Self.start(["/usr/sbin/apache2", "-d", folder, "-f", "\(folder)/apache.conf", "-DFOREGROUND"])
        let isUp = try await eventually { self.ask() != nil }
        try #require(isUp, "Apache does not start: \(scratch.text(of: "error.log") ?? "")")
    }

    /// With no signal blocked, as a service manager starts it: a test's own threads block most of them.
    private static func start(_ words: [String]) throws -> pid_t {
        try #require(
            FileManager.default.isExecutableFile(atPath: words[0]), "\(words[0]) is missing: apt-get install apache2")
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // In a group of its own, since it ends its whole group with itself.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        // Nobody who waits for the end of a pipe is to wait for it.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process = pid_t()
        let status = posix_spawn(&process, words[0], &actions, &attributes, &arguments, &environment)
        try #require(status == 0, "\(words[0]) does not start: \(String(cString: strerror(status)))")
        return process
    }

    /// What the page says the addresses are; `nil` where it does not answer 200.
    func ask() -> [String: String]? {
        guard let answer = Connection(to: port)?.get("/index.php"), answer.hasPrefix("HTTP/1.1 200 "),
            let body = answer.range(of: "\r\n\r\n").map({ answer[$0.upperBound...] }),
            let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        else { return nil }
        return object.compactMapValues { $0 as? String }
    }
}

/// Clients that ask without pause until they are told to stop.
final class Clients: Sendable {
    private let isRunning = Atomic(true)
    private let counts = Mutex((asked: 0, failed: 0, seen: Set<String>()))
    private let done = DispatchGroup()

    init(_ count: Int, of apache: Apache, reading key: String) {
        for _ in 0..<count {
            done.enter()
            Thread.detachNewThread {
                while self.isRunning.load(ordering: .relaxed) {
                    let value = apache.ask()?[key]
                    self.counts.withLock {
                        $0.asked += 1
                        if let value { $0.seen.insert(value) } else { $0.failed += 1 }
                    }
                }
                self.done.leave()
            }
        }
    }

    func stop() -> (asked: Int, failed: Int, seen: Set<String>) {
        isRunning.store(false, ordering: .relaxed)
        done.wait()
        return counts.withLock { $0 }
    }
}

/// One connection for one request.
private struct Connection: ~Copyable {
    private let descriptor: Int32

    init?(to port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func get(_ path: String) -> String? {
        let request = Array("GET \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            return nil
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }
}
