internal import Foundation
internal import Synchronization

/// A small HTTP server that says its name and repeats what it was asked.
///
/// `…/slow` answers only when ``release()`` is called; a request to upgrade is granted and then echoed line by line.
final class Target: Sendable {
    let name: String
    let port: UInt16
    private let listener: Int32
    private let isOpen = Mutex(true)
    private let gate = DispatchSemaphore(value: 0)

    init(_ name: String) throws {
        self.name = name
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        port = FreePorts.one()
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let status = withAddress(port) { bind(listener, $0, $1) }
        guard status == 0, listen(listener, 128) == 0 else { throw CocoaError(.fileReadUnknown) }
        Thread.detachNewThread { self.accept() }
    }

    func stop() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
        }
        for _ in 0..<64 { gate.signal() }
    }

    /// Lets one slow request go on.
    func release() { gate.signal() }

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
            if headers["upgrade"] != nil { return echo(wire) }
            if first.contains("/slow") { gate.wait() }
            let path = first.split(separator: " ").dropFirst().first ?? ""
            let body = "\(name) \(path)\n" + head.replacing("\r\n", with: "\n")
            let extra = "x-sandbox-route: forged\r\ncontent-length: \(body.utf8.count)\r\n"
            guard wire.send("HTTP/1.1 200 OK\r\n\(extra)\r\n\(body)") else { return }
        }
    }

    private func echo(_ wire: Wire) {
        wire.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        while let line = wire.read(through: "\n") { wire.send("\(name) \(line)") }
    }
}

/// Ports that nobody has now, below those that the system gives to outgoing connections.
enum FreePorts {
    /// Those that were given out: tests that run at the same time must not get the same.
    private static let given = Mutex<Set<UInt16>>([])

    static func one() -> UInt16 { range(1).lowerBound }

    static func range(_ count: UInt16) -> ClosedRange<UInt16> {
        for _ in 0..<1000 {
            let first = UInt16.random(in: 15000..<32000)
            let range = first...(first + count - 1)
            let isFresh = given.withLock { given in
                guard given.isDisjoint(with: range) else { return false }
                given.formUnion(range)
                return true
            }
            if isFresh, range.allSatisfy(isFree) { return range }
        }
        preconditionFailure("no \(count) free ports in a row")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withAddress(port) { bind(descriptor, $0, $1) } == 0
    }
}
