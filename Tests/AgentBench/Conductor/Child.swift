internal import Foundation
internal import Glibc

/// One process that the conductor started: this program in another role.
final class Child {
    let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var heard: [UInt8] = []

    var id: Int32 { process.processIdentifier }

    init(_ role: String, _ arguments: [String]) throws {
        name = role
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [role] + arguments
        process.standardInput = input
        process.standardOutput = output
        do { try process.run() } catch {
            throw BenchError("the \(role) does not start: \(error)")
        }
    }

    func ask(_ request: Request, within seconds: Double = 60) throws -> [Double] {
        try send(request)
        return try hear(within: seconds)
    }

    func send(_ request: Request) throws {
        try input.fileHandleForWriting.write(contentsOf: try JSONEncoder().encode(request) + Data("\n".utf8))
    }

    /// The answer to what was sent first of what is not answered.
    func hear(within seconds: Double) throws -> [Double] {
        let line = try line(by: .now + .seconds(seconds))
        let reply = try JSONDecoder().decode(Reply.self, from: Data(line))
        if let error = reply.error { throw BenchError("the \(name) says: \(error)") }
        return reply.figures
    }

    private func line(by deadline: ContinuousClock.Instant) throws -> [UInt8] {
        let descriptor = output.fileHandleForReading.fileDescriptor
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = heard.firstIndex(of: UInt8(ascii: "\n")) {
                defer { heard.removeFirst(end + 1) }
                return Array(heard[..<end])
            }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw BenchError("the \(name) did not answer in time") }
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, Int32(min(left.milliseconds, 1000)) + 1) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { throw BenchError("the \(name) ended before it answered") }
            heard += buffer[..<count]
        }
    }

    /// Ends it as a crash does.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(id, SIGKILL)
        process.waitUntilExit()
    }
}
