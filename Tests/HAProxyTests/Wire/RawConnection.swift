internal import Foundation

/// A TCP connection on which every byte is the test's own. Each wait has a deadline.
final class RawConnection: @unchecked Sendable {  // SAFE: a test uses it from one place at a time
    static let waitSeconds = 20
    private let descriptor: Int32
    private let sees: @Sendable (ArraySlice<UInt8>) -> Void
    private var pending: [UInt8] = []
    private var isClosed = false

    init(
        descriptor: Int32, waitSeconds: Int = RawConnection.waitSeconds,
        sees: @escaping @Sendable (ArraySlice<UInt8>) -> Void = { _ in }
    ) {
        self.descriptor = descriptor
        self.sees = sees
        var limit = timeval(tv_sec: waitSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    convenience init?(to port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.init(descriptor: descriptor)
    }

    deinit { close() }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(descriptor)
    }

    /// Says that nothing more will be sent, and goes on reading.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Up to and including `end`; `nil` where the other side closed or took too long.
    func read(through end: String) -> String? {
        let mark = Array(end.utf8)
        while true {
            if let range = pending.firstRange(of: mark) { return take(range.upperBound) }
            guard fill() == .more else { return nil }
        }
    }

    func read(_ count: Int) -> String? { bytes(count).map { String(decoding: $0, as: UTF8.self) } }

    func bytes(_ count: Int) -> [UInt8]? {
        while pending.count < count {
            guard fill() == .more else { return nil }
        }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    /// A chunked body without its framing; its trailers follow after an empty line, where there are any.
    func readChunks() -> String? {
        var body = ""
        while true {
            guard let line = read(through: "\r\n"), let size = Int(line.dropLast(1), radix: 16), size >= 0 else {
                return nil
            }
            if size == 0 {
                var trailers = ""
                while let field = read(through: "\r\n"), field != "\r\n" { trailers += field }
                return trailers.isEmpty ? body : "\(body)\r\n\(trailers)"
            }
            guard let piece = read(size), read(2) == "\r\n" else { return nil }
            body += piece
        }
    }

    /// Whether the other side has closed by the deadline, having sent nothing more.
    var endsHere: Bool { pending.isEmpty && fill() == .end }

    /// What there is until the other side closes; `isClosed` is false where it did not by the deadline.
    func readToEnd() -> (text: String, isClosed: Bool) {
        while true {
            switch fill() {
            case .more: continue
            case .end: return (take(pending.count), true)
            case .silence: return (take(pending.count), false)
            }
        }
    }

    private enum Filling { case more, end, silence }

    private func fill() -> Filling {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return count == 0 || errno == ECONNRESET ? .end : .silence }
        pending += buffer.prefix(count)
        sees(buffer.prefix(count))
        return .more
    }

    private func take(_ count: Int) -> String {
        defer { pending.removeFirst(count) }
        return String(decoding: pending.prefix(count), as: UTF8.self)
    }
}

extension RawConnection {
    /// The next answer, read as a client must: by its length, its chunks, or not at all where it has no body.
    func answer(to method: String = "GET") -> Answer? {
        guard let head = read(through: "\r\n\r\n") else { return nil }
        let (first, headers) = parse(head)
        let status = Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0
        func with(_ body: String?) -> Answer? { body.map { Answer(status: status, headers: headers, body: $0) } }
        if method == "HEAD" || status == 204 || status == 304 || status < 200 { return with("") }
        if headers["transfer-encoding"] == "chunked" { return with(readChunks()) }
        guard let length = headers["content-length"].flatMap(Int.init) else { return with(readToEnd().text) }
        return with(read(length))
    }
}
