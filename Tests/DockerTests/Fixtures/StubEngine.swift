import Foundation
import Glibc

/// A server on a unix socket that answers as it is told to, or worse.
final class StubEngine: Sendable {
    enum Answer: Sendable {
        case json(String, status: Int = 200)
        case text(String)
        /// The connection closes without a byte.
        case drop
        /// A head that promises more than comes, and then silence until the other side gives up.
        case stall(String)
        /// So many bytes without an announced length.
        case flood(Int)
        /// Asks the engine at the path, and hands on what it says.
        case forward(String)
        /// Asks the engine at the path, and loses what it says.
        case forwardAndDrop(String)
        /// These bytes before the body of the request is read, which never is.
        case early(String)
        /// Keeps the whole request, as far as it came, and closes the connection.
        case keep(Shared<[UInt8]?>)
        /// Nothing is read beyond the head, and nothing said, until the other side gives up.
        case deaf
    }

    /// The method and target of a request: `GET /v1.41/containers/json?all=1`.
    typealias Script = @Sendable (String) -> Answer

    let path: String
    private let listener: CInt
    private let script: Script

    init(_ script: @escaping Script) throws {
        path = "/tmp/berth-stub-\(UInt64.random(in: 0 ... .max)).sock"
        self.script = script
        listener = try Socket.listen(path)
        let (listener, script) = (listener, script)
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { Self.serve(client, script) }
            }
        }
    }

    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
        unlink(path)
    }

    static let version = Answer.json(#"{"ApiVersion":"1.41","MinAPIVersion":"1.12"}"#)

    private static func serve(_ client: CInt, _ script: Script) {
        defer { close(client) }
        let head = Socket.readHead(client)
        guard let line = String(decoding: head, as: UTF8.self).split(separator: "\r\n").first else { return }
        let target = line.split(separator: " ").prefix(2).joined(separator: " ")
        let answer = script(target)
        if case .early(let text) = answer {
            Socket.write(client, Array(text.utf8))
            return
        }
        if case .deaf = answer { return Socket.awaitEnd(client) }
        let request = Socket.readRequest(client, after: head)
        switch answer {
        case .early, .deaf: return
        case .keep(let kept): kept.withLock { $0 = request }
        case .json(let body, let status):
            let head = "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\n"
            Socket.write(
                client, Array("\(head)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8))
        case .text(let text): Socket.write(client, Array(text.utf8))
        case .drop: return
        case .stall(let beginning):
            Socket.write(client, Array("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\(beginning)".utf8))
            _ = Socket.readAll(client)
        case .flood(let count):
            Socket.write(client, Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8))
            let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
            for _ in 0..<(count >> 20) where !Socket.write(client, piece) { return }
        case .forward(let engine): Socket.write(client, Socket.ask(engine, request))
        case .forwardAndDrop(let engine): _ = Socket.ask(engine, request)
        }
    }
}

private enum Socket {
    struct Failure: Error { let code = errno }

    static func listen(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let bound = withAddress(path) { bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, 64) == 0 else { throw Failure() }
        return descriptor
    }

    /// The whole answer to `request`, which must not expect the connection to stay.
    static func ask(_ path: String, _ request: [UInt8]) -> [UInt8] {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        guard withAddress(path, { connect(descriptor, $0, $1) }) == 0 else { return [] }
        let end = headLength(request) ?? request.count
        write(descriptor, request[..<(end - 2)] + Array("Connection: close\r\n\r\n".utf8) + request[end...])
        return readAll(descriptor)
    }

    /// Waits until the other side closes, a minute at most.
    static func awaitEnd(_ descriptor: CInt) {
        var watched = pollfd(fd: descriptor, events: 0, revents: 0)
        _ = poll(&watched, 1, 60_000)
    }

    /// The head of a request, and what came with it.
    static func readHead(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        while headLength(bytes) == nil, let piece = read(descriptor) { bytes += piece }
        return bytes
    }

    static func readRequest(_ descriptor: CInt, after begun: [UInt8]) -> [UInt8] {
        guard let head = headLength(begun) else { return begun }
        var bytes = begun
        let isChunked = String(decoding: begun[..<head], as: UTF8.self).lowercased().contains("chunked")
        let last = Array("0\r\n\r\n".utf8)
        func isWhole() -> Bool {
            isChunked ? bytes.suffix(last.count) == last[...] : bytes.count >= head + contentLength(begun[..<head])
        }
        while !isWhole(), let piece = read(descriptor) { bytes += piece }
        return bytes
    }

    static func readAll(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = read(descriptor) { bytes += piece }
        return bytes
    }

    @discardableResult
    static func write(_ descriptor: CInt, _ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func read(_ descriptor: CInt) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private static func headLength(_ bytes: [UInt8]) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { Array(bytes[$0..<$0 + 4]) == end }.map { $0 + 4 }
    }

    private static func contentLength(_ head: ArraySlice<UInt8>) -> Int {
        for line in String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
        where line.hasPrefix("content-length:") {
            return Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)) ?? 0
        }
        return 0
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
