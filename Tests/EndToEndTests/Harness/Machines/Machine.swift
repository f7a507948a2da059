internal import Foundation

/// A machine of `scripts/with-test-hosts`: a network namespace with an address of its own and, where it is a node, a
/// Docker engine of its own. Files and processes are those of all.
struct Machine: Sendable, Hashable {
    let name: String
    let address: String
    /// Its first process, whose namespaces are the machine.
    let process: pid_t
    /// `unix://…` of its engine; of `control` there is none behind it.
    let host: String

    var cable: Cable { Cable(machine: self) }
    var engine: Engine { Engine(at: host) }

    /// The command line that runs `words` on this machine. What it starts is the program itself, so that a signal to it
    /// is a signal to the program.
    func inside(_ words: [String]) -> [String] {
        ["nsenter", "--net", "--mount", "--target", String(process), "--wd=/tmp", "--"] + words
    }

    /// Starts a program here; `environment` is all it is given but a path.
    func start(_ words: [String], environment: [String: String] = [:], scratch: String = "/tmp") throws -> Program {
        try Program(inside(words), environment: Self.path.merging(environment) { _, new in new }, scratch: scratch)
    }

    /// Runs a program here to its end.
    func run(_ words: [String], within bound: Duration = .seconds(60)) async throws -> Outcome {
        let program = try start(words)
        defer { program.forget() }
        return try await program.end(within: bound)
    }

    /// Runs a program that must succeed; its output.
    @discardableResult
    func must(_ words: [String], within bound: Duration = .seconds(60)) async throws -> String {
        let outcome = try await run(words, within: bound)
        guard outcome.status == 0 else {
            throw Trouble("on \(name), \(words.joined(separator: " ")): \(outcome.output)\(outcome.errors)")
        }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether a port of `other` takes a connection from here.
    func reaches(_ other: Machine, port: UInt16, withinSeconds bound: Int = 2) async throws -> Bool {
        let words = ["timeout", String(bound), "bash", "-c", "exec 3<>/dev/tcp/\(other.address)/\(port)"]
        return try await run(words).status == 0
    }

    private static let path = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"]
}
