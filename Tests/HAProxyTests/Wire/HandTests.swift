internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// Somebody changes a table on the admin socket: it is seen, and put right by what a plan does with what it sees.
@Suite(.serialized) struct HandTests {
    @Test func aRouteThatSomebodyTurnedIsSeenAndTurnedBack() async throws {
        try await edited { bench, table in
            let there = try value(of: "qa:account", in: table, of: bench)
            let elsewhere = there.replacing("\(bench.branch.port)", with: "\(bench.baseline.port)")
            #expect(elsewhere != there)
            _ = try type("set map \(table) qa:account \(elsewhere)", in: bench)
            #expect(try bench.ask("/account", port: bench.door).target == "baseline", "the edit counts at once")
        } repair: { bench in
            try await bench.route(Bench.qa, "account", to: bench.branch)
        }
    }

    @Test func aRouteThatSomebodyRemovedIsSeenAndSetAgain() async throws {
        try await edited { bench, table in
            _ = try type("del map \(table) qa:account", in: bench)
            #expect(try bench.ask("/account", port: bench.door).target == "baseline")
        } repair: { bench in
            try await bench.route(Bench.qa, "account", to: bench.branch)
        }
    }

    @Test func aRouteThatSomebodyAddedIsSeenAndRemoved() async throws {
        try await edited { bench, table in
            let there = try value(of: "qa:account", in: table, of: bench)
            _ = try type("add map \(table) qa:payment \(there)", in: bench)
            #expect(try bench.ask("/payment", port: bench.door).target == "branch")
        } repair: { bench in
            _ = try await bench.driver.removeRoute(key(Bench.qa, "payment"), on: bench.gateway.name)
        }
    }

    @Test func aTableThatSomebodyClearedIsSeenAndFilledAgain() async throws {
        try await edited { bench, table in
            _ = try type("clear map \(table)", in: bench)
            #expect(try bench.ask("/account", port: bench.door).status == 404)
        } repair: { bench in
            try await bench.lay()
        }
    }

    @Test func aRouteThatNobodyCanReadIsSeenAndGoesNowhere() async throws {
        try await edited { bench, table in
            _ = try type("set map \(table) qa:account rubbish|%[src]|70000||", in: bench)
            _ = try type("add map \(table) nobody/here rubbish", in: bench)
            let answer = try bench.ask("/account", port: bench.door)
            #expect(answer.status >= 500 && answer.status < 505)
        } repair: { bench in
            try await bench.route(Bench.qa, "account", to: bench.branch)
        }
    }

    @Test func aSandboxThatSomebodyLetOutIsSeenAndLetInAgain() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let before = try await bench.observed()
            let table = try table("sandboxes", in: bench)
            _ = try type("del map \(table) qa", in: bench)
            #expect(try bench.ask("/account", port: bench.door).status == 404)
            #expect(try await bench.observed() != before)
            try await bench.admit(Bench.qa, port: bench.door)
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed() == before)
            #expect(try bench.ask("/account", port: bench.door).target == "branch")
        }
    }

    @Test(arguments: ["clear", "damage", "shorten"])
    func rulesThatSomebodyEditedAreSeenAndSetAgain(edit: String) async throws {
        let rules = (0..<5).map { number in
            RouteRule(
                title: "rule/\(number)", match: RouteMatch(path: .prefix("/ruled/\(number)")),
                backends: [RouteBackend(service: key(nil, "payment").service)])
        }
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.driver.setRules(rules, of: .everybody, on: bench.gateway.name)
            let before = try await bench.observed()
            #expect(before.isCurrent && before.rules == [.everybody: rules])
            #expect(try bench.ask("/ruled/3", port: bench.door).target == "baseline")

            let table = try table("rules", in: bench)
            let keys = try type("show map \(table)", in: bench).split(separator: "\n").compactMap {
                $0.split(separator: " ").dropFirst().first.map(String.init)
            }
            #expect(keys.count >= 5)
            switch edit {
            case "clear": _ = try type("clear map \(table)", in: bench)
            case "damage": for key in keys { _ = try type("set map \(table) \(key) rubbish", in: bench) }
            default: _ = try type("del map \(table) \(try #require(keys.sorted().last))", in: bench)
            }
            let after = try await bench.observed()
            #expect(after.rules != before.rules)
            #expect(!after.isCurrent)
            #expect(try bench.ask("/ruled/3", port: bench.door).target != "branch")

            try await bench.driver.setRules(rules, of: .everybody, on: bench.gateway.name)
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed() == before)
            #expect(try bench.ask("/ruled/3", port: bench.door).target == "baseline")
        }
    }

    /// After the edit the survey must differ; after the repair all must be as before, also after a restart.
    private func edited(
        _ edit: (Bench, _ table: String) async throws -> Void, repair: (Bench) async throws -> Void
    ) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let before = try await bench.observed()
            #expect(before.isCurrent)
            try await edit(bench, try table("routes", in: bench))
            let after = try await bench.observed()
            #expect(after != before)
            #expect(!after.isCurrent, "the file that a restart begins with says something else")
            try await repair(bench)
            // A gateway that is not current is configured before its routes are looked at again.
            try await bench.driver.configure(bench.gateway)
            #expect(try await bench.observed() == before)
            for _ in 0..<2 {
                #expect(try bench.ask("/account", port: bench.door).target == "branch")
                #expect(try bench.ask("/payment", port: bench.door).target == "baseline")
                kill(bench.pid, SIGKILL)
                #expect(try await eventually { bench.processes().isEmpty })
                try await bench.driver.configure(bench.gateway)
            }
        }
    }

    /// The path by which the admin socket knows a table.
    private func table(_ name: String, in bench: Bench) throws -> String {
        let list = try type("show map", in: bench)
        let path = list.matches(of: /\(([^)]*)\)/).map { String($0.1) }.first { $0.hasSuffix("/\(name).map") }
        return try #require(path, "there is no table \(name): \(list)")
    }

    private func value(of key: String, in table: String, of bench: Bench) throws -> String {
        let words = try type("get map \(table) \(key)", in: bench)
        return String(try #require(words.firstMatch(of: /value="([^"]*)"/)?.1))
    }

    /// What a person types into socat, and what it prints.
    private func type(_ command: String, in bench: Bench) throws -> String {
        let (input, output, process) = (Pipe(), Pipe(), Process())
        process.executableURL = URL(filePath: "/usr/bin/socat")
        process.arguments = ["-t", "10", "-", "UNIX-CONNECT:\(bench.folder)/admin.sock"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
        try input.fileHandleForWriting.close()
        let words = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "socat \(command)")
        return words
    }
}
