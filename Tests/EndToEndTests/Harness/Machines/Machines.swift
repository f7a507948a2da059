internal import Foundation
internal import Synchronization

/// The machines of these tests: those of BERTH_TEST_HOSTS, or else some of our own, which `scripts/with-test-hosts`
/// starts for the first who asks, and which end with this process.
struct Machines: Sendable {
    /// Without an engine.
    let control: Machine
    let one: Machine
    let two: Machine
    let three: Machine

    /// Those with an engine.
    var nodes: [Machine] { [one, two, three] }
    var all: [Machine] { [control] + nodes }

    /// Runs `body` on machines whose cables are whole, and whose engines hold nothing but the images of the tests;
    /// leaves them so, whatever happens.
    static func run(_ body: (Machines) async throws -> Void) async throws {
        let machines = try await ofTheTests()
        try await machines.restore()
        do {
            try await body(machines)
        } catch {
            try await machines.restore()
            throw error
        }
        try await machines.restore()
    }

    static func ofTheTests() async throws -> Machines {
        // Without an engine of the tests' own, these are the machine's interfaces.
        _ = try Engine.ofTheTests()
        return try await blocking {
            try started.withLock { started in
                let outcome = started ?? start()
                started = outcome
                return try outcome.get().machines
            }
        }
    }

    func restore() async throws {
        for machine in all { try await machine.cable.mend() }
        for node in nodes {
            func docker(_ words: String..., each things: [String] = []) async throws -> [String] {
                try await node.must(["docker", "--host", node.host] + words + things).split(separator: "\n")
                    .map(String.init)
            }
            let containers = try await docker("ps", "--all", "--quiet")
            if !containers.isEmpty { _ = try await docker("rm", "--force", "--volumes", each: containers) }
            _ = try await docker("network", "prune", "--force")
            let volumes = try await docker("volume", "ls", "--quiet")
            if !volumes.isEmpty { _ = try await docker("volume", "rm", "--force", each: volumes) }
        }
    }

    static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../../scripts").standardizedFileURL.path()

    /// Kept for as long as this process lives: when its standard input closes, the machines are stopped and removed.
    private struct Running {
        let process: Process?
        let lifeline: Pipe
        let machines: Machines
    }

    private static let started = Mutex<Result<Running, Trouble>?>(nil)

    private static func start() -> Result<Running, Trouble> {
        let lifeline = Pipe()
        do {
            if let table = ProcessInfo.processInfo.environment["BERTH_TEST_HOSTS"] {
                return .success(Running(process: nil, lifeline: lifeline, machines: try Machines(table: table)))
            }
            let process = Process()
            let answer = Pipe()
            let complaint = Pipe()
            process.executableURL = URL(filePath: scripts + "/with-test-hosts")
            process.arguments = ["sh", "-c", "echo $BERTH_TEST_HOSTS; exec cat"]
            process.standardInput = lifeline
            process.standardOutput = answer
            // Not ours: whoever waits for the end of what we write would wait for what it leaves running.
            process.standardError = complaint
            try process.run()
            // The script gives up by itself, and says why; its end closes this.
            let line = String(decoding: answer.fileHandleForReading.availableData, as: UTF8.self)
            guard line.hasSuffix("\n") else {
                let why = String(decoding: complaint.fileHandleForReading.availableData, as: UTF8.self)
                return .failure(Trouble("no machines: \(why)"))
            }
            let machines = try Machines(table: String(line.dropLast()))
            return .success(Running(process: process, lifeline: lifeline, machines: machines))
        } catch {
            return .failure(Trouble("scripts/with-test-hosts cannot be run: \(error)"))
        }
    }

    /// Reads the lines of name, address, process, folder and engine.
    private init(table: String) throws {
        var machines: [String: Machine] = [:]
        for line in try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count == 5, let process = pid_t(fields[2]) else { throw Trouble("\(table) has: \(line)") }
            machines[fields[0]] = Machine(name: fields[0], address: fields[1], process: process, host: fields[4])
        }
        func named(_ name: String) throws -> Machine {
            guard let machine = machines[name] else { throw Trouble("\(table) has no \(name)") }
            return machine
        }
        control = try named("control")
        one = try named("one")
        two = try named("two")
        three = try named("three")
    }
}
