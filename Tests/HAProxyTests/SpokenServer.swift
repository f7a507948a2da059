internal import Foundation
internal import Synchronization

/// A server that says what a baseline could say of itself.
final class SpokenServer: Sendable {
    private struct Heard {
        var paths: [String] = []
        var hosts: Set<String> = []
        var isWell = true
    }

    let port: UInt16
    private let listener: Int32
    private let heard = Mutex(Heard())

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        port = FreePorts.one()
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let status = withAddress(port) { bind(listener, $0, $1) }
        guard status == 0, listen(listener, 128) == 0 else { throw CocoaError(.fileReadUnknown) }
        Thread.detachNewThread { self.accept() }
    }

    var hosts: Set<String> { heard.withLock { $0.hosts } }
    func count(of path: String) -> Int { heard.withLock { $0.paths.count { $0 == path } } }
    func turn() { heard.withLock { $0.isWell = false } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            Thread.detachNewThread { self.serve(Wire(descriptor: descriptor)) }
        }
    }

    private func serve(_ wire: Wire) {
        while let head = wire.read(through: "\r\n\r\n") {
            let (first, headers) = parse(head)
            let path = String(first.split(separator: " ").dropFirst().first ?? "")
            let isWell = heard.withLock { heard in
                heard.paths.append(path)
                heard.hosts.insert(headers["host"] ?? "")
                return heard.isWell
            }
            guard wire.send(answer(path, isWell)) else { return }
        }
    }

    private func answer(_ path: String, _ isWell: Bool) -> String {
        func plain(_ status: String, _ body: String, _ type: String = "text/plain") -> String {
            "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        return switch path {
        case "/health": plain("204 No Content", "").replacing("content-length: 0\r\n", with: "")
        case "/version":
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"build\":[{\"id/x\r\n"
                + "F\r\n\":\"4.2\\u0007b\"}\r\n2\r\n]}\r\n0\r\n\r\n"
        case "/sick": plain("500 Oh", "out of ink\nand more")
        case "/text": plain("200 OK", "  v7\n")
        case "/endless": plain("200 OK", String(repeating: "e", count: 1 << 20))
        case "/moody": plain(isWell ? "200 OK" : "503 Moody", "<html>", "text/html")
        default: plain("404 Not Found", "")
        }
    }
}
