import Foundation
import Glibc

/// A listening socket on 127.0.0.1 that accepts in the kernel's backlog and never answers.
final class SilentServer {
    let port: UInt16
    private let socket: Int32

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try listenAnywhere(socket)
    }

    deinit { close(socket) }
}

/// A server program on a port of 127.0.0.1 that is free, until the end of the scope.
class ServerProgram {
    let port: UInt16
    private let program: Program

    /// `start` is given the port and gives the whole command line; it may write what the program needs.
    init(_ name: String, log: String? = nil, start: (_ port: UInt16) throws -> [String]) throws {
        let probe = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try listenAnywhere(probe)
        close(probe)
        let command = try start(port)
        guard let program = command.first, FileManager.default.isExecutableFile(atPath: program) else {
            throw NoServer(name: "\(name): it is not installed; scripts/install-packages installs it")
        }
        self.program = try Program(
            command,
            environment: [
                "PATH": "/usr/bin:/bin", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            ], output: log ?? "/dev/null")
        let deadline = ContinuousClock.now + .seconds(30)
        while !answers(port) {
            guard ContinuousClock.now < deadline, self.program.isRunning else {
                let said = log.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }  // SAFE: or nothing is told
                throw NoServer(name: "\(name): it did not start: \(said ?? "")")
            }
            usleep(10_000)
        }
    }

    deinit { stop() }

    func stop() { program.end() }
}

/// `git daemon` over the repositories of one folder.
final class GitDaemon: ServerProgram {
    init(serving folder: String) throws {
        try super.init("git daemon") { port in
            [
                "/usr/lib/git-core/git-daemon", "--export-all", "--base-path=\(folder)", "--listen=127.0.0.1",
                "--port=\(port)", "--reuseaddr", folder,
            ]
        }
    }
}

struct NoServer: Error, CustomStringConvertible {
    let name: String
    var description: String { "no \(name)" }
}

private func listenAnywhere(_ socket: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(socket, address, length) | listen(socket, 16) | getsockname(socket, address, &length)
        }
    }
    guard code == 0 else { throw NoServer(name: "a socket") }
    return UInt16(bigEndian: address.sin_port)
}

private func answers(_ port: UInt16) -> Bool {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
