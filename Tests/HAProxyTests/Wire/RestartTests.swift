internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// What is left when the proxy, its owner or both are killed: everything that was reported done.
@Suite(.serialized) struct RestartTests {
    @Test func aKilledProxyComesBackWithEverySandboxAndRoute() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let second = sandbox("second")
            let admission = Admission(port: bench.door + 1, network: Subnet("10.99.7.0/24"))
            try await bench.driver.admit(second, admission, to: bench.gateway.name)
            try await bench.route(second, "payment", to: bench.branch)
            for (scope, path) in [(RouteScope.everybody, "/for-all"), (.sandbox(second), "/for-second")] {
                let backend = RouteBackend(service: key(nil, "payment").service)
                let rules = (0..<20).map { number in
                    RouteRule(
                        title: "rule/\(number)", match: RouteMatch(path: .exact("\(path)/\(number)")),
                        backends: [backend])
                }
                try await bench.driver.setRules(rules, of: scope, on: bench.gateway.name)
            }
            let before = try await bench.observed()
            #expect(before.rules.mapValues(\.count) == [.everybody: 20, .sandbox(second): 20])
            for _ in 0..<3 {
                kill(bench.pid, SIGKILL)
                #expect(try await eventually { bench.processes().isEmpty })
                #expect(try await eventually { RawConnection(to: bench.door) == nil }, "somebody still listens")
                try await bench.driver.configure(bench.gateway)
                #expect(try await bench.observed() == before)
                #expect(before.isCurrent)
                #expect(try bench.ask("/account", port: bench.door).target == "branch")
                #expect(try bench.ask("/payment", port: bench.door).target == "baseline")
                #expect(try bench.ask("/payment", port: bench.door + 1).target == "branch")
                #expect(try bench.ask("/account", ["x-sandbox": "second"]).route == "second/account@baseline by header")
                #expect(try bench.ask("/for-all/7", port: bench.door).target == "baseline")
                #expect(try bench.ask("/for-second/7", port: bench.door + 1).target == "branch")
                #expect(try bench.ask("/for-second/7", port: bench.door).status == 404)
            }
        }
    }

    /// Killed between any two of its writes, the gateway comes back with all that was reported done before.
    @Test func aProxyKilledDuringChangesLosesNoneThatWasReportedDone() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            for turn in 0..<6 {
                let killed = bench.pid
                var told = 0
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let mark = "account@\(turn)-\(turn * 3 + 1)"
                        _ = try await eventually { "\(try await bench.observed().routes)".contains(mark) }
                        kill(killed, SIGKILL)
                    }
                    for number in 1...10_000 {
                        do throws(HostError) {
                            let target = number % 2 == 0 ? bench.baseline : bench.branch
                            try await bench.flip(to: target, "\(turn)-\(number)")
                            told = number
                        } catch {
                            break
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(told > 0 && told < 10_000)
                #expect(try await eventually { bench.processes().isEmpty })
                try await bench.driver.configure(bench.gateway)
                // The one that failed may be done or not.
                let route = try bench.ask("/account", port: bench.door).route
                let wanted = [told, told + 1].map { "qa/account@\(turn)-\($0) by port" }
                #expect(wanted.contains(route))
                #expect(try await bench.observed().isCurrent)
                #expect(try await bench.observed().routes.count == 3)
            }
        }
    }

    /// The owner is a process of its own here, and is killed while it holds the gateway.
    @Test func aKilledOwnerIsFollowedByAnotherAndTrafficDoesNotNotice() async throws {
        try await Owned.run { owned in
            let bench = owned.bench
            let kept = try #require(RawConnection(to: bench.door))
            for number in 0..<3 { #expect(kept.ask("/account/\(number)")?.path == "/\(number)") }
            let pid = bench.pid
            let refusal = await failure { try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name) }
            #expect(refusal?.message.hasPrefix("process \(owned.pid) holds gateway main") == true)

            try await owned.kill()
            #expect(kept.ask("/account/after")?.path == "/after", "the connection goes on")
            // The next owner changes what it finds, without a new process.
            try await bench.driver.configure(bench.gateway)
            #expect(bench.pid == pid && bench.processes() == [pid])
            #expect(try await bench.observed().isCurrent)
            try await bench.lead(Bench.qa, "account", to: bench.baseline.port)
            let last = kept.ask("/account/last")
            #expect(last?.target == "baseline", "the connection follows the flip of the next owner")
            #expect(last?.headers["connection"] == nil, "nobody said goodbye")
        }
    }

    @Test func anOwnerAndItsProxyKilledTogetherComeBackFromTheFiles() async throws {
        try await Owned.run { owned in
            let bench = owned.bench
            var before = try await bench.observed()
            #expect(before.isRunning && before.routes.count == 3)
            kill(bench.pid, SIGKILL)
            try await owned.kill()
            #expect(try await eventually { bench.processes().isEmpty })
            #expect(try await bench.observed() == ObservedGateway())

            try await bench.driver.configure(bench.gateway)
            before.isCurrent = true
            #expect(try await bench.observed() == before)
            #expect(try bench.ask("/account", port: bench.door).target == "branch")
            #expect(try bench.ask("/payment", port: bench.door).target == "baseline")
        }
    }
}

extension Bench {
    fileprivate func flip(to target: Target, _ mark: String) async throws(HostError) {
        let endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: target.port)
        _ = try await driver.setRoute(
            key(Self.qa, "account"), to: .endpoint(endpoint, label: "account@\(mark)"), on: gateway.name)
    }
}

extension RawConnection {
    /// Asks as one client that keeps its connection.
    func ask(_ path: String) -> Answer? {
        guard send("GET \(path) HTTP/1.1\r\nhost: client.example\r\n\r\n") else { return nil }
        return answer()
    }
}
