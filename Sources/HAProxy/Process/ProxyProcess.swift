internal import Glibc
internal import Model
internal import Reconciler

extension Bound {
    /// How long a port that is taken is waited for.
    fileprivate static let portMillis = 500
}

/// The proxy of one gateway as processes: checked, started, replaced and stopped. It outlives us.
struct ProxyProcess {
    let folder: GatewayFolder
    let executable: String
    let operation: String

    /// Has the proxy itself judge a configuration before anything depends on it.
    func check(_ configuration: String) throws(HostError) {
        try DurableFile(path: folder.candidate).write(configuration, for: operation)
        let verdict = try command(["-c", "-f", folder.candidate]).run(within: Bound.checkMillis, for: operation)
        guard verdict.status == 0 else {
            throw HostError(operation, .refused, "HAProxy refuses its configuration: \(alerts(verdict.words))")
        }
    }

    /// Refuses ports that somebody else has before anything is started: a successor that finds one taken has made the
    /// process that runs let go of its own.
    func checkPorts(_ ports: Set<UInt16>) throws(HostError) {
        for port in ports.subtracting(ProcessTable.ports(of: ProcessTable.proxies(of: folder))).sorted() {
            // Of a process that ends, sockets are the last to go.
            let isFree = Deadline(millis: Bound.portMillis).wait { !Self.isTaken(port) }
            guard isFree else { throw refusal("port \(port) is in use", [port]) }
        }
    }

    /// Bound as the proxy would bind it. What else may go wrong is the proxy's to say: it may have other rights.
    private static func isTaken(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return (status != 0 || listen(descriptor, 1) != 0) && errno == EADDRINUSE
    }

    /// Starts a proxy with the checked configuration; `old` hands over its ports and then serves only what it has.
    func start(replacing old: LiveProxy.Identity?, listeningOn ports: Set<UInt16>) throws(HostError) {
        guard rename(folder.candidate, folder.configuration) == 0 else {
            throw HostError(operation, .refused, "cannot write \(folder.configuration): \(lastError())")
        }
        var arguments = ["-D", "-f", folder.configuration, "-p", folder.pidFile]
        if let old {
            arguments += ["-x", folder.adminSocket, "-sf", "\(old.pid)"]
        } else {
            // Nobody answers: the files of a process that is gone, or one that lost its socket and must leave.
            unlink(folder.adminSocket)
            unlink(folder.pidFile)
            let deaf = ProcessTable.proxies(of: folder).sorted().map(String.init)
            if !deaf.isEmpty { arguments += ["-sf"] + deaf }
        }
        let start = try command(arguments).run(within: Bound.startMillis, for: operation)
        guard start.status == 0 else { throw refusal(start.words, ports) }
    }

    /// Waits until the process of the pid file, and no other, answers on the admin socket.
    ///
    /// For a moment after a replacement both processes may answer; hence several answers in a row.
    func verify(_ digest: Digest, through proxy: LiveProxy) throws(HostError) {
        let pid = try DurableFile(path: folder.pidFile).read(for: operation)
            .flatMap { Int32($0.prefix { $0.isNumber }) }
        let deadline = Deadline(millis: Bound.startMillis)
        var answers = 0
        while answers < Bound.answersInARow {
            let identity = try proxy.identity()
            let isOurs = identity?.pid == pid && identity?.description == describe(digest)
            answers = isOurs ? answers + 1 : 0
            guard !deadline.hasPassed else {
                let who = identity.map { "process \($0.pid)" } ?? "nobody"
                let wanted = pid.map { "process \($0)" } ?? "the new process"
                throw HostError(operation, .stale, "\(who) answers on \(folder.adminSocket) instead of \(wanted)")
            }
            poll(nil, 0, Bound.pollMillis)
        }
    }

    /// Ends every process of this gateway, those that still serve old connections included.
    func stop() throws(HostError) {
        for signal in [SIGTERM, SIGKILL] {
            for pid in ProcessTable.proxies(of: folder) { kill(pid, signal) }
            let deadline = Deadline(millis: Bound.stopMillis)
            if deadline.wait(until: { ProcessTable.proxies(of: folder).isEmpty }) { return }
        }
        throw HostError(operation, .unreachable, "HAProxy does not end")
    }

    private func command(_ arguments: [String]) -> Command {
        Command(executable: executable, arguments: arguments, log: folder.log)
    }

    private func refusal(_ words: String, _ ports: Set<UInt16>) -> HostError {
        let ours = ProcessTable.proxies(of: folder)
        if let busy = ProcessTable.foreignListener(among: ports, except: ours) {
            let remedy = "stop it, or give the gateway another port"
            return HostError(operation, .refused, "port \(busy.port) is held by \(busy.holder); \(remedy)")
        }
        return HostError(operation, .refused, "HAProxy does not start: \(alerts(words))")
    }

    /// The lines that say what is wrong; the others repeat the version.
    private func alerts(_ words: String) -> String {
        let lines = words.split(separator: "\n").filter { !$0.hasPrefix("[NOTICE]") }
        return bounded(lines.joined(separator: "\n"))
    }
}
