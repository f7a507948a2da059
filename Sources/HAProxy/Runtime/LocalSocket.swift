internal import Glibc

/// A unix socket of the proxy: one question a connection, answered until the other side closes.
struct LocalSocket {
    enum Failure: Error, Hashable {
        /// Nobody listens there.
        case down
        case broken(String)
    }

    let path: String

    /// Sends a question and returns the answer, or the first `limit` bytes of it.
    func exchange(_ question: [UInt8], within millis: Int, atMost limit: Int) throws(Failure) -> [UInt8] {
        let deadline = Deadline(millis: millis)
        let socket = try connect()
        defer { close(socket) }
        try send(question, to: socket, until: deadline)
        return try receive(from: socket, until: deadline, atMost: limit)
    }

    private func connect() throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw .broken("the path \(path) is too long for a unix socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }

        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .broken("no socket: \(lastError())") }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            if code == ENOENT || code == ECONNREFUSED { throw .down }
            throw .broken("cannot connect to \(path): \(String(cString: strerror(code)))")
        }
        return descriptor
    }

    private func send(_ bytes: [UInt8], to socket: Int32, until deadline: Deadline) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            try wait(for: Int16(POLLOUT), on: socket, until: deadline)
            let count = bytes.withUnsafeBytes { rest in
                Glibc.send(socket, rest.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 || errno == EAGAIN || errno == EINTR else { throw ended("cannot send") }
            sent += max(0, count)
        }
    }

    private func receive(from socket: Int32, until deadline: Deadline, atMost limit: Int) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try wait(for: Int16(POLLIN), on: socket, until: deadline)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count == 0 { return answer }
            guard count > 0 || errno == EAGAIN || errno == EINTR else { throw ended("no answer") }
            answer += buffer.prefix(max(0, count))
            if answer.count >= limit { return Array(answer.prefix(limit)) }
        }
    }

    /// A proxy that is killed resets the connections it had not taken yet: nobody listens there any more.
    private func ended(_ what: String) -> Failure {
        let code = errno
        return code == ECONNRESET || code == EPIPE ? .down : .broken("\(what): \(String(cString: strerror(code)))")
    }

    private func wait(for events: Int16, on socket: Int32, until deadline: Deadline) throws(Failure) {
        var descriptor = pollfd(fd: socket, events: events, revents: 0)
        guard poll(&descriptor, 1, deadline.remainingMillis) != 0 else {
            throw .broken("the proxy did not answer in time")
        }
    }
}

/// What the last failed call of the C library says.
func lastError() -> String { String(cString: strerror(errno)) }
