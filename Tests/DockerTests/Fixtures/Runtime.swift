import Foundation
import Synchronization

@testable import Docker

/// The engines that every test on a real engine is done with. The name is how a test's argument is shown.
enum Runtime: String, CaseIterable, CustomStringConvertible {
    case docker, podman

    var description: String { rawValue }

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// The path of its socket.
    func socket() throws -> String {
        switch self {
        case .docker: try Self.path(in: "BERTH_TEST_ENGINE")
        case .podman: try PodmanService.socket()
        }
    }

    static func path(in variable: String) throws -> String {
        guard let host = ProcessInfo.processInfo.environment[variable] else {
            throw Missing(description: "no test engine: run `make test`, which starts one, or set \(variable)")
        }
        return try DockerEngine.socketPath(fromDockerHost: host)
    }
}

/// The Podman service of these tests: the one that BERTH_TEST_PODMAN names, or else one of our own, which is started
/// for the first test that asks for it and ends with this process.
enum PodmanService {
    /// Kept for as long as this process lives: when it closes, the service stops and is removed.
    private struct Running {
        let process: Process
        let lifeline: Pipe
        let socket: String
    }

    private static let started = Mutex<Result<Running, Runtime.Missing>?>(nil)

    static func socket() throws -> String {
        if ProcessInfo.processInfo.environment["BERTH_TEST_PODMAN"] != nil {
            return try Runtime.path(in: "BERTH_TEST_PODMAN")
        }
        // Without an engine of the tests' own, these are the machine's networks and firewall.
        _ = try Runtime.docker.socket()
        return try started.withLock { started in
            let outcome = started ?? start()
            started = outcome
            return try outcome.get().socket
        }
    }

    private static func start() -> Result<Running, Runtime.Missing> {
        let process = Process()
        let lifeline = Pipe()
        let answer = Pipe()
        let complaint = Pipe()
        process.executableURL =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../scripts/with-test-podman").standardizedFileURL
        process.arguments = ["sh", "-c", "echo $BERTH_TEST_PODMAN; exec cat"]
        process.standardInput = lifeline
        process.standardOutput = answer
        // Not ours: whoever waits for the end of what we write would wait for what it leaves running.
        process.standardError = complaint
        do {
            try process.run()
            // The script gives up by itself, and says why; its end closes this.
            let line = String(decoding: answer.fileHandleForReading.availableData, as: UTF8.self)
            guard line.hasSuffix("\n") else {
                let why = String(decoding: complaint.fileHandleForReading.availableData, as: UTF8.self)
                return .failure(Runtime.Missing(description: "no Podman service: \(why)"))
            }
            let socket = try DockerEngine.socketPath(fromDockerHost: String(line.dropLast()))
            return .success(Running(process: process, lifeline: lifeline, socket: socket))
        } catch {
            return .failure(Runtime.Missing(description: "scripts/with-test-podman cannot be run: \(error)"))
        }
    }
}
