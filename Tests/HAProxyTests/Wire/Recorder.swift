internal import Foundation
internal import Synchronization

/// A target that keeps every byte it was sent, and answers each request with what a test wants.
///
/// It reads a request as the strictest reader would: a head that ends in an empty line, then exactly the body that the
/// head announces. What does not fit stays in ``bytes``, where the test sees it.
final class Recorder: Sendable {
    /// One request as it came.
    struct Request: Sendable {
        let head: String
        let body: String

        var line: String { String(head.prefix { $0 != "\r\n" }) }
        var method: String { String(line.prefix { $0 != " " }) }
        var path: String { String(line.split(separator: " ").dropFirst().first ?? "") }

        /// The values of a header, in order.
        func values(_ name: String) -> [String] {
            head.components(separatedBy: "\r\n").dropFirst().compactMap { field in
                guard let colon = field.firstIndex(of: ":"), field[..<colon].lowercased() == name else { return nil }
                return field[field.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        }
    }

    private struct Memory {
        var isOpen = true
        var bytes: [UInt8] = []
        var requests: [Request] = []
        var connections: [Int32] = []
    }

    /// Longer than any test lasts: a target that closes a connection of the gateway's pool fails the next request.
    private static let idleSeconds = 300

    let port: UInt16
    private let listener: Int32
    private let memory = Mutex(Memory())
    private let answer: @Sendable (Request, RawConnection) -> Bool

    /// `answer` writes to the connection, and says whether it stays open for the next request.
    init(answer: @escaping @Sendable (Request, RawConnection) -> Bool = Recorder.greets) throws {
        self.answer = answer
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let status = withAddress(0) { bind(socket, $0, $1) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &size) }
        }
        listener = socket
        port = UInt16(bigEndian: address.sin_port)
        guard status == 0, listen(socket, 128) == 0, port > 0 else { throw CocoaError(.fileReadUnknown) }
        Thread.detachNewThread { self.accept() }
    }

    /// Answers 200 with the path.
    static let greets: @Sendable (Request, RawConnection) -> Bool = { request, connection in
        let body = request.method == "HEAD" ? "" : request.path
        return connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(request.path.utf8.count)\r\n\r\n\(body)")
    }

    var requests: [Request] { memory.withLock { $0.requests } }
    /// Everything that came, on whichever connection.
    var bytes: String { memory.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    func forget() {
        memory.withLock {
            $0.bytes = []
            $0.requests = []
        }
    }

    func stop() {
        let connections = memory.withLock { memory -> [Int32] in
            guard memory.isOpen else { return [] }
            memory.isOpen = false
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
            return memory.connections
        }
        for descriptor in connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            memory.withLock { $0.connections.append(descriptor) }
            Thread.detachNewThread {
                let connection = RawConnection(descriptor: descriptor, waitSeconds: Self.idleSeconds) { piece in
                    self.memory.withLock { $0.bytes += piece }
                }
                while let request = Self.read(connection) {
                    self.memory.withLock { $0.requests.append(request) }
                    guard self.answer(request, connection) else { break }
                }
                self.memory.withLock { $0.connections.removeAll { $0 == descriptor } }
                connection.close()
            }
        }
    }

    private static func read(_ connection: RawConnection) -> Request? {
        guard let head = connection.read(through: "\r\n\r\n") else { return nil }
        let request = Request(head: head, body: "")
        if request.values("expect").contains("100-continue") { connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
        if request.values("transfer-encoding").last?.lowercased() == "chunked" {
            return connection.readChunks().map { Request(head: head, body: $0) }
        }
        let length = request.values("content-length").first.flatMap(Int.init) ?? 0
        return connection.read(length).map { Request(head: head, body: $0) }
    }
}
