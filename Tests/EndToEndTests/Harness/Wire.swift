internal import Foundation

/// One exchange over a socket of its own: everything is sent, then everything is read until the other side closes.
struct Wire: Sendable {
    enum Peer: Sendable, Hashable {
        /// A port of this machine.
        case port(UInt16)
        /// A port of a machine with this IPv4 address.
        case address(String, UInt16)
        /// A unix socket.
        case path(String)
    }

    /// How long a peer may be silent.
    static let patienceSeconds = 10
    /// More than any answer of these tests.
    static let largestAnswer = 16 << 20

    let peer: Peer

    func exchange(_ text: String) throws -> [UInt8] {
        let descriptor = try open()
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Trouble("\(peer) takes nothing: \(lastError())")
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while answer.count < Self.largestAnswer {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return answer }
            guard count > 0 else { throw Trouble("\(peer) broke off after \(answer.count) bytes: \(lastError())") }
            answer += buffer[..<count]
        }
        throw Trouble("\(peer) answers more than \(Self.largestAnswer) bytes")
    }

    /// Whether anybody takes a connection; nothing is said.
    func probe() throws { close(try open()) }

    private func open() throws -> Int32 {
        let family =
            switch peer {
            case .port, .address: AF_INET
            case .path: AF_UNIX
            }
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor) == 0 else {
            let why = lastError()
            close(descriptor)
            throw Trouble("\(peer) takes no connection: \(why)")
        }
        return descriptor
    }

    private func connect(_ descriptor: Int32) -> Int32 {
        switch peer {
        case .port(let port):
            return Self.withAddress(of: port) { Foundation.connect(descriptor, $0, $1) }
        case .address(let host, let port):
            return Self.withAddress(of: port, at: inet_addr(host)) { Foundation.connect(descriptor, $0, $1) }
        case .path(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1))
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    /// The address of a port on the loopback interface, or on any.
    static func withAddress<Result>(
        of port: UInt16, isAny: Bool = false, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withAddress(of: port, at: isAny ? 0 : UInt32(0x7f00_0001).bigEndian, body)
    }

    /// `host` is in the order of the network.
    private static func withAddress<Result>(
        of port: UInt16, at host: in_addr_t, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

func lastError() -> String { String(cString: strerror(errno)) }
