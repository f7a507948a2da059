internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// What a client notices of a change: nothing.
@Suite(.serialized) struct FlipTests {
    @Test(arguments: [true, false]) func flipsUnderLoadWithoutOneFailure(keepsAlive: Bool) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let load = Load(clients: 6, port: bench.ports.lowerBound, path: "/account/x", keepsAlive: keepsAlive)
            for turn in 0..<40 {
                try await bench.route(Bench.qa, "account", to: turn % 2 == 0 ? bench.baseline : bench.branch)
                let target = try bench.ask("/account", port: bench.ports.lowerBound).target
                #expect(target == (turn % 2 == 0 ? "baseline" : "branch"))
            }
            let isEnough = try await eventually { load.answers > 500 }
            let (answers, failures) = load.stop()
            #expect(isEnough)
            #expect(failures == [])
            #expect(answers["baseline", default: 0] > 0)
            #expect(answers["branch", default: 0] > 0)
        }
    }

    @Test(arguments: [true, false]) func reloadsUnderLoadWithoutOneFailure(keepsAlive: Bool) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let load = Load(clients: 6, port: bench.web, path: "/account/x", keepsAlive: keepsAlive)
            var gateway = bench.gateway
            var pids = [bench.pid]
            for turn in 0..<4 {
                gateway.listeners = bench.listeners(
                    ports: bench.ports.lowerBound...(bench.ports.upperBound - UInt16(turn % 2 + 1)))
                try await bench.driver.configure(gateway)
                pids.append(bench.pid)
                #expect(try await bench.driver.survey(gateway).isCurrent)
            }
            #expect(try await eventually { load.answers > 300 })
            let (_, failures) = load.stop()
            #expect(failures == [])
            #expect(Set(pids).count == 5, "every configuration is a process of its own")
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch")
        }
    }

    @Test func anUpgradedConnectionSurvivesFlipAndReload() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let wire = try #require(Wire(to: bench.ports.lowerBound))
            wire.send("GET /account HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
            #expect(wire.answer()?.status == 101)
            wire.send("one\n")
            #expect(wire.read(through: "\n") == "branch one\n")
            #expect(try await sessions(bench) == 1)

            try await bench.route(Bench.qa, "account", to: bench.baseline)
            wire.send("two\n")
            #expect(wire.read(through: "\n") == "branch two\n")

            var gateway = bench.gateway
            gateway.listeners = bench.listeners(ports: bench.ports.lowerBound...(bench.ports.upperBound - 1))
            try await bench.driver.configure(gateway)
            wire.send("three\n")
            #expect(wire.read(through: "\n") == "branch three\n")
            #expect(try await sessions(bench) == 1, "the replaced process still serves it")
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "baseline")
        }
    }

    @Test func countsRequestsUnderWayAndNotIdleClients() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let idle = try #require(Wire(to: bench.ports.lowerBound))
            #expect(idle.ask("/account")?.target == "branch")
            #expect(try await eventually { try await sessions(bench) == 0 })

            let slow = try #require(Wire(to: bench.ports.lowerBound))
            slow.send("GET /account/slow HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try await eventually { try await sessions(bench) == 1 })
            try await bench.route(Bench.qa, "account", to: bench.baseline)
            #expect(try await sessions(bench) == 1)
            bench.branch.release()
            #expect(slow.answer()?.target == "branch")
            #expect(try await eventually { try await sessions(bench) == 0 })
            #expect(idle.ask("/account")?.target == "baseline", "an idle client follows the flip")
        }
    }

    @Test func idleClientsOfAReplacedProxyAreWaitedFor() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let idle = try #require(Wire(to: bench.ports.lowerBound))
            #expect(idle.ask("/account")?.target == "branch")
            var gateway = bench.gateway
            gateway.listeners = bench.listeners(ports: bench.ports.lowerBound...(bench.ports.upperBound - 1))
            try await bench.driver.configure(gateway)
            let configured = ContinuousClock.now
            try await bench.route(Bench.qa, "account", to: bench.baseline)
            // Nothing of theirs was ever connected to this target, yet they may ask for it by the old table.
            func open() async throws -> Int {
                try await bench.driver.openSessions(
                    to: "127.0.0.1", port: bench.baseline.port, on: bench.gateway.name)
            }
            let count = try await open()
            #expect(count == 1 || ContinuousClock.now - configured > .seconds(3))
            #expect(try await eventually { try await open() == 0 })
            #expect(idle.ask("/account") == nil, "whoever asks no more is let go")
        }
    }

    private func sessions(_ bench: Bench) async throws -> Int {
        try await bench.driver.openSessions(to: "127.0.0.1", port: bench.branch.port, on: bench.gateway.name)
    }
}
