internal import AgentProtocol
internal import Glibc

/// The file by which other processes of this user ask a controller. Who may open the file may ask, and nobody else.
struct ControlSocket {
    private static let mode: mode_t = 0o600
    /// Processes that wait to be let in.
    private static let backlog: Int32 = 64

    let path: String

    /// Opens it for listening. What a dead process left behind is replaced; a living one is not disturbed.
    func listen() throws(LinkError) -> Int32 {
        if access(path, F_OK) == 0 {
            guard try !isAnswered() else {
                throw LinkError(.refused, "\(path) is served already: another `berth serve` runs on this data folder")
            }
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("replace") }
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("open") }
        // The mode of the socket is that of the file it makes: it is never open to others, not for a moment.
        guard fchmod(descriptor, Self.mode) == 0, try bound(descriptor) == 0, chmod(path, Self.mode) == 0,
            Glibc.listen(descriptor, Self.backlog) == 0
        else {
            let error = failure("open")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func isAnswered() throws(LinkError) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("try") }
        defer { close(descriptor) }
        return try withAddress { connect(descriptor, $0, $1) } == 0
    }

    private func bound(_ descriptor: Int32) throws(LinkError) -> Int32 {
        try withAddress { bind(descriptor, $0, $1) }
    }

    private func withAddress(_ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(LinkError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw LinkError(
                .refused,
                "\(path) is too long for a socket, which may have \(MemoryLayout.size(ofValue: address.sun_path) - 1) bytes; "
                    + "choose a shorter --data folder")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private func failure(_ verb: String) -> LinkError {
        LinkError(.refused, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
