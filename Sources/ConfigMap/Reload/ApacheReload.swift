internal import Glibc
internal import Reconciler

/// Apache's graceful restart: requests that run end, and the next ones see the new file.
struct ApacheReload {
    let pidFile: String

    private static let programs: Set<String> = ["apache2", "httpd"]

    enum Server: Hashable {
        case running(Int32)
        /// And why it is thought so.
        case gone(String)
    }

    func server(for operation: String) throws(HostError) -> Server {
        guard let bytes = try DurableFile(path: pidFile).read(for: operation) else {
            return .gone("\(pidFile) is not there")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let pid = Int32(text.prefix { !$0.isWhitespace }), pid > 1 else {
            return .gone("\(pidFile) holds no process id")
        }
        // The id of an Apache that ended may be somebody else's by now, whom the signal would end.
        let name = try DurableFile(path: "/proc/\(pid)/comm").read(for: operation) ?? []
        let program = String(decoding: name.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard Self.programs.contains(program) else {
            return .gone(
                "process \(pid) of \(pidFile) " + (program.isEmpty ? "does not run" : "is \(program), and no Apache"))
        }
        return .running(pid)
    }

    /// Asks for it, and returns when those who read the old file are gone, or after a while. Refused where no Apache
    /// runs: what was written, the next start reads.
    func reload(for operation: String) throws(HostError) {
        switch try server(for: operation) {
        case .running(let pid):
            let old = try children(of: pid, operation)
            guard kill(pid, SIGUSR1) == 0 else {
                throw HostError(
                    operation, .refused,
                    "the file is written, but Apache (process \(pid)) may not be signalled: \(lastError()); let Berth "
                        + "run as its user or as root")
            }
            awaitEnd(of: old)
        case .gone(let why):
            throw HostError(
                operation, .refused,
                "the file is written, but Apache was not reloaded: \(why); start Apache, or correct "
                    + "configFileMap.reload.pidFile")
        }
    }

    /// Those that serve; none where the kernel does not tell.
    private func children(of pid: Int32, _ operation: String) throws(HostError) -> [Int32] {
        let bytes = try DurableFile(path: "/proc/\(pid)/task/\(pid)/children").read(for: operation) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }

    /// An idle one goes at once, a busy one after its request. One that a client keeps open is not waited for to the
    /// end: it closes after one more request.
    private func awaitEnd(of children: [Int32]) {
        for _ in 0..<Bound.reloadMillis / Bound.reloadPauseMillis {
            guard children.contains(where: { kill($0, 0) == 0 }) else { return }
            usleep(UInt32(Bound.reloadPauseMillis) * 1000)
        }
    }
}
