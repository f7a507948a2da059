internal import Foundation
internal import Testing

/// A real program of Debian's, run to its end.
enum Command {
    struct Outcome {
        let status: Int32
        let output: String
    }

    static func run(_ executable: String, _ arguments: [String], in folder: String = "/tmp") throws -> Outcome {
        try #require(
            FileManager.default.isExecutableFile(atPath: executable),
            "\(executable) is missing: apt-get install apache2 libapache2-mod-php php-cli git")
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        // Into a file: the end of a pipe would be waited for as long as any other child has it open.
        let output = "/tmp/berth-configmap-output-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: output))
        defer { unlink(output) }
        let handle = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try handle.close()
        let data = try Data(contentsOf: URL(filePath: output))
        return Outcome(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }

    @discardableResult
    static func git(_ arguments: String..., in folder: String) throws -> String {
        let identity = [
            "-c", "user.name=Achmad", "-c", "user.email=achmad@example.com", "-c", "core.hooksPath=/dev/null",
        ]
        let outcome = try run("/usr/bin/git", identity + arguments, in: folder)
        try #require(outcome.status == 0, "git \(arguments): \(outcome.output)")
        return outcome.output
    }
}

/// A folder of a test, gone at its end.
struct Scratch {
    let path: String

    static func with<T>(_ body: (Scratch) async throws -> T) async throws -> T {
        let scratch = Scratch(path: "/tmp/berth-configmap-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
        chmod(scratch.path, 0o755)
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(scratch)) } catch { outcome = .failure(error) }
        try FileManager.default.removeItem(atPath: scratch.path)
        return try outcome.get()
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let url = URL(filePath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func write(_ text: String, to name: String) throws { try write(text.utf8, to: name) }

    func bytes(of name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) }
    }

    func text(of name: String) -> String? { bytes(of: name).map { String(decoding: $0, as: UTF8.self) } }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}

/// Waits for a condition of the world, for at most thirty seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now.advanced(by: .seconds(30))
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return false
}
