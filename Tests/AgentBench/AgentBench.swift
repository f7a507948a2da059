internal import Foundation
internal import Glibc

/// `agent-bench FOLDER [--json FILE] [--quick] [--agents N] [--containers N]`
///
/// Everything it makes is below FOLDER; `scripts/bench-agents` gives it a new one and clears up behind it. It starts
/// itself again as the controller and as the processes with agents. Ends with 2 where something was not measured.
@main struct AgentBench {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch arguments.first {
            case ControllerRole.word: try await ControllerRole(arguments.dropFirst()).run()
            case AgentsRole.word: try await AgentsRole(arguments.dropFirst()).run()
            case _: try await measure(try Options(arguments))
            }
        } catch {
            FileHandle.standardError.write(Data("agent-bench: \(error)\n".utf8))
            exit(2)
        }
    }

    private static func measure(_ options: Options) async throws {
        var report = Report(machine: .now, options: options)
        let start = ContinuousClock.now
        try await Conductor(options).run(&report)
        report.seconds = (ContinuousClock.now - start).seconds
        Output.say("\n\(report.text)")
        if let path = options.json {
            try report.write(to: path)
            Output.say("\nAs JSON: \(path)")
        }
    }
}

/// What is asked for.
struct Options: Sendable, Codable {
    let folder: String
    private(set) var json: String?
    private(set) var agents = 1_000
    private(set) var containers = 50
    /// Agents that come back at once to a controller that was killed.
    private(set) var returning = 500
    private(set) var amount = Amount()

    /// How often and how long.
    struct Amount: Sendable, Codable {
        var looks = 5
        var orders = 1_000
        var restSeconds = 60.0
        var emptySeconds = 10.0
    }

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        guard let folder = rest.popFirst(), !folder.hasPrefix("-") else {
            throw BenchError("usage: agent-bench FOLDER [--json FILE] [--quick] [--agents N] [--containers N]")
        }
        self.folder = folder
        while let option = rest.popFirst() {
            switch option {
            case "--json": json = rest.popFirst()
            case "--agents": agents = try Self.number(rest.popFirst(), of: option, in: 2...4_000)
            case "--containers": containers = try Self.number(rest.popFirst(), of: option, in: 1...1_000)
            case "--quick": amount = Amount(looks: 2, orders: 200, restSeconds: 10, emptySeconds: 3)
            default: throw BenchError("there is no option \(option)")
            }
        }
        returning = min(returning, agents / 2)
    }

    private static func number(_ text: String?, of option: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text ?? ""), range.contains(number) else {
            throw BenchError("\(option) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// Why something could not be measured, as a sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    var milliseconds: Double { seconds * 1000 }
}
