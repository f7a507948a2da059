internal import Foundation
internal import Testing

/// One of the programs beside this file, run by Debian's Python and its packages. It ends by itself after two minutes.
final class PythonProgram: @unchecked Sendable {  // SAFE: a test uses it from one place at a time
    private let process = Process()
    private let input = Pipe()
    private let output: URL
    private let complaints: URL
    private let name: String
    private var taken = 0

    init(_ name: String, _ arguments: [String] = []) throws {
        self.name = name
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Programs")
        output = URL(filePath: "/tmp/berth-\(name)-\(UUID().uuidString.prefix(8)).out")
        complaints = output.appendingPathExtension("err")
        for file in [output, complaints] { try Data().write(to: file) }
        // Debian's own, wherever the path leads: that is where the packages are.
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [folder.appending(path: "\(name).py").path()] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"]
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: complaints)
        try process.run()
    }

    deinit {
        stop()
        for file in [output, complaints] { unlink(file.path()) }
    }

    var isRunning: Bool { process.isRunning }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The port that a target prints when it listens.
    func port() async throws -> UInt16 { try #require(UInt16(try await line())) }

    /// The next line it prints.
    func line() async throws -> String {
        var found: String?
        _ = try await eventually {
            let lines = text(output).components(separatedBy: "\n")
            // The last has no end yet.
            if lines.count - 1 > taken { found = lines[taken] }
            return found != nil || !isRunning
        }
        taken += 1
        return try #require(found, "\(name) says nothing more: \(text(complaints))")
    }

    func say(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// Says that nothing more will be said, and waits until it has ended well.
    func end(within seconds: Int = 60) async throws {
        try input.fileHandleForWriting.close()
        let limit = ContinuousClock.now.advanced(by: .seconds(seconds))
        while isRunning, ContinuousClock.now < limit { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!isRunning, "\(name) does not end")
        stop()
        #expect(process.terminationStatus == 0, "\(name): \(text(complaints)) after \(text(output))")
    }

    private func text(_ file: URL) -> String {
        // SAFE: a file that cannot be read has said nothing
        (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }
}
