import Foundation
import Glibc

/// A program that was started, with nothing of ours open in it. Foundation's own `Process` lets each program inherit
/// the descriptors by which it learns of the others' end, and so a server that lives keeps tests from going on.
final class Program {
    /// More than the tests ever have open.
    private static let descriptors: Int32 = 1024

    let id: pid_t
    private var status: Int32?

    /// Its input is empty; what it says goes into the file `output`.
    init(_ command: [String], environment: [String: String], output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Closing what is not open is no error.
        for descriptor in 3..<Self.descriptors { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, command[0], &actions, &attributes, &words, &variables)
        guard code == 0 else {
            throw ProgramFailed(command: command, output: String(cString: strerror(code)))
        }
        self.id = id
    }

    deinit { end() }

    /// Its exit code, or `nil` where a signal ended it.
    func wait() -> Int32? { collect(0) == nil ? nil : code }

    var isRunning: Bool { collect(WNOHANG) == nil }

    func end() {
        guard isRunning else { return }
        kill(id, SIGKILL)
        _ = collect(0)
    }

    private var code: Int32? { status.flatMap { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : nil } }

    private func collect(_ options: Int32) -> Int32? {
        if status != nil { return status }
        var found: Int32 = 0
        var waited: pid_t
        repeat { waited = waitpid(id, &found, options) } while waited < 0 && errno == EINTR
        if waited == id { status = found }
        return status
    }
}

struct ProgramFailed: Error, CustomStringConvertible {
    let command: [String]
    let output: String
    var description: String { "\(command.joined(separator: " ")): \(output)" }
}
