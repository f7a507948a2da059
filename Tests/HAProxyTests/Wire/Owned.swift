internal import Foundation
internal import HAProxy
internal import Model
internal import Testing

/// A gateway that another process owns, which can be killed.
struct Owned {
    let bench: Bench
    /// Of the owner.
    let pid: Int32

    /// Kills the owner, and waits until it is gone.
    func kill() async throws {
        Glibc.kill(pid, SIGKILL)
        #expect(try await eventually { Glibc.kill(pid, 0) != 0 })
    }

    /// The gateway of a bench is given up, and taken by a process that lays it as ``Bench/lay()`` does, and then holds
    /// it until it is killed, which the body must do.
    static func run(_ body: @escaping (Owned) async throws -> Void) async throws {
        try await Bench.run { bench in
            try await bench.driver.dismantle(bench.gateway.name)
            let ports = bench.ports
            let facts = [bench.web, ports.lowerBound, ports.upperBound, bench.baseline.port, bench.branch.port]
            let words = ([bench.directory] + facts.map(String.init)).joined(separator: " ")
            async let owner: Void = end(of: words)
            let mark = "\(bench.directory)/owner"
            var pid: Int32?
            _ = try await eventually {
                let text = FileManager.default.contents(atPath: mark).map { String(decoding: $0, as: UTF8.self) }
                pid = text.flatMap { Int32($0) }
                return pid != nil
            }
            var failure: (any Error)?
            do { try await body(Owned(bench: bench, pid: try #require(pid))) } catch { failure = error }
            if let pid { Glibc.kill(pid, SIGKILL) }
            await owner
            if let failure { throw failure }
        }
    }

    private static func end(of words: String) async {
        await #expect(processExitsWith: .signal(SIGKILL)) { [words = words as String] in try await Owned.own(words) }
    }

    /// What the other process does.
    fileprivate static func own(_ words: String) async throws {
        let words = words.split(separator: " ").map(String.init)
        let ports = words.dropFirst().compactMap(UInt16.init)
        let gateway = DesiredGateway(
            name: try GatewayName("main"), node: try NodeName("here"), sandboxPorts: ports[1]...ports[2],
            webPort: ports[0], baseDomain: "sand.example", place: Place(file: "gateway.yaml", line: 1, column: 1))
        let driver = HAProxyDriver(directory: words[0])
        try await driver.configure(gateway)
        try await Bench.admit(Bench.qa, port: ports[1], to: gateway, by: driver)
        for (sandbox, service, port) in [(nil, "account", 3), (nil, "payment", 3), (Bench.qa, "account", 4)] {
            let label = "\(service)@\(ports[port])"
            try await Bench.lead(sandbox, service, to: ports[port], label: label, on: gateway, driver)
        }
        try Data("\(getpid())".utf8).write(to: URL(filePath: "\(words[0])/owner"), options: .atomic)
        // Longer than any test waits.
        try await Task.sleep(for: .seconds(100))
    }
}
