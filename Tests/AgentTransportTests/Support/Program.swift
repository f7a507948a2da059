import Foundation
import Glibc
import Synchronization

/// A program of Debian's, such as openssl and socat, with an end of its own.
final class Program: Sendable {
    private let process: Mutex<Process>
    private let log: String
    private let ended: AsyncStream<Int32>

    /// Whatever it waits for, after this many seconds it is over.
    private static let longest = 120

    init(_ words: [String], in scratch: Scratch) throws {
        let log = scratch.file("\(UUID().uuidString).log")
        try Data().write(to: URL(filePath: log))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["--foreground", "--kill-after=1", "\(Self.longest)"] + words
        process.standardInput = FileHandle.nullDevice
        let output = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardOutput = output
        process.standardError = output
        let (ended, told) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            told.yield($0.terminationStatus)
            told.finish()
        }
        try process.run()
        self.process = Mutex(process)
        self.log = log
        self.ended = ended
    }

    deinit { process.withLock { if $0.isRunning { $0.terminate() } } }

    var output: String {
        get throws { try String(decoding: Data(contentsOf: URL(filePath: log)), as: UTF8.self) }
    }

    /// Waits for its end; what it wrote.
    func end() async throws -> String {
        for await _ in ended { break }
        return try output
    }

    /// Stops the programs below `timeout`, as a machine does that hangs.
    func freeze() throws {
        let parent = process.withLock { $0.processIdentifier }
        let children = try String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
        for child in children.split(separator: " ") { kill(try pid_t(child).unwrapped(), SIGSTOP) }
    }

    /// Lets them go on, so that they can be ended.
    func thaw() throws {
        let parent = process.withLock { $0.processIdentifier }
        let children = try String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
        for child in children.split(separator: " ") { kill(try pid_t(child).unwrapped(), SIGCONT) }
    }
}

/// A port of this machine that was free a moment ago.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socketAddress -> Bool in
            bind(descriptor, socketAddress, length) == 0 && getsockname(descriptor, socketAddress, &length) == 0
        }
    }
    guard port else { throw Impatience(description: "there is no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Waits until something listens.
func waitForListener(on port: Int) async throws {
    for _ in 0..<600 {
        let table = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
        let hex = String(port, radix: 16, uppercase: true)
        let entry = ":" + String(repeating: "0", count: 4 - hex.count) + hex
        let isThere = table.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(entry) && fields[3] == "0A"
        }
        if isThere { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw Impatience(description: "nothing listens on port \(port)")
}
