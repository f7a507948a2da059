internal import Glibc
internal import Reconciler

/// One run of the proxy's executable, without a shell.
struct Command {
    let executable: String
    let arguments: [String]
    /// Where its words go, appended.
    let log: String

    /// Returns its exit status, and what it wrote.
    func run(within millis: Int, for operation: String) throws(HostError) -> (status: Int32, words: String) {
        trimLog()
        let before = size(of: log)
        let pid = try spawn(for: operation)
        var status: Int32 = 0
        let isOver = Deadline(millis: millis).wait { waitpid(pid, &status, WNOHANG) != 0 }
        if !isOver {
            kill(pid, SIGKILL)
            waitpid(pid, &status, 0)
            throw HostError(operation, .unreachable, "\(executable) was not done within \(millis) ms")
        }
        let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
        return (exit, words(from: before))
    }

    private func spawn(for operation: String) throws(HostError) -> pid_t {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        // A descriptor of ours that lived on in the daemon would keep a lock or a socket open after us.
        for descriptor in ProcessTable.ownDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&files, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of a dispatch queue block signals, and a child inherits that; the proxy lives by its signals.
        var none = sigset_t()
        sigemptyset(&none)
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        let status = posix_spawn(&pid, executable, &files, &attributes, &words, &environment)
        guard status == 0 else {
            let why = String(cString: strerror(status))
            throw HostError(operation, .refused, "cannot run \(executable): \(why); is HAProxy installed?")
        }
        return pid
    }

    private func trimLog() {
        if size(of: log) > Bound.logBytes { truncate(log, 0) }
    }

    private func words(from offset: Int) -> String {
        let descriptor = open(log, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: Bound.logBytes)
        let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    private func size(of path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }
}
