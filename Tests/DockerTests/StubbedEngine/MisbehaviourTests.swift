import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// An engine that loses replies, breaks, stalls and babbles.
@Suite struct MisbehaviourTests {
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

    private let handle = ContainerHandle.existing(ContainerID("c1"), name: "sandbox-qa-account")

    @Test(arguments: [
        (StubEngine.Answer.drop, HostFailure.unreachable, "the engine closed the connection"),
        (.json(#"{"message":"boom"}"#, status: 500), .unreachable, "boom"),
        (.json(#"{"message":"No such container: c1"}"#, status: 404), .stale, "No such container: c1"),
        (.json(#"{"message":"conflict"}"#, status: 409), .stale, "conflict"),
        (.json(#"{"message":"bad parameter"}"#, status: 400), .refused, "bad parameter"),
        (.json("<html>\nno</html>", status: 502), .unreachable, "<html> no</html>"),
        (.json("", status: 503), .unreachable, "the engine answered 503 and no reason"),
        (.text("HELO mail.example\r\n\r\n"), .unreachable, "broke"),
    ])
    func `what the engine does to a start decides what we say`(
        answer: StubEngine.Answer, expected: HostFailure, words: String
    ) async throws {
        try await run { _ in
            answer
        } _: { engine in
            let error = try await failure { try await engine.start(handle) }
            #expect(error.failure == expected)
            #expect(error.operation == "start sandbox-qa-account")
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test(arguments: [
        (StubEngine.Answer.json("[{]", status: 200), "is not as its API says, from its first byte"),
        (.json(#"[{"Id":1}]"#, status: 200), "at [0].Id"),
        (.flood(70 << 20), "answers more than Berth reads"),
        (.drop, "closed the connection"),
    ])
    func `a survey that cannot be read is unreachable`(answer: StubEngine.Answer, words: String) async throws {
        try await run {
            $0.contains("/containers/json") ? answer : .json("[]")
        } _: { engine in
            let error = try await failure { _ = try await engine.survey(nil) }
            #expect(error.failure == .unreachable)
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `an answer that does not come, or not to its end, is given up at the deadline`() async throws {
        try await run { _ in
            .stall("{")
        } _: { engine in
            let request = EngineRequest(.get, "/slow", deadline: .milliseconds(200))
            let error = try await failure { _ = try await engine.connection.send(request, for: "look") }
            #expect(error.failure == .unreachable)
            #expect(error.message.hasSuffix("did not answer in time"), "\(error)")
        }
    }

    @Test func `a container that goes between list and inspection is absent`() async throws {
        let list = #"""
            [{"Id":"c1","Names":["/sandbox-qa-account"],"State":"running",
              "Labels":{"berth.owner":"me","berth.sandbox":"qa","berth.service":"account","berth.uid":"u"}},
             {"Id":"c2","Names":["/other/link","/shop"],"State":"odd","Ports":[{"PrivatePort":80,"PublicPort":8123}]}]
            """#
        try await run { target in
            if target.contains("/containers/json") { return .json(list) }
            if target.contains("/containers/c1") { return .json(#"{"message":"gone"}"#, status: 404) }
            return .json("[]")
        } _: { engine in
            let survey = try await engine.survey(nil)
            #expect(survey.containers.map(\.name) == ["shop"])
            #expect(survey.containers.map(\.state) == [.dead])
            #expect(survey.busyPorts.contains(8123))
        }
    }

    @Test func `a problem in the middle of a pull is a refusal`() async throws {
        let image = try #require(ImageReference("shop/web:1"))
        try await run { _ in
            .json("{\"status\":\"Pulling\"}\r\n{\"error\":\"manifest unknown\"}\r\n")
        } _: { engine in
            let error = try await failure { try await engine.pull(image) }
            #expect(error == HostError("pull shop/web:1", .refused, "manifest unknown"))
        }
        try await run { _ in
            .json("{\"status\":\"Pulling\"}\n{\"status\":\"Done\"}\n")
        } _: { engine in
            try await engine.pull(image)
        }
        try await run { _ in
            .json(#"{"message":"pull access denied"}"#, status: 404)
        } _: { engine in
            let error = try await failure { try await engine.pull(image) }
            #expect(error.failure == .refused)
        }
    }

    @Test func `an engine that quotes a secret is not repeated`() async throws {
        let reference = SecretReference.environment("S")
        try await run { _ in
            .json(#"{"message":"invalid env DB=canary-1"}"#, status: 400)
        } _: { engine in
            var spec = ContainerSpec(image: try #require(ImageReference("x:1")))
            spec.environment = ["DB": .secret(reference)]
            let draft = ContainerDraft(
                name: "n", sandbox: try SandboxName("qa"), service: try ServiceName("web"), spec: spec,
                digest: Digest(text: "d"), network: "sandbox-qa", address: "10.0.0.2", published: [:])
            let error = try await failure {
                try await engine.create(draft, secrets: [reference: Secret("canary-1")], as: ResourceUID("u"))
            }
            #expect(error.description == "create n: invalid env DB=<redacted>")
        }
    }

    @Test func `events that end are followed again, and each time everything is looked at`() async throws {
        let count = Shared(0)
        try await run { _ in
            count.withLock { $0 += 1 }
            return .json(#"{"Type":"network","Action":"destroy","Actor":{"Attributes":{"name":"sandbox-qa"}}}"# + "\n")
        } _: { engine in
            var hints: [Hint] = []
            for await hint in engine.changes() {
                hints.append(hint)
                if hints.count == 4 { break }
            }
            let removed = Hint.sandbox(try SandboxName("qa"), what: "network was removed")
            #expect(hints == [.everything, removed, .everything, removed])
        }
        #expect(count.withLock { $0 } >= 2)
    }

    @Test func `shutting down ends the hints`() async throws {
        try await run { _ in
            .stall("")
        } _: { engine in
            for await hint in engine.changes() where hint == .everything { await engine.shutdown() }
        }
    }

    @Test func `no engine is one sentence with the remedy`() async throws {
        let engine = DockerEngine(
            socket: "/run/absent.sock", installation: InstallationID("me"), key: Bench.key, namesRoot: "/absent")
        let error = try await failure { _ = try await engine.survey(nil) }
        await engine.shutdown()
        #expect(
            error
                == HostError(
                    "observe the engine", .unreachable,
                    "no engine: /run/absent.sock does not exist; start docker, or name another socket in DOCKER_HOST"))
        let stub = try StubEngine { _ in .drop }
        let path = stub.path + "x"
        try FileManager.default.moveItem(atPath: stub.path, toPath: path)
        stub.stop()
        defer { unlink(path) }
        let silent = DockerEngine(
            socket: path, installation: InstallationID("me"), key: Bench.key, namesRoot: "/absent")
        let refused = try await failure { try await silent.start(handle) }
        await silent.shutdown()
        #expect(refused.message == "no engine: nobody listens on \(path); start docker")
    }

    @Test(arguments: [
        (#""berth.secretfiles":"no""#, "said"), (#""berth.secretfiles":"yes""#, "its output is not shown"),
        (#""berth.secretfiles":"""#, "its output is not shown"), (#""berth.plain":"A""#, "its output is not shown"),
    ])
    func `output is shown only where our label says that no file is secret`(label: String, words: String) async throws {
        try await run {
            $0.contains("/logs")
                ? .text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsaid\n")
                : .json(
                    #"{"Id":"c1","Name":"/x","State":{"Status":"exited","ExitCode":1},"Config":{"Tty":true,"Labels":{"#
                        + label + #"}},"HostConfig":{}}"#)
        } _: { engine in
            let output = try await engine.condition(of: handle).lastOutput
            #expect(output.hasPrefix(words))
        }
    }

    @Test(arguments: [
        "shop/account:1", "\(ImageReference.impliedRegistry)/shop/account:1",
    ])
    func `an image is listed under one form, whichever way the engine spells it`(tag: String) async throws {
        try await run {
            $0.contains("/images/json") ? .json(#"[{"Id":"sha256:1","RepoTags":["\#(tag)"]}]"#) : .json("[]")
        } _: { engine in
            let images = try await engine.survey(nil).images
            #expect(images == ["shop/account:1": "sha256:1"])
        }
    }
}
