import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// A sandbox of a random name on the real engine, with its network; everything that bears the name is removed at the
/// end of the test.
struct Bench: Sendable {
    static let key = FingerprintKey(Secret([UInt8](repeating: 7, count: 32)))

    let runtime: Runtime
    let engine: DockerEngine
    let socket: String
    let sandbox: SandboxName
    let network: NetworkDraft
    let image: ImageReference

    /// Runs `body` on a network of its own inside 10.211.0.0/16.
    static func run(on runtime: Runtime, _ body: (Bench) async throws -> Void) async throws {
        let socket = try runtime.socket()
        let name = "t" + String(UInt64.random(in: 0 ... .max), radix: 36)
        let names = "/tmp/berth-names-\(name)"
        let engine = DockerEngine(
            socket: socket, installation: InstallationID("test-\(name)"), key: key, namesRoot: names)
        defer { MountTests.remove(names) }
        do {
            try await ImageFixture.load(into: engine.connection)
            let taken = try await engine.survey(nil).networks.compactMap(\.subnet)
            let pool = try #require(Subnet("10.211.0.0/16")).parts(prefix: 28)
            let free = pool.filter { part in !taken.contains { $0.overlaps(part) } }
            let sandbox = try SandboxName(name)
            let bench = Bench(
                runtime: runtime, engine: engine, socket: socket, sandbox: sandbox,
                network: NetworkDraft(
                    name: "sandbox-\(name)", sandbox: sandbox, subnet: try #require(free.randomElement())),
                image: try #require(ImageReference(ImageFixture.reference)))
            do {
                try await body(bench)
            } catch {
                try await sweep(engine, name)
                throw error
            }
            try await sweep(engine, name)
        } catch {
            await engine.shutdown()
            throw error
        }
        await engine.shutdown()
    }

    /// The `number`th address of the network.
    func address(_ number: UInt32) -> String {
        let value = network.subnet.base + number
        return [24, 16, 8, 0].map { String(value >> $0 & 255) }.joined(separator: ".")
    }

    func draft(
        _ service: String = "account", _ spec: ContainerSpec, at number: UInt32 = 2, digest: String = "d1",
        published: [UInt16: UInt16] = [:], origin: ContainerDraft.Origin? = nil
    ) throws -> ContainerDraft {
        ContainerDraft(
            name: "sandbox-\(sandbox)-\(service)", sandbox: sandbox, service: try ServiceName(service), spec: spec,
            digest: Digest(text: digest), network: network.name, address: address(number), published: published,
            origin: origin)
    }

    /// `/bin/busybox` with these words.
    func spec(_ words: String...) -> ContainerSpec { ContainerSpec(image: image, command: ["/bin/busybox"] + words) }

    var sleeper: ContainerSpec { spec("sleep", "3600") }
    var web: ContainerSpec { spec("httpd", "-f", "-p", "8080") }

    /// A program that says `text` and goes on.
    func saying(_ script: String) -> ContainerSpec { spec("sh", "-c", "\(script); exec /bin/busybox sleep 3600") }

    /// Asks the engine past the adapter, as a stranger would.
    @discardableResult
    func stranger(_ method: EngineRequest.Method, _ path: String, _ json: String? = nil) async throws -> EngineReply {
        try await engine.connection.send(
            EngineRequest(method, path, body: json.map { .json(Array($0.utf8)) } ?? .none), for: "as a stranger")
    }

    func only() async throws -> ObservedContainer {
        let containers = try await engine.survey(sandbox).containers
        #expect(containers.count == 1)
        return try #require(containers.first)
    }

    /// Looks until it is so, at most thirty seconds.
    func eventually(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () async throws -> Bool
    ) async throws {
        let due = ContinuousClock.now + .seconds(30)
        while try await !isSo() {
            guard ContinuousClock.now < due else {
                Issue.record(what, sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func sweep(_ engine: DockerEngine, _ name: String) async throws {
        let left = try await engine.survey(nil)
        for container in left.containers where container.name.contains(name) {
            try await engine.remove(.existing(container.id, name: container.name))
        }
        // By its tags: with its digest an image of Podman loses its other names too.
        for image in left.images.keys where image.contains(name) && !image.contains("@") {
            _ = try await engine.connection.send(
                EngineRequest(.delete, "/images/\(image)", query: [("force", "1")]), for: "sweep")
        }
        for network in left.networks where network.name.contains(name) {
            try await engine.removeNetwork(id: network.id)
        }
    }
}

extension EngineSurvey {
    /// Every network of the engine is in a survey, for its subnet is taken.
    func network(_ name: String) -> ObservedNetwork? { networks.first { $0.name == name } }
}

extension ObservedContainer {
    var handle: ContainerHandle { .existing(id, name: name) }
}

/// The error of `work`, which must fail with one.
func failure(
    of work: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> HostError {
    do {
        try await work()
    } catch let error as HostError {
        return error
    }
    Issue.record("it did not fail", sourceLocation: sourceLocation)
    return HostError("", .refused, "")
}
