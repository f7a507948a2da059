internal import Foundation
internal import Glibc
internal import HAProxy
internal import Model

/// Tables of any size, without the driver's work on each of their lines.
extension BerthGateway {
    /// Starts it with the tables that its files hold.
    func startFromFiles() async throws { try await driver.configure(gateway) }

    /// Lays one sandbox by the driver, and starts again from files in which all sandboxes stand in the same way: to lay
    /// the largest table by the driver would take longer than all else here.
    func startFull() async throws {
        let first = BerthGateway(World(sandboxes: 1, port: world.port), like: self)
        try await first.start()
        // A second configuration has all edits written into the files of their tables.
        try await startFromFiles()
        try crash()
        try multiply(
            "routes.map", keys: world.routes.map { ($0.key, like: World.Route(sandbox: 0, service: $0.service)) })
        let sandboxes = (0..<world.sandboxes).map { (World.name($0), like: World.name(0)) }
        try multiply("sandboxes.map", sandboxes)
        try await startFromFiles()
    }

    /// How many routes the live table has, and whether everything else about the gateway is as it should be.
    func look() async throws -> (routes: Int, isCurrent: Bool) {
        let live = try await driver.survey(gateway)
        return (live.routes.count, live.isCurrent)
    }

    /// SIGKILL; returns when it is gone.
    func crash() throws {
        guard let pid else { throw BenchError("the gateway has no process") }
        kill(pid, SIGKILL)
        guard wait(seconds: 5, until: { !Processes.isAlive(pid) }) else { throw BenchError("process \(pid) stays") }
    }

    private func multiply(_ name: String, keys: [(String, like: World.Route)]) throws {
        try multiply(name, keys.map { ($0.0, like: $0.like.key) }) { line, index in
            let route = world.routes[index]
            return line.replacing(World.Route(sandbox: 0, service: route.service).branch, with: route.branch)
        }
    }

    /// Adds a line for each key, made of the line that `like` has; lines of other keys stay.
    private func multiply(
        _ name: String, _ keys: [(String, like: String)], edit: (String, Int) -> String = { line, _ in line }
    ) throws {
        let path = "\(folder)/\(name)"
        var lines: [String: String] = [:]
        for line in Processes.text(of: path).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
        }
        for (index, (key, like)) in keys.enumerated() {
            guard let line = lines[like] else { throw BenchError("\(name) has no \(like)") }
            lines[key] = edit(line, index)
        }
        let text = lines.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
    }
}
