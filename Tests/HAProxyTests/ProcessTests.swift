internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// The proxy as a process: it outlives us, one at a time.
@Suite(.serialized) struct ProcessTests {
    @Test func aKilledProxyComesBackWithItsRoutes() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let before = try await bench.observed()
            let old = bench.pid
            kill(old, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            #expect(try await bench.observed() == ObservedGateway())
            let refusal = await failure {
                _ = try await bench.driver.removeRoute(key(Bench.qa, "account"), on: bench.gateway.name)
            }
            #expect(refusal?.failure == .unreachable)

            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed() == before)
            #expect(bench.pid != old)
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
        }
    }

    @Test func aKilledProxyIsAHintAndAReplacedOneIsNot() async throws {
        try await Bench.run { bench in
            let hints = bench.driver.changes()
            var other = bench.gateway
            other.baseDomain = "elsewhere.example"
            let old = bench.pid
            try await bench.driver.configure(other)
            #expect(bench.pid != old)
            let (hint, heard, killed) = try await withThrowingTaskGroup(of: (Hint?, ContinuousClock.Instant).self) {
                group in
                group.addTask { (await hints.first { _ in true }, .now) }
                // Several looks long: whoever takes a replacement for an end says so by then.
                try await Task.sleep(for: .seconds(3))
                let killed = ContinuousClock.now
                kill(bench.pid, SIGKILL)
                group.addTask {
                    try await Task.sleep(for: .seconds(30))
                    return (nil, .now)
                }
                let first = try await group.next()
                group.cancelAll()
                return (first?.0, first?.1 ?? killed, killed)
            }
            #expect(heard > killed, "the replacement of a proxy was taken for its end")
            #expect(hint == .everything)
        }
    }

    @Test func aCancelledWatchEnds() async throws {
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        let count = await withTaskGroup(of: Int.self) { group in
            group.addTask { await driver.changes().reduce(0) { count, _ in count + 1 } }
            group.cancelAll()
            return await group.next()
        }
        #expect(count == 0)
    }

    @Test func aGatewayWithoutARangeHasAllItsTables() async throws {
        try await Bench.run { bench in
            var narrow = bench.gateway
            narrow.listeners = bench.listeners(ports: nil)
            try await bench.driver.configure(narrow)
            try await bench.driver.admit(Bench.qa, Admission(), to: narrow.name)
            let observed = try await bench.driver.survey(narrow)
            #expect(observed.isCurrent)
            #expect(observed.sandboxes == [Bench.qa: Admission()])
        }
    }

    @Test func everyGatewayThatHasAFolderIsFound() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let other = DesiredGateway(
                name: try GatewayName("other"), node: bench.gateway.node, webPort: FreePorts.one(),
                place: bench.gateway.place)
            try await bench.driver.configure(other)
            try FileManager.default.createDirectory(
                atPath: "\(bench.directory)/not-ours", withIntermediateDirectories: false)
            // One that knows nothing of them yet, as after a restart.
            let afresh = HAProxyDriver(directory: bench.directory)
            var main = try await bench.observed()
            main.isCurrent = false
            let both = try await afresh.gateways()
            #expect(both == [bench.gateway.name: main, other.name: ObservedGateway(isRunning: true)])
            #expect(main.routes.count == 3)
            #expect(try await afresh.gateways(except: [bench.gateway.name]).keys.map(\.text) == ["other"])

            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            #expect(try await afresh.gateways()[bench.gateway.name] == ObservedGateway())
            try await bench.driver.dismantle(other.name)
            #expect(try await afresh.gateways().keys.map(\.text) == ["main"])
            #expect(try await HAProxyDriver(directory: "/tmp/berth-nowhere").gateways() == [:])
        }
    }

    @Test func configuringAgainKeepsTheProcess() async throws {
        try await Bench.run { bench in
            let pid = bench.pid
            try await bench.driver.configure(bench.gateway)
            #expect(bench.pid == pid)
            #expect(bench.processes() == [pid])
            var other = bench.gateway
            other.baseDomain = "elsewhere.example"
            #expect(try await bench.driver.survey(other).isCurrent == false)
        }
    }

    @Test func aSecondDriverMayLookAndMayNotTouch() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let second = HAProxyDriver(directory: bench.directory)
            #expect(try await second.survey(bench.gateway) == bench.observed())
            let refusal = await failure { try await second.dismiss(Bench.qa, from: bench.gateway.name) }
            #expect(refusal?.failure == .refused)
            #expect(refusal?.message.hasPrefix("process \(getpid()) holds gateway main") == true)
        }
    }

    @Test func aBusyPortIsRefusedByNumberAndHolder() async throws {
        try await Bench.run { bench in
            let squatter = try Target("squatter")
            defer { squatter.stop() }
            var gateway = bench.gateway
            gateway.listeners = bench.listeners(ports: bench.ports, web: squatter.port)
            let refusal = await failure { try await bench.driver.configure(gateway) }
            #expect(refusal?.failure == .refused)
            #expect(refusal?.message.hasPrefix("port \(squatter.port) is held by ") == true)
            #expect(refusal?.message.contains("(process \(getpid()))") == true)
            #expect(try bench.ask("/account").status == 404, "the one that ran still serves")
            #expect(try await bench.observed().isCurrent)
        }
    }

    @Test func twoGatewaysCannotShareAPort() async throws {
        try await Bench.run { bench in
            let other = DesiredGateway(
                name: try GatewayName("other"), node: bench.gateway.node, webPort: bench.web,
                place: bench.gateway.place)
            let refusal = await failure { try await bench.driver.configure(other) }
            #expect(refusal?.message.hasPrefix("port \(bench.web) is held by haproxy") == true)
            try await bench.driver.dismantle(other.name)
        }
    }

    @Test func aProxyThatLostItsSocketIsReplaced() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let deaf = bench.pid
            unlink("\(bench.folder)/admin.sock")
            #expect(try await bench.observed().isRunning == false)
            try await bench.driver.configure(bench.gateway)
            #expect(try await eventually { bench.processes() == [bench.pid] })
            #expect(bench.pid != deaf)
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
        }
    }

    @Test func aStaleSocketAndPidFileDoNotHinder() async throws {
        try await Bench.run { bench in
            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            try Data("1\n".utf8).write(to: URL(filePath: "\(bench.folder)/haproxy.pid"))
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().isCurrent)
            #expect(bench.processes() == [bench.pid])
        }
    }

    @Test func aLongDataDirectoryStillGetsASocket() async throws {
        let folder = "/tmp/berth-\(String(repeating: "long", count: 30))-\(getpid())"
        try await Bench.run(
            { bench in
                try await bench.lay()
                #expect(try await bench.observed().isCurrent)
            }, folder: folder)
    }

    @Test func dismantlingTwiceIsHarmlessAndLeavesNothing() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            for _ in 0..<2 { try await bench.driver.dismantle(bench.gateway.name) }
            #expect(!FileManager.default.fileExists(atPath: bench.folder))
            #expect(bench.processes().isEmpty)
            #expect(try await bench.observed() == ObservedGateway())
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().routes == [:])
        }
    }

    @Test func whoMerelyReadsTheConfigurationIsLeftAlone() async throws {
        try await Bench.run { bench in
            let reader = Process()
            reader.executableURL = URL(filePath: "/usr/bin/tail")
            reader.arguments = ["-f", "\(bench.folder)/haproxy.cfg"]
            reader.standardOutput = FileHandle.nullDevice
            reader.standardError = FileHandle.nullDevice
            try reader.run()
            try await bench.driver.dismantle(bench.gateway.name)
            #expect(reader.isRunning)
            #expect(bench.processes() == [reader.processIdentifier])
            // It inherits that threads of tests block signals.
            kill(reader.processIdentifier, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
        }
    }

    @Test(arguments: [
        ("x-sand box", "sand.example"), ("x-sandbox\nbind :1", "sand.example"), ("", "sand.example"),
        ("x-sandbox", "sand..example"), ("x-sandbox", "sand.example }"), ("x-sandbox", ""),
    ])
    func aManifestCannotWriteConfiguration(header: String, domain: String) async throws {
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        let gateway = DesiredGateway(
            name: try GatewayName("main"), node: try NodeName("here"), webPort: 15000, baseDomain: domain,
            selectionHeader: header, place: Place(file: "g.yaml", line: 1, column: 1))
        let refusal = await failure { try await driver.configure(gateway) }
        #expect(refusal?.failure == .refused)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/berth-nowhere"))
    }

    @Test func anAbsentExecutableIsNamed() async throws {
        let folder = "/tmp/berth-absent-\(getpid())"
        let driver = HAProxyDriver(directory: folder, executable: "/nowhere/haproxy")
        let gateway = DesiredGateway(
            name: try GatewayName("main"), node: try NodeName("here"), webPort: FreePorts.one(),
            place: Place(file: "g.yaml", line: 1, column: 1))
        let refusal = await failure { try await driver.configure(gateway) }
        #expect(refusal?.failure == .refused)
        #expect(refusal?.message.contains("/nowhere/haproxy") == true)
        try await driver.dismantle(gateway.name)
        try FileManager.default.removeItem(atPath: folder)
    }
}
