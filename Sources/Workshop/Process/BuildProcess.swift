internal import Glibc
internal import Reconciler

/// A command of a build, which begins a session of its own: its output goes to a log as it comes, and nothing of it is
/// left when it has ended, whoever ended it.
struct BuildProcess: Sendable {
    enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signaled(Int32)
        case timedOut
        case givenUp
        case notStarted(String)
        /// The kernel does not let go of a process; its disk, mostly, does not answer.
        case undead
    }

    let words: [String]
    let environment: [String: String]
    let timeout: Duration
    /// How long it may take to end by itself after it was asked to.
    let grace: Duration
    /// `NAME=value`, found in `environment` and in that of no other process.
    let mark: String
    /// The group that it is in, where it is given one.
    let group: gid_t
    /// Where its session is noted, so that it is found again after we were killed.
    let traceFile: String

    private static let chunk = 64 << 10
    /// How often an end, a timeout or a cancellation is looked for; output is read at once.
    private static let rhythmMillis: Int32 = 20
    /// Bytes that are read of what is left in the pipe when all who wrote are dead.
    private static let mostRemains = 4 << 20

    /// Blocks until it has ended and nobody of its session lives.
    func run(into log: LogWriter, until surrender: Surrender) -> Ending {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .notStarted("no pipe: \(lastError())") }
        let (output, input) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(output) }
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        var pid: pid_t = 0
        let status = spawn(&pid, writingTo: input)
        close(input)
        guard status == 0 else { return .notStarted(String(cString: strerror(status))) }
        let table = ProcessTable(session: pid, mark: mark, group: group)
        note(pid)
        let verdict = watch(pid, output, log, surrender, table)
        let isGone = table.kill()
        drain(output, into: log, most: Self.mostRemains)
        log.flush()
        var code: Int32 = 0
        // The dead first process was kept until here: its number could not be given to a stranger meanwhile.
        let isReaped = isGone && waitpid(pid, &code, 0) == pid
        unlink(traceFile)
        guard isReaped else { return .undead }
        if let verdict { return verdict }
        return code & 0x7f == 0 ? .exited((code >> 8) & 0xff) : .signaled(code & 0x7f)
    }

    /// Reads until the first process has ended (`nil`), or it had to be asked to.
    private func watch(
        _ pid: pid_t, _ output: Int32, _ log: LogWriter, _ surrender: Surrender, _ table: ProcessTable
    ) -> Ending? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: timeout)
        var verdict: Ending?
        var lastMoment = deadline
        while !hasEnded(pid) {
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let isReadable = poll(&waiting, 1, Self.rhythmMillis) > 0
            if isReadable, drain(output, into: log, most: Self.chunk) == 0 {
                // It has closed its output and goes on without.
                poll(nil, 0, Self.rhythmMillis)
            }
            log.flushParts()
            let now = clock.now
            if verdict == nil, surrender.isAsked || now >= deadline {
                verdict = surrender.isAsked ? .givenUp : .timedOut
                lastMoment = now.advanced(by: grace)
                table.signal(SIGTERM)
            }
            if verdict != nil, now >= lastMoment { table.signal(SIGKILL) }
        }
        return verdict
    }

    /// Reads what is there. Gives the bytes read.
    @discardableResult
    private func drain(_ output: Int32, into log: LogWriter, most: Int) -> Int {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        var total = 0
        while total < most {
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { break }
            log.add(buffer[..<count])
            total += count
        }
        return total
    }

    /// Whether the first process is dead; it is left to be fetched.
    private func hasEnded(_ pid: pid_t) -> Bool {
        var facts = siginfo_t()
        guard waitid(P_PID, id_t(pid), &facts, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno != EINTR }
        return facts.si_signo != 0
    }

    private func note(_ pid: pid_t) {
        guard let trace = ProcessTable.Trace(of: pid) else { return }
        let descriptor = open(traceFile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = fill(descriptor, with: Array(trace.text.utf8))
        close(descriptor)
    }

    private func spawn(_ pid: inout pid_t, writingTo output: Int32) -> Int32 {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&files, output, 1)
        posix_spawn_file_actions_adddup2(&files, output, 2)
        for descriptor in Folders.names(in: "/proc/self/fd").compactMap({ Int32($0) }) where descriptor > 2 {
            posix_spawn_file_actions_addclose(&files, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A child inherits which signals its parent's thread holds back or ignores; a build must hear ours.
        var none = sigset_t()
        sigemptyset(&none)
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { variables.forEach { free($0) } }
        return posix_spawn(&pid, self.words[0], &files, &attributes, &words, &variables)
    }
}

/// What the kernel said last on this thread.
func lastError() -> String { String(cString: strerror(errno)) }
