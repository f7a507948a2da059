internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// What somebody else does to the tables and files, and what crashes leave.
@Suite(.serialized) struct HandEditTests {
    @Test(arguments: ["edited", "dropped", "doubled"])
    func damagedRulesAreNotBelievedAndAreMended(how: String) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let rules = [RuleTests.full, RuleTests.plain("second")]
            for scope in [RouteScope.everybody, .sandbox(Bench.qa)] {
                try await bench.driver.setRules(rules, of: scope, on: bench.gateway.name)
            }
            let map = "\(bench.folder)/rules.map"
            let line = try #require(
                try bench.byHand("show map \(map)").split(separator: "\n").first?.split(separator: " "))
            switch how {
            case "edited": _ = try bench.byHand("set map \(map) \(line[1]) nonsense")
            case "dropped": _ = try bench.byHand("del map \(map) \(line[1])")
            default: _ = try bench.byHand("add map \(map) \(line[1]) nonsense")
            }
            let seen = try await bench.observed()
            #expect(!seen.isCurrent)
            if how != "doubled" { #expect(seen.rules == [:]) }
            for scope in [RouteScope.everybody, .sandbox(Bench.qa)] {
                try await bench.driver.setRules(rules, of: scope, on: bench.gateway.name)
            }
            let mended = try await bench.observed()
            #expect(mended.rules == [.everybody: rules, .sandbox(Bench.qa): rules])
            #expect(mended.isCurrent)
        }
    }

    @Test func configuringDropsRulesThatAreNotWhole() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let rules = [RuleTests.plain("only")]
            try await bench.driver.setRules(rules, of: .everybody, on: bench.gateway.name)
            _ = try bench.byHand("set map \(bench.folder)/scopes.map * 00ff/3")
            _ = try bench.byHand("add map \(bench.folder)/scopes.map what? 00ff/3")
            _ = try bench.byHand("add map \(bench.folder)/networks.map 10.9.0.0/24 qa|10.9.0.7")
            _ = try bench.byHand("add map \(bench.folder)/ports.map 17 nobody")
            #expect(try await bench.observed().rules == [:])
            #expect(try await bench.observed().isCurrent == false)
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().isCurrent)
            #expect(try bench.byHand("show map \(bench.folder)/scopes.map").isEmpty)
            #expect(try bench.byHand("show map \(bench.folder)/rules.map").isEmpty)
            #expect(try bench.byHand("show map \(bench.folder)/networks.map").isEmpty)
        }
    }

    @Test func aRouteOfASandboxThatCannotBeReadWaitsForItsRepair() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let routes = "\(bench.folder)/routes.map"
            _ = try bench.byHand("set map \(routes) qa:account junk")
            _ = try bench.byHand("add map \(routes) qa:other http|127.0.0.1|\(bench.branch.port)|127.0.0.1|other@old")
            #expect(try await bench.observed().isCurrent == false)
            try await bench.driver.configure(bench.gateway)
            let mended = try await bench.observed()
            #expect(mended.isCurrent)
            #expect(mended.routes[key(Bench.qa, "account")] == .starting)
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).status == 503, "not the baseline")
            #expect(try bench.ask("/other", port: bench.ports.lowerBound).target == "branch")
        }
    }

    @Test func aPortOrNetworkWrittenInAnotherWayIsAStray() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let port = bench.ports.lowerBound
            for line in ["+\(port) qa", "0\(port) qa"] {
                _ = try bench.byHand("add map \(bench.folder)/ports.map \(line)")
            }
            for network in ["10.9.0.0/24", "10.9.0.0/24"] {
                _ = try bench.byHand("add map \(bench.folder)/networks.map \(network) qa|10.9.0.1")
            }
            let seen = try await bench.observed()
            #expect(!seen.isCurrent)
            #expect(seen.sandboxes[Bench.qa]?.port == port)
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().isCurrent)
            #expect(bench.file("ports.map") == "\(port) qa\n")
        }
    }

    @Test func aProgramThatFailsAnswersThatItDidAndKeepsARecord() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            _ = try bench.byHand("add map \(bench.folder)/scopes.map * 00ff/3")
            for _ in 0..<3 {
                let answer = try bench.ask("/account")
                #expect(answer.status == 500)
                #expect(answer.body == "the gateway's program failed\n")
                #expect(!answer.headers.values.contains { $0.contains("baseline") })
            }
            #expect(bench.file("program.log").contains("the rules of * are damaged"))
            try await bench.driver.configure(bench.gateway)
            #expect(try bench.ask("/account").target == "baseline")
        }
    }

    @Test func anUnknownWayToATargetIsNotFollowed() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let line = "serving|gopher|127.0.0.1|80|127.0.0.1|l|target|system|known"
            _ = try bench.byHand("set map \(bench.folder)/routes.map :account \(line)")
            #expect(try bench.ask("/account").body == "the route of :account is damaged\n")
            let other = "serving|https|127.0.0.1|80|127.0.0.1|l|target|/etc/other.pem|known"
            _ = try bench.byHand("set map \(bench.folder)/routes.map :account \(other)")
            let answer = try bench.ask("/account")
            #expect(answer.status == 503)
            #expect(answer.body.contains("does not have the certificates that route :account is to be verified by"))
        }
    }

    @Test func aLogThatACrashCutOffLosesNothingThatWasDone() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let before = try await bench.observed()
            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            let log = try #require(FileHandle(forWritingAtPath: "\(bench.folder)/changes.log"))
            try log.seekToEnd()
            try log.write(contentsOf: Data("12345678 routes :account susp".utf8))
            try log.close()
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed() == before)
            #expect(before.routes.count == 3)
        }
    }

    @Test func changesBehindACutOffLineCount() async throws {
        try await Bench.run { bench in
            let log = try #require(FileHandle(forWritingAtPath: "\(bench.folder)/changes.log") ?? Self.make(bench))
            try log.seekToEnd()
            try log.write(contentsOf: Data("12345678 routes :account susp".utf8))
            try log.close()
            try await bench.lay()
            #expect(try await bench.observed().isCurrent)
        }
    }

    private static func make(_ bench: Bench) -> FileHandle? {
        _ = FileManager.default.createFile(atPath: "\(bench.folder)/changes.log", contents: nil)
        return FileHandle(forWritingAtPath: "\(bench.folder)/changes.log")
    }

    @Test func manyChangesAtOnceAreAllOnDisk() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let (driver, target, name) = (bench.driver, bench.endpoint("s", bench.branch), bench.gateway.name)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask { _ = try await driver.setRoute(key(nil, "s\(number)"), to: target, on: name) }
                }
                try await group.waitForAll()
            }
            kill(bench.pid, SIGKILL)
            #expect(try await eventually { bench.processes().isEmpty })
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed().routes.count == 303)
            #expect(bench.file("changes.log") == "", "a start folds the log into the files")
        }
    }

    @Test func aReceiptSaysWhenAndWhatIsStillOpen() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let slow = try #require(Wire(to: bench.ports.lowerBound))
            slow.send("GET /account/slow HTTP/1.1\r\nhost: x\r\n\r\n")
            let address = (host: "127.0.0.1", port: bench.branch.port)
            #expect(
                try await eventually {
                    try await bench.driver.openSessions(to: address.host, port: address.port, on: bench.gateway.name)
                        == 1
                })
            let before = Int64(Date.now.timeIntervalSince1970 * 1000)
            let flip = try await bench.driver.setRoute(
                key(Bench.qa, "account"), to: bench.endpoint("account", bench.baseline), on: bench.gateway.name)
            #expect(flip.openOnOld == 1)
            #expect((before...(before + 30_000)).contains(flip.effectiveAt.milliseconds))
            bench.branch.release()
            #expect(slow.answer()?.target == "branch")
            let gone = try await bench.driver.removeRoute(key(Bench.qa, "account"), on: bench.gateway.name)
            #expect(gone.openOnOld == 0)
            let none = try await bench.driver.removeRoute(key(Bench.qa, "account"), on: bench.gateway.name)
            #expect(none.openOnOld == nil)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "169.254.169.254"])
    func aTargetThatSomebodyWroteMayNotBeTheMachineItself(host: String) async throws {
        try await Bench.run { bench in
            let literal = Endpoint(scheme: .http, host: host, port: bench.baseline.port, isLiteral: true)
            let refusal = await failure {
                _ = try await bench.driver.setRoute(
                    key(Bench.qa, "account"), to: .endpoint(literal, label: "l"), on: bench.gateway.name)
            }
            let routes = try await bench.observed().routes
            #expect(refusal?.failure == .refused)
            #expect(refusal?.message.hasPrefix("requests must not go to \(host)") == true)
            #expect(routes == [:])
        }
    }

    @Test func aWrittenTargetThatLeadsToTheMachineNowHasMoved() async throws {
        try await Bench.run { bench in
            let line = "serving|http|10.1.2.3|80|localhost|l|target|system|literal"
            _ = try bench.byHand("add map \(bench.folder)/routes.map qa:account \(line)")
            #expect(try await bench.observed().moved == [key(Bench.qa, "account")])
        }
    }
}
