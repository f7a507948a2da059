internal import Foundation

/// `git`, as somebody with a name uses it, and without the settings of this machine.
struct Git: Sendable {
    /// A folder for what it writes.
    let scratch: String

    @discardableResult
    func callAsFunction(_ words: String..., in folder: String? = nil) async throws -> String {
        try await run(words, in: folder)
    }

    @discardableResult
    func run(_ words: [String], in folder: String? = nil) async throws -> String {
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": scratch,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@berth.invalid",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@berth.invalid",
        ]
        let place = folder.map { ["-C", $0] } ?? []
        let program = try Program(["git"] + place + words, environment: environment, scratch: scratch)
        let outcome = try await program.end(within: .seconds(30))
        program.forget()
        guard outcome.status == 0 else { throw Trouble("git \(words.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
