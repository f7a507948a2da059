internal import ConfigMap
internal import Foundation
internal import Model
internal import Reconciler
internal import Testing

@Suite("What is not as it should be is said in one sentence, and nothing is written")
struct TroubleTests {
    @Test("A folder or a file that is not there")
    func missing() async throws {
        try await Bench.run { bench in
            try await bench.driver.configure(bench.gateway)
            let admit = { try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name) }
            let noFolder = await failure(admit)
            #expect(noFolder?.failure == .refused)
            #expect(
                noFolder?.description
                    == "admit qa to gateway shop: the folder \(bench.scratch.path)/branches/qa is not "
                    + "there; check out the gateway's branch there, or correct configFileMap.folder")
            try bench.scratch.write("", to: "branches/qa/readme")
            let noFile = await failure(admit)
            #expect(noFile?.message.contains("config.php is not there; check out a branch that has it") == true)
            #expect(try await bench.observed().sandboxes == [:])
        }
    }

    @Test("A syntax error, at its line and column; what was there before stays to be restored")
    func syntax() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            let good = try #require(bench.text)
            let broken = good.replacing("# not to be touched", with: "/*")
            try bench.ship(broken)
            let seen = try await bench.observed()
            #expect(seen.isRunning && seen.isCurrent)
            #expect(seen.sandboxes == [:], "it is to be let in again, which says why")
            #expect(seen.routes == [key(Bench.qa, "account"): to("10.0.0.2")])
            let words = "config.php:3:53: a comment does not end; correct it (php -l says more), nothing was written"
            let gateway = bench.gateway.name
            for attempt in [
                await failure { try await bench.driver.admit(Bench.qa, Admission(), to: gateway) },
                await failure { try await bench.route("account", to: .starting) },
                await failure { try await bench.unroute("account") },
                await failure { try await bench.driver.dismiss(Bench.qa, from: gateway) },
                await failure { try await bench.driver.dismantle(gateway) },
            ] {
                #expect(attempt?.failure == .refused)
                #expect(attempt?.message.hasSuffix(words) == true, "\(attempt?.message ?? "no error")")
            }
            #expect(bench.text == broken)
            try bench.ship(good)
            try await bench.driver.dismantle(gateway)
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("A file that vanished needs nothing restored")
    func vanished() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            try FileManager.default.removeItem(atPath: "\(bench.scratch.path)/branches")
            let seen = try await bench.observed()
            #expect(seen.isCurrent && seen.sandboxes == [:])
            #expect(seen.routes.keys.map(\.sandbox) == [Bench.qa], "it is remembered, so that it is taken away")
            try await bench.unroute("account")
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(try await bench.observed() == ObservedGateway(isRunning: true, isCurrent: true))
        }
    }

    @Test("A folder without {sandbox} serves one sandbox")
    func single() async throws {
        try await Bench.run(folder: "branches/qa") { bench in
            let missing = await failure { try await bench.driver.configure(bench.gateway) }
            #expect(missing?.message.contains("is not there") == true)
            #expect(try await bench.observed() == ObservedGateway())
            try await bench.lay()
            let second = await failure { try await bench.driver.admit(Bench.uat, Admission(), to: bench.gateway.name) }
            #expect(second?.failure == .refused)
            #expect(
                second?.message.hasSuffix(
                    "serves one sandbox, and that is qa; write {sandbox} into configFileMap.folder") == true)
            #expect(try await bench.observed().isCurrent)
            try bench.ship("<?php return [")
            #expect(try await bench.observed().isCurrent == false)
            let broken = await failure { try await bench.driver.configure(bench.gateway) }
            #expect(broken?.message.contains("config.php:1:14: a \"[\" is not closed") == true)
        }
    }

    @Test("A file over a mebibyte is refused")
    func size() async throws {
        try await Bench.run { bench in
            try bench.ship("<?php /*" + String(repeating: " ", count: 1 << 20) + "*/")
            try await bench.driver.configure(bench.gateway)
            let refusal = await failure { try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name) }
            #expect(refusal?.message.hasSuffix("is over 1048576 bytes") == true)
        }
    }

    @Test("A gateway that was not configured knows nobody, and what is gone is gone twice")
    func unconfigured() async throws {
        try await Bench.run { bench in
            let name = bench.gateway.name
            let admit = await failure { try await bench.driver.admit(Bench.qa, Admission(), to: name) }
            #expect(admit?.failure == .stale)
            try await bench.driver.dismiss(Bench.qa, from: name)
            try await bench.unroute("account")
            try await bench.driver.dismantle(name)
            try await bench.lay()
            try await bench.driver.dismantle(name)
            #expect(try await bench.observed() == ObservedGateway())
            #expect(try await bench.driver.gateways(except: []) == [:])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.scratch.path)/state") == [])
        }
    }

    @Test("Every gateway that has state is found, and none is current that no manifest names")
    func gateways() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            try bench.scratch.write("", to: "state/not-ours/x")
            let found = try await bench.driver.gateways(except: [])
            #expect(
                found == [
                    bench.gateway.name: ObservedGateway(
                        isRunning: true, isCurrent: false, routes: [key(Bench.qa, "account"): to("10.0.0.2")],
                        sandboxes: [Bench.qa: Admission()])
                ])
            #expect(try await bench.driver.gateways(except: [bench.gateway.name]) == [:])
        }
    }

    @Test("A gateway that moves to another folder gives the old files back")
    func moved() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            var other = bench.gateway
            other.driver = .configFileMap(ConfigFileMap(folder: "\(bench.scratch.path)/elsewhere/{sandbox}"))
            #expect(try await bench.driver.survey(other).isCurrent == false)
            try await bench.driver.configure(other)
            #expect(bench.text == Bench.shipped)
            #expect(try await bench.driver.survey(other) == ObservedGateway(isRunning: true, isCurrent: true))
        }
    }

    @Test("Apache that is gone, or is somebody else, is said after the write, and asked again")
    func noApache() async throws {
        let pidFile = "/tmp/berth-configmap-\(UUID().uuidString.prefix(8)).pid"
        defer { unlink(pidFile) }
        try await Bench.run(reload: .apacheGraceful(pidFile: pidFile)) { bench in
            try await bench.lay()
            let gone = await failure { try await bench.route("account", to: to("10.0.0.2")) }
            #expect(gone?.failure == .refused)
            #expect(
                gone?.message == "the file is written, but Apache was not reloaded: \(pidFile) is not there; start "
                    + "Apache, or correct configFileMap.reload.pidFile")
            #expect(bench.text?.contains("10.0.0.2") == true)
            #expect(try await bench.observed().sandboxes == [:], "it is to be let in again, which asks again")
            try Data("\(getpid())\n".utf8).write(to: URL(filePath: pidFile))
            let other = await failure { try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name) }
            #expect(other?.message.contains("process \(getpid()) of \(pidFile) is ") == true)
            #expect(other?.message.contains("and no Apache") == true)
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == Bench.shipped, "an Apache that does not run serves nothing")
        }
    }

    @Test("A switch of the branch is a hint, and what we write is none")
    func hints() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let hints = bench.driver.changes()
            let hint = try await withThrowingTaskGroup(of: (Hint?, ContinuousClock.Instant).self) { group in
                group.addTask { (await hints.first { _ in true }, .now) }
                try await Task.sleep(for: .milliseconds(2_500))
                try await bench.route("account", to: to("10.0.0.2"))
                try await Task.sleep(for: .milliseconds(2_500))
                let edited = ContinuousClock.now
                // Again and again: a slow machine may take the first edit for what was there when it began to watch.
                group.addTask {
                    var version = 0
                    _ = try await eventually {
                        version += 1
                        try bench.ship(Bench.shipped + "// \(version)\n")
                        return Task.isCancelled
                    }
                    return (nil, .now)
                }
                let first = try await group.next()
                group.cancelAll()
                #expect(first.map { $0.1 > edited } == true, "our own change was taken for another's")
                return first?.0
            }
            #expect(hint == .everything)
        }
    }
}
