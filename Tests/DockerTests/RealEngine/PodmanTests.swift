import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// What Podman does otherwise than Docker; each is named in `docs/podman.md`.
@Suite(.serialized) struct PodmanTests {
    private let uid = ResourceUID("u-1")

    @Test(arguments: Runtime.allCases)
    func `the engine is known by its version`(runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let kind = try await bench.engine.connection.kind(for: "ask")
            #expect(kind == (runtime == .docker ? .docker : .podman))
        }
    }

    @Test func `a container that stopped keeps its address, unless another has been given it`() async throws {
        try await Bench.run(on: .podman) { bench in
            let engine = bench.engine
            try await engine.createNetwork(bench.network, as: uid)
            let first = try bench.draft("account", bench.sleeper, at: 4)
            try await engine.create(first, secrets: [:], as: uid)
            #expect(try await bench.only().attachments[first.network]?.address == bench.address(4))
            #expect(
                try await engine.survey(bench.sandbox).network(first.network)?.addresses == [bench.address(4)])

            let second = try bench.draft("payment", bench.sleeper, at: 4)
            try await engine.create(second, secrets: [:], as: uid)
            try await engine.start(.planned(name: second.name))
            let seen = try await engine.survey(bench.sandbox).containers.sorted { $0.name < $1.name }
            #expect(seen.map { $0.attachments[first.network]?.address } == ["", bench.address(4)])

            let taken = try await failure { try await engine.start(.planned(name: first.name)) }
            #expect(taken.failure == .refused)
            #expect(taken.message.hasPrefix("address \(bench.address(4)) is taken by something else"), "\(taken)")
        }
    }

    @Test func `limits that are changed hold, are seen, and are changed again after a restart`() async throws {
        try await Bench.run(on: .podman) { bench in
            let engine = bench.engine
            let draft = try bench.draft("account", bench.sleeper)
            try await engine.createNetwork(bench.network, as: uid)
            try await engine.create(draft, secrets: [:], as: uid)
            let before = try await bench.only().limits
            let limits = Limits(cpuMillis: 250, memoryBytes: 48 << 20, pids: 24)
            // There is nothing to change yet, and that is no failure.
            try await engine.updateLimits(.planned(name: draft.name), limits)
            #expect(try await bench.only().limits == before)
            try await engine.start(.planned(name: draft.name))
            #expect(try await bench.only().limits == before)
            try await engine.updateLimits(.planned(name: draft.name), limits)
            #expect(try await bench.only().limits == limits)
            try await engine.stop(.planned(name: draft.name))
            try await engine.start(.planned(name: draft.name))
            #expect(try await bench.only().limits == before, "seen to have drifted, so that they are mended")
        }
    }

    @Test func `a health command is run when nothing else runs it, and its failures count`() async throws {
        try await Bench.run(on: .podman) { bench in
            var spec = bench.sleeper
            spec.health = HealthCheck(
                probe: .command(["/bin/busybox", "test", "-e", "/tmp-ready"]), intervalMillis: 50, unhealthyAfter: 2,
                startPeriodMillis: 0)
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it is unhealthy") {
                try await bench.engine.condition(of: .planned(name: draft.name)).health == .unhealthy
            }
            var ready = Archive()
            try ready.add("/tmp-ready", [], mode: 0o644)
            _ = try await bench.engine.connection.send(
                EngineRequest(
                    .put, "/containers/\(draft.name)/archive", query: [("path", "/")], body: .tar(ready.closed())),
                for: "make it ready")
            try await bench.eventually("it is healthy") {
                try await bench.engine.condition(of: .planned(name: draft.name)).health == .healthy
            }
        }
    }

    @Test func `images without a registry are found by the names they had in their archive`() async throws {
        try await Bench.run(on: .docker) { docker in
            let short = ["1", "2"].map { "shop-\(docker.sandbox)/account:\($0)" }
            let names = short + [docker.imageName().text]
            for name in names {
                let colon = try #require(name.lastIndex(of: ":"))
                let words = "repo=\(name[..<colon])&tag=\(name[colon...].dropFirst())"
                try await docker.stranger(.post, "/images/\(docker.image)/tag?\(words)")
            }
            let query = names.map { "names=\($0)" }.joined(separator: "&")
            let archive = try await docker.stranger(.get, "/images/get?\(query)")
            try await Bench.run(on: .podman) { podman in
                try await podman.engine.load(stream(archive.body))
                let images = try await podman.engine.survey(podman.sandbox).images
                for name in names { #expect(images[name] != nil, "\(name)") }
                var spec = podman.sleeper
                spec.image = try #require(ImageReference(short[1]))
                try await podman.engine.createNetwork(podman.network, as: uid)
                try await podman.engine.create(try podman.draft("account", spec), secrets: [:], as: uid)
                let left = images.keys.filter { $0.contains(docker.sandbox.text) && !$0.contains("@") }
                try await podman.engine.remove(.planned(name: "sandbox-\(podman.sandbox)-account"))
                for name in left { try await podman.stranger(.delete, "/images/\(name)") }
            }
        }
    }

    @Test func `an image of several names is seen by the one that was asked for`() async throws {
        try await Bench.run(on: .podman) { bench in
            let names = ["a", "z"].map { bench.imageName($0) }
            for name in names {
                try await bench.stranger(
                    .post, "/images/\(bench.image)/tag?repo=\(name.text.dropLast(2))&tag=\(name.text.suffix(1))")
            }
            try await bench.engine.createNetwork(bench.network, as: uid)
            for name in names {
                var spec = bench.sleeper
                spec.image = name
                let draft = try bench.draft("account", spec)
                try await bench.engine.create(draft, secrets: [:], as: uid)
                #expect(try await bench.only().image == name.text)
                try await bench.engine.remove(.planned(name: draft.name))
            }
        }
    }

    @Test func `the next container at an address is reached at once`() async throws {
        try await Bench.run(on: .podman) { bench in
            let draft = try bench.draft("account", bench.web)
            try await bench.engine.createNetwork(bench.network, as: uid)
            for _ in 1...3 {
                try await bench.engine.create(draft, secrets: [:], as: uid)
                try await bench.engine.start(.planned(name: draft.name))
                try await bench.eventually("it listens") {
                    await bench.engine.probe(.tcp(port: 8080), at: draft.address, timeoutMillis: 3000) == nil
                }
                let answer = try await bench.stranger(.get, "/containers/\(draft.name)/json")
                #expect(
                    String(decoding: answer.body, as: UTF8.self).contains(
                        try #require(Podman.hardwareAddress(for: draft.address))))
                try await bench.engine.remove(.planned(name: draft.name))
            }
        }
    }

    @Test func `a folder that is not there is not made`() async throws {
        try await Bench.run(on: .podman) { bench in
            let folder = "/tmp/berth-absent-\(bench.sandbox)"
            var spec = bench.sleeper
            spec.mounts = [Mount(source: folder, target: "/data", isReadOnly: true)]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            let error = try await failure { try await bench.engine.create(draft, secrets: [:], as: uid) }
            #expect(error.failure == .stale)
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(try await bench.engine.survey(bench.sandbox).containers.isEmpty)
        }
    }
}
