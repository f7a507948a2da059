internal import Glibc

/// TCP over IPv4, without waiting longer than a bound.
enum Socket {
    static let waitSeconds = 10

    static func connect(to port: UInt16, host: String = "127.0.0.1") -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let status = withAddress(host, port) { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        setDelay(descriptor)
        setWait(descriptor, seconds: waitSeconds)
        return descriptor
    }

    static func listen(on port: UInt16) -> Int32? {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let status = withAddress("0.0.0.0", port) { bind(descriptor, $0, $1) }
        guard status == 0, Glibc.listen(descriptor, 1024) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// The address that a client of ours was reached at.
    static func ownAddress(of descriptor: Int32) -> String {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return withUnsafeBytes(of: address.sin_addr) { $0.map(String.init).joined(separator: ".") }
    }

    static func setDelay(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func setWait(_ descriptor: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    static func withAddress<Result>(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends all of it, or says that it could not.
    static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
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
}

/// Ports that nobody has now, below those that the system gives to outgoing connections.
enum FreePort {
    private static let attempts = 1000

    static func one() -> UInt16 {
        for _ in 0..<attempts {
            let port = UInt16.random(in: 15000..<32000)
            if let descriptor = Socket.listen(on: port) {
                close(descriptor)
                return port
            }
        }
        preconditionFailure("none of \(attempts) ports is free")
    }
}

/// Tells which of many descriptors have something to read.
struct Poller {
    private var watched: [pollfd] = []
    private var places: [Int32: Int] = [:]

    mutating func add(_ descriptor: Int32) {
        places[descriptor] = watched.count
        watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    mutating func remove(_ descriptor: Int32) {
        guard let place = places.removeValue(forKey: descriptor), let last = watched.popLast(), place < watched.count
        else { return }
        watched[place] = last
        places[last.fd] = place
    }

    mutating func wait(millis: Int32) -> [Int32] {
        guard poll(&watched, nfds_t(watched.count), millis) > 0 else { return [] }
        return watched.filter { $0.revents != 0 }.map(\.fd)
    }
}
