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

/// `git daemon` over the repositories of one folder, until the end of the scope.
final class GitDaemon {
    let port: UInt16
    private let process = Process()

    init(serving folder: String) throws {
        let probe = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try listenAnywhere(probe)
        close(probe)
        process.executableURL = URL(filePath: "/usr/lib/git-core/git-daemon")
        process.arguments = [
            "--export-all", "--base-path=\(folder)", "--listen=127.0.0.1", "--port=\(port)", "--reuseaddr", folder,
        ]
        process.environment = [
            "PATH": "/usr/bin:/bin", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = ContinuousClock.now + .seconds(10)
        while !answers(port) {
            guard ContinuousClock.now < deadline, process.isRunning else { throw NoServer(name: "git daemon") }
            usleep(10_000)
        }
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        // Foundation starts it with the signal mask of our thread, which holds back all but this one.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

struct NoServer: Error { let name: String }

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
