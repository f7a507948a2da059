internal import Foundation

/// A blocking TCP connection with a deadline on every wait.
final class Wire: @unchecked Sendable {  // SAFE: a test uses it from one place at a time
    private static let waitSeconds = 15
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Self.waitSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init?(to port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let status = withAddress(port) { connect(descriptor, $0, $1) }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        self.init(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
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
            if let start = pending.firstRange(of: mark) { return take(start.upperBound) }
            guard fill() else { return nil }
        }
    }

    func read(_ count: Int) -> String? {
        while pending.count < count { guard fill() else { return nil } }
        return take(count)
    }

    private func take(_ count: Int) -> String {
        defer { pending.removeFirst(count) }
        return String(decoding: pending.prefix(count), as: UTF8.self)
    }

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        pending += buffer.prefix(count)
        return true
    }
}

/// One answer of the gateway.
struct Answer {
    let status: Int
    let headers: [String: String]
    let body: String

    /// `x-sandbox-route`.
    var route: String { headers["x-sandbox-route"] ?? "none" }
    /// The name of the target that answered.
    var target: String { String(body.prefix { $0 != " " }) }
    /// The path that the target saw.
    var path: String { String(body.split(separator: "\n").first?.split(separator: " ").last ?? "") }

    /// A header that the target saw.
    func seen(_ name: String) -> [String] {
        body.split(separator: "\n").filter { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}

extension Wire {
    func ask(_ path: String, _ headers: [String: String] = [:], method: String = "GET") -> Answer? {
        let fields = ["host": "client.example"].merging(headers) { $1 }.map { "\($0): \($1)\r\n" }.joined()
        guard send("\(method) \(path) HTTP/1.1\r\n\(fields)\r\n") else { return nil }
        return answer()
    }

    func answer() -> Answer? {
        guard let head = read(through: "\r\n\r\n") else { return nil }
        let (first, headers) = parse(head)
        let status = Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0
        guard let body = read(Int(headers["content-length"] ?? "0") ?? 0) else { return nil }
        return Answer(status: status, headers: headers, body: body)
    }
}

func parse(_ head: String) -> (first: String, headers: [String: String]) {
    let lines = head.components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        headers[line[..<colon].lowercased()] = value
    }
    return (lines[0], headers)
}

func withAddress<Result>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
