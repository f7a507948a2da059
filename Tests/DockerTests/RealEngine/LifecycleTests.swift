import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// On the real engine.
@Suite(.serialized) struct LifecycleTests {
    private let uid = ResourceUID("u-1")

    @Test(arguments: Runtime.allCases)
    func `a container is observed as it was asked for`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let reference = SecretReference.file("/s/db")
            var spec = bench.web
            spec.environment = ["MODE": .plain("a=b"), "EMPTY": .plain(""), "DB": .secret(reference)]
            spec.limits = Limits(cpuMillis: 250, memoryBytes: 64 << 20, pids: 32)
            spec.restart = .onFailure
            spec.ports = [ContainerPort(name: "web", number: 8080)]
            let port = UInt16.random(in: 21000...29000)
            let draft = try bench.draft("account", spec, published: [8080: port])
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [reference: Secret("s3cret")], as: ResourceUID("u-2"))
            #expect(try await bench.only().state == .created)
            try await bench.engine.start(.planned(name: draft.name))

            let survey = try await bench.engine.survey(bench.sandbox)
            let seen = try #require(survey.containers.first)
            let mark = Ownership.Mark(
                sandbox: bench.sandbox, service: draft.service, uid: ResourceUID("u-2"), digest: draft.digest)
            var expected = ObservedContainer(
                id: seen.id, name: draft.name, ownership: .ours(mark), image: bench.image.text, imageID: seen.imageID,
                command: spec.command, limits: spec.limits, restart: .onFailure, published: [8080: port])
            expected.environment = [
                "MODE": .plain("a=b"), "EMPTY": .plain(""),
                "DB": .secret(Fingerprint(of: Secret("s3cret"), under: Bench.key)),
            ]
            expected.attachments = [draft.network: .init(address: draft.address, aliases: ["account"])]
            #expect(ImageReference.normalize(seen.image) == bench.image.normalized)
            expected.image = seen.image
            #expect(seen == expected)
            #expect(survey.images[bench.image.text] == seen.imageID)
            #expect(survey.busyPorts.contains(port))
            let network = try #require(survey.network(draft.network))
            #expect(network.subnet == bench.network.subnet)
            #expect(network.addresses == [draft.address])
            #expect(network.ownership.mark == .init(sandbox: bench.sandbox, service: nil, uid: uid, digest: nil))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `every verb done twice is done once`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let engine = bench.engine
            let draft = try bench.draft("account", bench.web)
            for _ in 1...2 { try await engine.createNetwork(bench.network, as: uid) }
            for _ in 1...2 { try await engine.create(draft, secrets: [:], as: uid) }
            for _ in 1...2 { try await engine.start(.planned(name: draft.name)) }
            let container = try await bench.only()
            let limits = Limits(cpuMillis: 100, memoryBytes: 32 << 20, pids: 16)
            for _ in 1...2 { try await engine.updateLimits(container.handle, limits) }
            try await bench.stranger(.post, "/containers/\(container.id.text)/pause")
            #expect(try await bench.only().state == .paused)
            for _ in 1...2 { try await engine.unpause(container.handle) }
            for _ in 1...2 { try await engine.rename(container.handle, to: draft.name + "-2") }
            try await bench.stranger(
                .post, "/networks/\(draft.network)/disconnect", #"{"Container":"\#(container.id.text)"}"#)
            #expect(try await bench.only().attachments.isEmpty)
            for _ in 1...2 {
                try await engine.connect(
                    container.handle, network: draft.network, address: bench.address(5), alias: "account")
            }
            var seen = try await bench.only()
            #expect(seen.state == .running)
            #expect(seen.limits == limits)
            #expect(seen.name == draft.name + "-2")
            #expect(seen.attachments == [draft.network: .init(address: bench.address(5), aliases: ["account"])])

            for _ in 1...2 { try await engine.stop(container.handle) }
            seen = try await bench.only()
            #expect(seen.state == .exited)
            #expect(seen.exitCode != nil)
            // Podman knows the address of a running container only; see `PodmanTests`.
            let expected = runtime == .docker ? bench.address(5) : draft.address
            #expect(seen.attachments[draft.network]?.address == expected)
            #expect(try await engine.survey(bench.sandbox).network(draft.network)?.addresses == [expected])
            for _ in 1...2 { try await engine.remove(container.handle) }
            let network = try #require(try await engine.survey(bench.sandbox).network(draft.network))
            for _ in 1...2 { try await engine.removeNetwork(id: network.id) }
            let left = try await engine.survey(bench.sandbox)
            #expect(left.containers.isEmpty && left.network(draft.network) == nil)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a handle of what was seen never means another of the same name`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let draft = try bench.draft("account", bench.sleeper)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            let old = try await bench.only()
            try await bench.engine.remove(old.handle)
            try await bench.engine.create(draft, secrets: [:], as: ResourceUID("u-2"))
            #expect(try await failure { try await bench.engine.start(old.handle) }.failure == .stale)
            #expect(try await failure { _ = try await bench.engine.condition(of: old.handle) }.failure == .stale)
            try await bench.engine.remove(old.handle)
            #expect(try await bench.only().state == .created)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `files are there before the container starts, with their mode and their folders`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let reference = SecretReference.environment("S")
            var spec = bench.sleeper
            spec.files = [
                FileSpec(path: "/etc/app/deep/a.txt", content: .text("hello\n"), mode: 0o644),
                FileSpec(path: "/run/s", content: .secret(reference), mode: 0o440),
            ]
            spec.command = [
                "/bin/busybox", "sh", "-c",
                "/bin/busybox cat /etc/app/deep/a.txt /run/s; /bin/busybox stat -c '%a %n' /etc /etc/app/deep /run/s",
            ]
            spec.restart = .no
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [reference: Secret("from-file\n")], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it ends") { try await bench.only().state == .exited }
            let condition = try await bench.engine.condition(of: .planned(name: draft.name))
            let logs = try await bench.stranger(.get, "/containers/\(draft.name)/logs?stdout=1").body
            #expect(
                String(decoding: LogFrames.text(of: logs), as: UTF8.self)
                    == "hello\nfrom-file\n755 /etc\n755 /etc/app/deep\n440 /run/s\n")
            #expect(condition.exitCode == 0)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a health command is the engine's to run, and its verdict is seen`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.sleeper
            spec.health = HealthCheck(probe: .command(["/bin/busybox", "sh", "-c", "exit 0"]), intervalMillis: 100)
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it is healthy") {
                try await bench.engine.condition(of: .planned(name: draft.name)).health == .healthy
            }
            #expect(try await bench.only().health == .healthy)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `probes say in a few words what is wrong`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.web
            spec.files = [FileSpec(path: "/index.html", content: .text("ok"), mode: 0o644)]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            func ask(
                _ probe: HealthCheck.Probe, _ number: UInt32 = 2, within millis: Int = 10_000
            ) async -> String? {
                await bench.engine.probe(probe, at: bench.address(number), timeoutMillis: millis)
            }
            try await bench.eventually("it serves") { await ask(.http(path: "/index.html", port: 8080)) == nil }
            #expect(await ask(.tcp(port: 8080)) == nil)
            #expect(await ask(.http(path: "/absent", port: 8080)) == "HTTP 404")
            #expect(await ask(.http(path: "/", port: 8081)) == "connection refused")
            #expect(await ask(.tcp(port: 8081)) == "connection refused")
            #expect(await ask(.tcp(port: 8080), 9, within: 500) == "timed out after 500 ms")
        }
    }
}
