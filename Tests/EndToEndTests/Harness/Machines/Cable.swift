internal import Foundation

/// What joins a machine to the others, and what can go wrong with it. Connections that stand are hit as new ones are,
/// and those of the machine's containers as its own.
struct Cable: Sendable {
    enum Way: CaseIterable, Sendable { case incoming, outgoing }

    let machine: Machine

    /// Swallows packets silently: all, or those of one way, from and to everybody or one peer, until ``mend()``.
    func cut(_ ways: [Way] = Way.allCases, from peer: Machine? = nil) async throws {
        try await drop(ways, peer, [])
    }

    /// Loses each packet with this probability, each way by itself, until ``mend()``.
    func lose(_ share: Double, _ ways: [Way] = Way.allCases, from peer: Machine? = nil) async throws {
        try await drop(
            ways, peer, ["--match", "statistic", "--mode", "random", "--probability", String(share)])
    }

    /// Nothing is lost any more.
    func mend() async throws {
        for way in Way.allCases { try await tables(["--table", way.table, "--flush", way.chain]) }
    }

    /// Packets that were swallowed since the last ``mend()``.
    func lost(_ way: Way) async throws -> Int {
        let words = [
            "iptables", "--wait", "--table", way.table, "--list", way.chain, "--verbose", "--exact", "--numeric",
        ]
        let outcome = try await machine.run(words)
        return outcome.lines.dropFirst(2).reduce(0) { $0 + (Int($1.split(separator: " ").first ?? "") ?? 0) }
    }

    /// Every packet takes so much longer, each way, while `body` runs. With a tool of our own where the kernel has none
    /// (`scripts/delay-line`).
    func slowed<Result>(byMillis delay: Int, _ body: () async throws -> Result) async throws -> Result {
        let tool = Machines.scripts + "/delay-line"
        let line = try Program(
            [tool, machine.name, String(delay)], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], scratch: "/tmp"
        )
        defer { line.forget() }
        do {
            try await eventually(
                "\(machine.name)'s cable is slow",
                isTrue: {
                    guard line.isRunning else { throw Trouble("delay-line: \(line.said)") }
                    return line.said.contains("in place")
                })
            let result = try await body()
            try await remove(line)
            return result
        } catch {
            try await remove(line)
            throw error
        }
    }

    private func remove(_ line: Program) async throws {
        line.send(SIGTERM)
        let outcome = try await line.end(within: .seconds(20))
        guard outcome.status == 0 else { throw Trouble("delay-line ended with \(outcome.status): \(outcome.errors)") }
    }

    private func drop(_ ways: [Way], _ peer: Machine?, _ match: [String]) async throws {
        for way in ways {
            let other = peer.map { [way.peer, $0.address] } ?? []
            try await tables(["--table", way.table, "--append", way.chain] + other + match + ["--jump", "DROP"])
        }
    }

    private func tables(_ words: [String]) async throws {
        let outcome = try await machine.run(["iptables", "--wait"] + words)
        guard outcome.status == 0 else {
            throw Trouble("on \(machine.name), iptables \(words.joined(separator: " ")): \(outcome.errors)")
        }
    }
}

extension Cable.Way {
    fileprivate var table: String {
        switch self {
        case .incoming: "raw"
        case .outgoing: "mangle"
        }
    }

    fileprivate var chain: String {
        switch self {
        case .incoming: "berth-in"
        case .outgoing: "berth-out"
        }
    }

    fileprivate var peer: String {
        switch self {
        case .incoming: "--source"
        case .outgoing: "--destination"
        }
    }
}
