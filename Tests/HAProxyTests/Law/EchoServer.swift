internal import Foundation
internal import Synchronization

/// A server on every loopback address that answers with the address it was asked on and the head it was sent.
final class EchoServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let open = Mutex<Set<Int32>>([])

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        port = FreePorts.one()
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        let status = withSocketAddress(of: &address) { bind(listener, $0, $1) }
        guard status == 0, listen(listener, 1024) == 0 else { throw CocoaError(.fileReadUnknown) }
        Thread.detachNewThread { self.accept() }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            open.withLock { _ = $0.insert(descriptor) }
            Thread.detachNewThread {
                self.serve(ByteStream(descriptor), named: localAddress(of: descriptor))
                self.open.withLock { _ = $0.remove(descriptor) }
            }
        }
    }

    private func serve(_ stream: ByteStream, named name: String) {
        while let head = stream.head() {
            let start = Array(
                "HTTP/1.1 200 OK\r\nx-mine: old\r\ncontent-length: \(name.utf8.count + 2 + head.count)\r\n\r\n".utf8)
            guard stream.send(start + Array("\(name)\r\n".utf8) + head) else { return }
        }
    }
}

/// A blocking connection, read in pieces that end at a mark; made to be fast without optimisation.
final class ByteStream {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    private var start = 0
    private var end = 0

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// From one loopback address to another.
    convenience init?(from source: String, to destination: String, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        func address(_ host: String, _ port: UInt16) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr(host)
            return address
        }
        var own = address(source, 0)
        var other = address(destination, port)
        guard withSocketAddress(of: &own, { bind(descriptor, $0, $1) }) == 0,
            withSocketAddress(of: &other, { connect(descriptor, $0, $1) }) == 0
        else {
            close(descriptor)
            return nil
        }
        self.init(descriptor)
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Up to and including the empty line.
    func head() -> ArraySlice<UInt8>? {
        var from = start
        while true {
            while let line = position(of: UInt8(ascii: "\n"), from: from) {
                if line - start >= 3, buffer[line - 1] == 13, buffer[line - 2] == 10, buffer[line - 3] == 13 {
                    return take(line + 1 - start)
                }
                from = line + 1
            }
            guard fill() else { return nil }
            // What was read may have been moved.
            from = start
        }
    }

    private func position(of byte: UInt8, from: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard from < end, let base = bytes.baseAddress else { return nil }
            return memchr(base + from, Int32(byte), end - from).map { UnsafeRawPointer($0) - base }
        }
    }

    func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        while end - start < count { guard fill() else { return nil } }
        return take(count)
    }

    private func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { start += count }
        return buffer[start..<(start + count)]
    }

    private func fill() -> Bool {
        if start > 0, buffer.count - end < 32 << 10 {
            buffer.withUnsafeMutableBytes { bytes in
                let base = bytes.baseAddress.unsafelyUnwrapped
                memmove(base, base + start, end - start)
            }
            end -= start
            start = 0
        }
        guard end < buffer.count else { return false }
        let count = buffer.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress.unsafelyUnwrapped + end, $0.count - end, 0)
        }
        guard count > 0 else { return false }
        end += count
        return true
    }
}

func withSocketAddress<Result>(
    of address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

private func localAddress(of descriptor: Int32) -> String {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return String(cString: inet_ntoa(address.sin_addr))
}
