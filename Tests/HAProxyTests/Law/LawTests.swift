internal import Foundation
internal import HAProxy
internal import Model
internal import Planner
internal import TestSupport
internal import Testing

/// The gateway's program decides as the law in Swift does: random gateways, tables and requests.
///
/// The seed is printed; `BERTH_SEED` runs one again, `BERTH_DIFFERENTIAL` is how many requests there are.
@Suite(.serialized) struct LawTests {
    private static let requestsOfAWorld = 2_500
    /// Requests of one connection.
    private static let batch = 50
    /// As much is asked before the answers are read, and one request more. HAProxy 2.6 takes a request for malformed that
    /// it cannot begin because its buffer is full of those behind it.
    private static let pipelinedBytes = 1_500

    @Test func theProgramDecidesAsTheLaw() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["BERTH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let count = environment["BERTH_DIFFERENTIAL"].flatMap { Int($0) } ?? 20_000
        FileHandle.standardError.write(Data("law: \(count) requests with seed \(seed)\n".utf8))
        var tally = Tally()
        let echo = try EchoServer()
        defer { echo.stop() }
        for number in 0..<UInt64((count + Self.requestsOfAWorld - 1) / Self.requestsOfAWorld) {
            var random = SplitMix64(seed: seed &+ number)
            let world = try RandomWorld(echo: echo.port, using: &random)
            let name = "seed \(seed), world \(number) (BERTH_SEED=\(seed &+ number) begins with it)"
            try await live(world) { driver, signatures in
                let observed = try await driver.survey(world.gateway)
                #expect(RoutingTable(observed) == world.table, "\(name)")
                try ask(world, signatures, name, &random, &tally)
            }
            if tally.wrong > 20 { break }
        }
        #expect(tally.missing == [], "\(tally.counts)")
    }

    private func ask(
        _ world: RandomWorld, _ signatures: RandomRequest.Signatures, _ name: String, _ random: inout SplitMix64,
        _ tally: inout Tally
    ) throws {
        for _ in 0..<(Self.requestsOfAWorld / Self.batch) {
            let line = RandomRequest.line(in: world, &random)
            let stream = try #require(ByteStream(from: line.source, to: line.destination, port: line.port), "\(line)")
            var left = Self.batch
            while left > 0 {
                var asked: [RandomRequest] = []
                while left > 0, asked.reduce(0, { $0 + $1.bytes.count }) < Self.pipelinedBytes {
                    asked.append(RandomRequest.make(on: line, to: world, signatures, &random))
                    left -= 1
                }
                #expect(stream.send(asked.flatMap(\.bytes)))
                for request in asked {
                    judge(request.request, LawAnswer(from: stream), world, signatures, name, &tally)
                }
                if tally.wrong > 20 { return }
            }
        }
    }

    private func judge(
        _ request: GatewayRequest, _ answer: LawAnswer?, _ world: RandomWorld, _ signatures: RandomRequest.Signatures,
        _ name: String, _ tally: inout Tally
    ) {
        guard let answer else {
            tally.wrong += 1
            Issue.record("\(name): no answer to \(request)")
            return
        }
        let expectation = Expectation(request, in: world, signatures)
        switch expectation.judge(answer) {
        case .success(let outcome): tally.count(expectation, outcome)
        case .failure(let wrong):
            tally.wrong += 1
            let rule = expectation.decision.rule.map { "\($0)" } ?? "none"
            Issue.record(
                "\(name)\n\(wrong.words)\nto \(request)\nfound \(answer)\nrule \(rule)\nselection \(world.gateway.selection)"
            )
        }
    }

    private func live(
        _ world: RandomWorld, _ body: (HAProxyDriver, RandomRequest.Signatures) async throws -> Void
    ) async throws {
        let folder = "/tmp/berth-law-\(UUID().uuidString.prefix(8))"
        let driver = HAProxyDriver(directory: folder)
        let name = world.gateway.name
        var failure: (any Error)?
        do {
            try await driver.configure(world.gateway)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (sandbox, admission) in world.table.sandboxes {
                    group.addTask { try await driver.admit(sandbox, admission, to: name) }
                }
                for (key, target) in world.table.routes {
                    group.addTask { _ = try await driver.setRoute(key, to: target, on: name) }
                }
                for (scope, rules) in world.table.rules {
                    group.addTask { try await driver.setRules(rules, of: scope, on: name) }
                }
                try await group.waitForAll()
            }
            var signatures = RandomRequest.Signatures(good: [:])
            for name in RandomWorld.sandboxNames {
                signatures.good[name] = try "\(name).\(Self.signature(of: name, by: "\(folder)/law/cookie.key"))"
            }
            try await body(driver, signatures)
            let log = "\(folder)/law/program.log"
            #expect(FileManager.default.contents(atPath: log) == nil, "the program complains")
        } catch {
            failure = error
        }
        try await driver.dismantle(name)
        try FileManager.default.removeItem(atPath: folder)
        if let failure { throw failure }
    }

    /// By openssl, which knows nothing of ours.
    private static func signature(of text: String, by key: String) throws -> String {
        let bytes = try #require(FileManager.default.contents(atPath: key))
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(digits)", "-r"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let words = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(String(decoding: words, as: UTF8.self).prefix { $0 != " " })
    }
}
