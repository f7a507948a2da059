internal import Foundation

/// What became of a program: how it ended, and all that it wrote.
struct Outcome: Sendable {
    let status: Int32
    let output: String
    let errors: String

    var lines: [Substring] { output.split(separator: "\n") }
}

/// A program that runs. It is given no more of our environment than it needs, and no blocked signals:
/// a thread of the test library may hold a mask that would make it deaf to SIGTERM.
final class Program {
    let id: pid_t
    private let output: String
    private let errors: String
    private let name: String
    private(set) var status: Int32?

    /// `scratch` is a folder for what it writes.
    init(_ words: [String], environment: [String: String], scratch: String) throws {
        name = words[0]
        let stem = scratch + "/" + UUID().uuidString
        output = stem + ".out"
        errors = stem + ".err"

        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)

        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var id = pid_t()
        let failure = posix_spawnp(&id, words[0], &actions, &attributes, &arguments, &variables)
        guard failure == 0 else {
            throw Trouble("\(words[0]) cannot be started: \(String(cString: strerror(failure)))")
        }
        self.id = id
    }

    var isRunning: Bool {
        guard status == nil else { return false }
        var code: Int32 = 0
        guard waitpid(id, &code, WNOHANG) == id else { return true }
        status = code & 0x7f == 0 ? code >> 8 & 0xff : 128 + code & 0x7f
        return false
    }

    func send(_ signal: Int32) {
        if isRunning { kill(id, signal) }
    }

    /// Waits for its end; what is not over within `bound` is killed, and that is a failure.
    func end(within bound: Duration) async throws -> Outcome {
        do {
            try await eventually("end of \(name)", within: bound, every: .milliseconds(3), isTrue: { !isRunning })
        } catch {
            send(SIGKILL)
            try await eventually("end of \(name) after SIGKILL", isTrue: { !isRunning })
            throw Trouble("\(error); it wrote: \(said)")
        }
        return Outcome(status: status ?? -1, output: text(of: output), errors: text(of: errors))
    }

    /// Removes what it wrote.
    func forget() {
        for file in [output, errors] { unlink(file) }
    }

    /// What it wrote so far.
    var said: String { text(of: output) + text(of: errors) }

    private func text(of file: String) -> String {
        // SAFE: a program that wrote nothing said nothing
        String(decoding: (try? Data(contentsOf: URL(filePath: file))) ?? Data(), as: UTF8.self)
    }
}
