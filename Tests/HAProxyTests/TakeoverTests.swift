internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Synchronization
internal import Testing

/// From one process to the next, or not: whoever asks notices nothing.
@Suite(.serialized) struct TakeoverTests {
    @Test func aRunningGatewayGoesOnAnsweringWhileATakenPortIsRefused() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let squatter = try Target("squatter")
            defer { squatter.stop() }
            var gateway = bench.gateway
            gateway.listeners = bench.listeners(ports: bench.ports, web: squatter.port)
            let poll = Poll(bench.ports.lowerBound)
            let old = bench.pid
            for _ in 0..<3 {
                let refusal = await failure { try await bench.driver.configure(gateway) }
                #expect(refusal?.message.hasPrefix("port \(squatter.port) is held by ") == true)
            }
            let answers = poll.end()
            #expect(answers.keys.sorted() == ["branch"])
            #expect(bench.processes() == [old])
        }
    }

    @Test func tablesOfTheFormerVersionAreTakenOverFromItsProcess() async throws {
        try await Bench.run { bench in
            try await Self.makeFormer(bench)
            let before = try bench.byHand("show map \(bench.folder)/routes.map")
            let seen = try await bench.observed()
            #expect(!seen.isCurrent)
            #expect(seen.routes[key(Bench.qa, "account")] == bench.endpoint("account", bench.branch))
            let poll = Poll(bench.ports.lowerBound)

            let squatter = try Target("squatter")
            var refused = bench.gateway
            refused.listeners = bench.listeners(ports: bench.ports, web: squatter.port)
            #expect(await failure { try await bench.driver.configure(refused) }?.failure == .refused)
            #expect(try bench.byHand("show map \(bench.folder)/routes.map") == before, "it is left as it was")
            squatter.stop()

            let old = bench.pid
            try await bench.driver.configure(bench.gateway)
            #expect(poll.end().keys.sorted() == ["branch"])
            #expect(bench.pid != old)
            let observed = try await bench.observed()
            #expect(observed.isCurrent)
            #expect(observed.sandboxes == [Bench.qa: Admission(port: bench.ports.lowerBound)])
            #expect(
                observed.routes == [
                    key(nil, "account"): bench.endpoint("account", bench.baseline),
                    key(Bench.qa, "account"): bench.endpoint("account", bench.branch),
                    key(Bench.qa, "late"): bench.endpoint("late", bench.branch),
                ])
            #expect(try bench.ask("/late", port: bench.ports.lowerBound).target == "branch")
        }
    }

    @Test func filesOfTheFormerVersionAreTakenOverWhereItRunsNoMore() async throws {
        try await Bench.run { bench in
            try await Self.makeFormer(bench)
            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().isCurrent)
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
            #expect(try bench.ask("/account").target == "baseline")
        }
    }

    /// Puts a proxy in the place of the one that runs, with the maps and the configuration of the former version.
    private static func makeFormer(_ bench: Bench) async throws {
        kill(bench.pid, SIGKILL)
        #expect(try await eventually { bench.processes().isEmpty })
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.folder) where name != "lock" {
            try FileManager.default.removeItem(atPath: "\(bench.folder)/\(name)")
        }
        func route(_ service: String, to target: Target) -> String {
            "http|127.0.0.1|\(target.port)|127.0.0.1|\(service)@\(target.name)"
        }
        let branch = route("account", to: bench.branch)
        try write(":account \(route("account", to: bench.baseline))\nqa:account \(branch)\n", "routes.map", bench)
        try write("qa 1\n", "sandboxes.map", bench)
        try write("\(bench.ports.lowerBound) qa\n", "ports.map", bench)
        try write(configuration(bench), "haproxy.cfg", bench)
        try start(["-D", "-f", "\(bench.folder)/haproxy.cfg", "-p", "\(bench.folder)/haproxy.pid"])
        _ = try bench.byHand("add map \(bench.folder)/routes.map qa:late \(route("late", to: bench.branch))")
        try #require(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
    }

    /// By itself, since what Foundation starts has ended only when its last child has.
    private static func start(_ arguments: [String]) throws {
        var words: [UnsafeMutablePointer<CChar>?] = (["/usr/sbin/haproxy"] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var pid: pid_t = 0
        try #require(posix_spawn(&pid, "/usr/sbin/haproxy", nil, nil, &words, &environment) == 0)
        var status: Int32 = -1
        waitpid(pid, &status, 0)
        try #require(status == 0)
    }

    private static func write(_ text: String, _ name: String, _ bench: Bench) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(bench.folder)/\(name)"))
    }

    private static func configuration(_ bench: Bench) -> String {
        """
        global
            description berth 0ld
            stats socket \(bench.folder)/admin.sock level admin mode 600 expose-fd listeners
            noreuseport
        defaults
            mode http
            timeout connect 2s
            timeout client 60s
            timeout server 60s
        frontend sandboxes
            bind :\(bench.ports.lowerBound)-\(bench.ports.upperBound)
            http-request set-var(txn.s) dst_port,map(\(bench.folder)/ports.map)
            http-request set-var(txn.x) var(txn.s),map(\(bench.folder)/sandboxes.map)
            http-request set-var(txn.service) path,field(2,/)
            http-request set-var-fmt(txn.key) %[var(txn.s)]:%[var(txn.service)]
            http-request set-var(txn.route) var(txn.key),map(\(bench.folder)/routes.map)
            http-request set-var-fmt(txn.key) :%[var(txn.service)] if !{ var(txn.route) -m found }
            http-request set-var(txn.route) var(txn.key),map(\(bench.folder)/routes.map) if !{ var(txn.route) -m found }
            http-request return status 404 unless { var(txn.route) -m found }
            http-request set-dst var(txn.route),field(2,|)
            http-request set-dst-port var(txn.route),field(3,|)
            default_backend plain
        backend plain
            server target 0.0.0.0:0

        """
    }
}

/// Asks for `/account` again and again, each time on a connection of its own, until it is ended.
private final class Poll: Sendable {
    private let isOver = Atomic(false)
    private let answers = Mutex<[String: Int]>([:])
    private let done = DispatchSemaphore(value: 0)

    init(_ port: UInt16) {
        Thread.detachNewThread { [self] in
            repeat {
                let answer = Wire(to: port)?.ask("/account")
                let who = answer.map { $0.status == 200 ? $0.target : "status \($0.status)" } ?? "nobody"
                answers.withLock { $0[who, default: 0] += 1 }
            } while !isOver.load(ordering: .relaxed)
            done.signal()
        }
    }

    /// Who answered, and how often.
    func end() -> [String: Int] {
        isOver.store(true, ordering: .relaxed)
        done.wait()
        return answers.withLock { $0 }
    }
}
