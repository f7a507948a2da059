import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// Builds and loads on an engine that breaks off, refuses early, and says less or more than it should.
@Suite struct BrokenBuildTests {
    private func run(
        _ script: @escaping StubEngine.Script, _ body: (DockerEngine) async throws -> Void
    ) async throws {
        let stub = try StubEngine { $0 == "GET /version" ? StubEngine.version : script($0) }
        let engine = DockerEngine(
            socket: stub.path, installation: InstallationID("me"), key: Bench.key, namesRoot: "/absent")
        defer { stub.stop() }
        do {
            try await body(engine)
        } catch {
            await engine.shutdown()
            throw error
        }
        await engine.shutdown()
    }

    private func fixture(timeout: Duration = .seconds(60)) throws -> BuildFixture {
        try BuildFixture(try #require(ImageReference("berth.local/shop:1")), "FROM a\n", timeout: timeout)
    }

    private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n"
    }

    @Test(arguments: [
        (StubEngine.Answer.drop, HostFailure.unreachable, "the engine closed the connection"),
        (.text(head + chunk(#"{"stream":"Step 1\n"}"# + "\n") + "ff\r\n{\"str"), .unreachable, "broke"),
        (
            .text(
                head + chunk(#"{"stream":"Step 1\n"}"# + "\n" + #"{"error":"no space left on device"}"#) + "0\r\n\r\n"),
            .refused, "no space left on device; it last wrote: Step 1"
        ),
        (.json("{\"stream\":\"ok\\n\"}\n<html>"), .unreachable, "not JSON"),
        (.json(#"{"stream":"ok\n"}"#), .unreachable, "there is no image"),
        (.json(#"{"message":"dockerfile parse error"}"#, status: 400), .refused, "dockerfile parse error"),
        (.json(#"{"message":"Cannot locate specified Dockerfile: x"}"#, status: 500), .refused, "Cannot locate"),
        (.json(#"{"message":"containerd is away"}"#, status: 500), .unreachable, "containerd is away"),
    ])
    func `a build that does not come to its end is told as it is`(
        answer: StubEngine.Answer, expected: HostFailure, words: String
    ) async throws {
        try await run {
            $0.hasPrefix("POST") ? answer : .json(#"{"message":"No such image"}"#, status: 404)
        } _: { engine in
            let error = try await failure { _ = try await fixture().build(on: engine) }
            #expect(error.operation == "build berth.local/shop:1")
            #expect(error.failure == expected)
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a refusal before the whole context was sent does not wait for the rest`() async throws {
        let body = #"{"message":"too busy for you"}"#
        try await run { _ in
            .early("HTTP/1.1 400 X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        } _: { engine in
            let endless = AsyncThrowingStream<[UInt8], any Error> { [UInt8](repeating: 0, count: 64 << 10) }
            let order = try fixture().order
            let error = try await failure { try await engine.build(order, from: endless) { _ in } }
            // Whether the answer is read before the broken pipe is noticed is the machine's choice.
            #expect(error.failure == .refused || error.failure == .unreachable, "\(error)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `an engine that falls silent in a build is left at the deadline`() async throws {
        try await run { _ in
            .stall(#"{"stream":"Step 1\n"}"#)
        } _: { engine in
            let error = try await failure { _ = try await fixture(timeout: .seconds(1)).build(on: engine) }
            #expect(error.failure == .refused)
            #expect(error.message == "it took longer than its 1 s, and was stopped")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `no more of a context is asked for than the engine takes`() async throws {
        try await run { _ in
            .deaf
        } _: { engine in
            let sent = Shared(0)
            let endless = AsyncThrowingStream<[UInt8], any Error> {
                sent.withLock { $0 += 1 }
                return [UInt8](repeating: 0, count: 64 << 10)
            }
            let order = try fixture(timeout: .seconds(2)).order
            let error = try await failure { try await engine.build(order, from: endless) { _ in } }
            #expect(error.failure == .refused, "\(error)")
            let count = sent.withLock { $0 }
            // The client and the kernel hold some; without a bound it would be all that two seconds can make.
            #expect(count > 0 && count < 1000, "\(count) pieces")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `what a cancelled build has sent is never taken for the whole context`() async throws {
        let kept = Shared<[UInt8]?>(nil)
        try await run { _ in
            .keep(kept)
        } _: { engine in
            let fixture = try fixture()
            let (sent, send) = AsyncStream.makeStream(of: Void.self)
            let (never, end) = AsyncStream.makeStream(of: Void.self)
            let isFirst = Shared(true)
            let context = AsyncThrowingStream<[UInt8], any Error> {
                let first = isFirst.withLock { first in
                    defer { first = false }
                    return first
                }
                if first { return fixture.context }
                // The piece before this one is on its way.
                send.finish()
                for await _ in never {}
                return nil
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await #expect(throws: HostError.self) {
                        try await engine.build(fixture.order, from: context) { _ in }
                    }
                    #expect(error?.message == "cancelled")
                }
                for await _ in sent {}
                group.cancelAll()
            }
            end.finish()
            let due = ContinuousClock.now + .seconds(30)
            while kept.withLock({ $0 }) == nil, ContinuousClock.now < due {
                try await Task.sleep(for: .milliseconds(20))
            }
            let request = try #require(kept.withLock { $0 })
            #expect(request.count > fixture.context.count, "the archive was sent")
            #expect(request.suffix(5) != Array("0\r\n\r\n".utf8)[...])
        }
    }

    @Test func `what is asked of a build is all in its address`() async throws {
        let asked = Shared<[String]>([])
        try await run { target in
            asked.withLock { $0.append(target) }
            return .json(#"{"Id":"sha256:1"}"#)
        } _: { engine in
            let fixture = try BuildFixture(
                try #require(ImageReference("berth.local/shop:1")), "", target: "final", arguments: ["A": "1&2"])
            _ = try await fixture.build(on: engine)
        }
        let query = asked.withLock { $0.first }?.split(separator: "?").last.map(String.init) ?? ""
        let parts = Dictionary(
            uniqueKeysWithValues: query.split(separator: "&").map { part in
                let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
                return (halves[0], halves.last?.removingPercentEncoding ?? "")
            })
        let labels = parts["labels"].map { Data($0.utf8) } ?? Data()
        #expect(
            try JSONDecoder().decode([String: String].self, from: labels)
                == ["berth.owner": "me", "berth.piece": "shop-4be1c2d9f0a1-1f2e3d4c"])
        #expect(
            parts.filter { $0.key != "labels" } == [
                "version": "1", "t": "berth.local/shop:1", "dockerfile": "docker/Dockerfile", "pull": "0", "rm": "1",
                "forcerm": "1", "cpushares": "128", "memory": "268435456", "memswap": "268435456", "target": "final",
                "buildargs": #"{"A":"1&2"}"#,
            ])
    }

    @Test(arguments: [
        (StubEngine.Answer.drop, HostFailure.unreachable, "the engine closed the connection"),
        (.text(head + "ff\r\n{\"str"), .unreachable, "broke"),
        (.json(#"{"errorDetail":{},"error":"unexpected EOF"}"#), .refused, "unexpected EOF"),
        (.json("no"), .refused, "not JSON"),
        (.json(#"{"message":"no space left on device"}"#, status: 500), .refused, "no space left on device"),
    ])
    func `a load that goes wrong is told as it is`(
        answer: StubEngine.Answer, expected: HostFailure, words: String
    ) async throws {
        try await run { _ in
            answer
        } _: { engine in
            let error = try await failure { try await engine.load(stream([1, 2, 3])) }
            #expect(error.operation == "load images")
            #expect(error.failure == expected)
            #expect(error.message.contains(words), "\(error)")
        }
    }
}
