internal import Glibc

/// The proxy's runtime socket: one command a connection, answered in full or not at all.
struct AdminSocket {
    enum Failure: Error, Hashable {
        /// Nobody listens there.
        case down
        case broken(String)
    }

    let path: String

    /// Sends a line and returns the answer without its trailing blank lines.
    ///
    /// `command` is one we composed of parts that hold no `;`, no `\` and no line feed.
    func ask(_ command: String) throws(Failure) -> String {
        precondition(!command.contains(where: { $0 == "\n" || $0 == ";" || $0 == "\\" }), "one command, unquoted")
        let deadline = Deadline(millis: Bound.replyMillis)
        let socket = try connect()
        defer { close(socket) }
        try send(Array("\(command)\n".utf8), to: socket, until: deadline)
        var answer = try receive(from: socket, until: deadline)
        while answer.last == UInt8(ascii: "\n") { answer.removeLast() }
        return String(decoding: answer, as: UTF8.self)
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

    private func receive(from socket: Int32, until deadline: Deadline) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try wait(for: Int16(POLLIN), on: socket, until: deadline)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count == 0 { return answer }
            guard count > 0 || errno == EAGAIN || errno == EINTR else { throw ended("no answer") }
            answer += buffer.prefix(max(0, count))
            guard answer.count <= Bound.replyBytes else {
                throw .broken("its answer is over \(Bound.replyBytes) bytes")
            }
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
            throw .broken("the proxy did not answer within \(Bound.replyMillis) ms")
        }
    }
}

/// A point in time to give up at.
struct Deadline {
    private let instant: ContinuousClock.Instant

    init(millis: Int) { instant = .now.advanced(by: .milliseconds(millis)) }

    var hasPassed: Bool { instant <= .now }

    /// For `poll`; never negative, for that would be forever.
    var remainingMillis: Int32 {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: instant).components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// Waits until `condition` holds, looking often; `false` when the time is over.
    func wait(until condition: () -> Bool) -> Bool {
        while !condition() {
            guard !hasPassed else { return false }
            poll(nil, 0, Bound.pollMillis)
        }
        return true
    }
}

/// What the last failed call of the C library says.
func lastError() -> String { String(cString: strerror(errno)) }
