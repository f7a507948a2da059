import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// A real engine behind a line that loses the answer to the first of each mutation: what was asked did happen.
@Suite(.serialized) struct LostReplyTests {
    @Test(arguments: Runtime.allCases)
    func `after a lost reply every verb can be asked again`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let lost = Shared<Set<String>>([])
            let real = bench.socket
            let stub = try StubEngine { target in
                let isRead = target.hasPrefix("GET")
                let isFirst = lost.withLock { $0.insert(target).inserted }
                return isRead || !isFirst ? .forward(real) : .forwardAndDrop(real)
            }
            defer { stub.stop() }
            let engine = DockerEngine(
                socket: stub.path, installation: bench.engine.labels.installation, key: Bench.key, namesRoot: "/absent")
            let uid = ResourceUID("u-1")
            var spec = bench.web
            spec.files = [FileSpec(path: "/index.html", content: .text("ok"), mode: 0o644)]
            let draft = try bench.draft("account", spec)
            try await twice { try await engine.createNetwork(bench.network, as: uid) }
            // The reply to the creation is lost, then the one to the files.
            let lostCreation = try await failure { try await engine.create(draft, secrets: [:], as: uid) }
            #expect(lostCreation.failure == .unreachable)
            try await twice { try await engine.create(draft, secrets: [:], as: uid) }
            try await twice { try await engine.start(.planned(name: draft.name)) }
            let container = try await bench.only()
            try await bench.eventually("its files are served") {
                await engine.probe(.http(path: "/index.html", port: 8080), at: draft.address, timeoutMillis: 500) == nil
            }
            try await twice { try await engine.rename(container.handle, to: draft.name + "-2") }
            try await twice { try await engine.remove(container.handle) }
            let network = try #require(try await engine.survey(bench.sandbox).network(draft.network))
            try await twice { try await engine.removeNetwork(id: network.id) }
            let left = try await engine.survey(bench.sandbox)
            #expect(left.containers.isEmpty && left.network(draft.network) == nil)
            await engine.shutdown()
        }
    }

    /// Does `work`, whose reply is lost, and again.
    private func twice(_ work: () async throws -> Void) async throws {
        let lost = try await failure(of: work)
        #expect(lost.failure == .unreachable)
        try await work()
    }
}
