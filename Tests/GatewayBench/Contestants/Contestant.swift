internal import Foundation
internal import Glibc

/// A gateway that routes a ``World`` and can be told to route one service elsewhere.
protocol Contestant: Sendable {
    /// `berth on HAProxy 2.6.12`
    var title: String { get }
    /// How it is told, in one line.
    var method: String { get }
    var port: UInt16 { get }

    /// Every route leads to its branch when this returns.
    func start() async throws
    /// Returns when the gateway says that it is done; for one that says nothing, when it was told.
    func flip(_ route: World.Route, to side: World.Side) async throws
    func stop() async
    /// All its processes, also those that only finish what they began.
    func processes() -> [Int32]
}

/// Why a measurement cannot be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A program that somebody else wrote, in a process of ours.
final class Program: Sendable {
    private static let stopSeconds = 5.0
    private static let startSeconds = 60.0
    private let process: Guarded<Process>
    let pid: Int32

    init(_ executable: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let output = FileHandle(forWritingAtPath: log)
        else { throw BenchError("cannot write \(log)") }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        pid = process.processIdentifier
        self.process = Guarded(process)
    }

    var isRunning: Bool { process.use { $0.isRunning } }

    func signal(_ number: Int32) { kill(pid, number) }

    /// SIGTERM, and SIGKILL to all that is left of it.
    func stop() {
        let family = Processes.family(of: pid)
        signal(SIGTERM)
        let isGone = wait(seconds: Self.stopSeconds) { !self.isRunning && !family.contains(where: Processes.isAlive) }
        if !isGone { for process in family where Processes.isAlive(process) { kill(process, SIGKILL) } }
        process.use { $0.waitUntilExit() }
    }

    /// Waits until it answers on a port.
    func waitUntilListening(on port: UInt16, log: String) throws {
        let answers = wait(seconds: Self.startSeconds) {
            guard self.isRunning else { return true }
            guard let descriptor = Socket.connect(to: port) else { return false }
            close(descriptor)
            return true
        }
        guard answers, isRunning else {
            let words = FileManager.default.contents(atPath: log).map {
                String(decoding: $0.suffix(1000), as: UTF8.self)
            }
            throw BenchError("it does not listen on port \(port): \(words ?? "")")
        }
    }
}

/// Looks every few milliseconds, for at most `seconds`.
func wait(seconds: Double, until condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        poll(nil, 0, 2)
    }
    return true
}

/// What the system says of processes.
enum Processes {
    /// Whether it runs; what is dead and only not yet asked for does not.
    static func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 && stat(of: pid).first != "Z" }

    /// A process and all that it started, now.
    static func family(of pid: Int32) -> [Int32] {
        let parents = all().compactMap { child in parent(of: child).map { (child: child, parent: $0) } }
        var family = [pid]
        var next = 0
        while next < family.count {
            family += parents.filter { $0.parent == family[next] && !family.contains($0.child) }.map(\.child)
            next += 1
        }
        return family
    }

    /// Resident memory in MiB, shared pages counted once for each process.
    static func memory(of processes: [Int32]) -> Double {
        processes.reduce(0) { $0 + (number("VmRSS:", of: $1) ?? 0) } / 1024
    }

    /// Processor time used so far, in seconds.
    static func processorSeconds(of processes: [Int32]) -> Double {
        let ticks = processes.reduce(0.0) { sum, pid in
            let fields = stat(of: pid)
            guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return sum }
            return sum + user + system
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    static func text(of path: String) -> String {
        // Files of the kernel have no size, so they are read to their end.
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        return String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    }

    private static func all() -> [Int32] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        } catch {
            return []
        }
    }

    private static func parent(of pid: Int32) -> Int32? {
        let fields = stat(of: pid)
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    /// From the state on: the name before it may hold anything.
    private static func stat(of pid: Int32) -> [Substring] {
        let text = text(of: "/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func number(_ name: String, of pid: Int32) -> Double? {
        text(of: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { Double($0.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") }
    }
}
