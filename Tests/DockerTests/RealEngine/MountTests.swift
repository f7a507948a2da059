import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// Folders of the node in containers, and what containers were made of.
@Suite(.serialized) struct MountTests {
    private let uid = ResourceUID("u-1")

    /// A folder with `a.txt` that is gone after `body`.
    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/berth-mount-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { remove(folder) }
        #expect(FileManager.default.createFile(atPath: folder + "/a.txt", contents: Data("from the node\n".utf8)))
        try await body(folder)
    }

    static func remove(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            // The test removed it, or never made it.
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a folder is mounted as told, cannot be written where it is read-only, and is observed`(on runtime: Runtime)
        async throws
    {
        try await Self.withFolder { folder in
            try await Bench.run(on: runtime) { bench in
                var spec = bench.spec(
                    "sh", "-c",
                    "/bin/busybox cat /src/a.txt; echo x > /src/b.txt || echo no; echo y > /out/c.txt && echo yes")
                spec.restart = .no
                spec.mounts = [
                    Mount(source: folder, target: "/src", isReadOnly: true),
                    Mount(source: folder, target: "/out", isReadOnly: false),
                ]
                let piece = try #require(Workpiece.ID("account-4be1c2d9f0a1-1f2e3d4c"))
                let commit = try #require(CommitID(String(repeating: "4be1", count: 10)))
                let origin = ContainerDraft.Origin(piece: piece, commit: commit)
                let draft = try bench.draft("account", spec, origin: origin)
                try await bench.engine.createNetwork(bench.network, as: uid)
                try await bench.engine.create(draft, secrets: [:], as: uid)
                try await bench.engine.start(.planned(name: draft.name))
                try await bench.eventually("it ends") { try await bench.only().state == .exited }
                let seen = try await bench.only()
                #expect(seen.mounts == Set(spec.mounts))
                #expect(seen.ownership.mark?.origin == origin)
                let output = try await bench.engine.condition(of: seen.handle).lastOutput
                // The two streams come in pieces, and a piece need not be a line.
                for word in ["from the node", "no", "yes"] {
                    #expect(
                        output.split(separator: "\n").contains { $0.hasPrefix(word) || $0.hasSuffix(word) }, "\(output)"
                    )
                }
                #expect(!FileManager.default.fileExists(atPath: folder + "/b.txt"))
                #expect(FileManager.default.fileExists(atPath: folder + "/c.txt"))
            }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a folder that is not there is stale, when it is created and when it starts`(on runtime: Runtime) async throws
    {
        try await Self.withFolder { folder in
            try await Bench.run(on: runtime) { bench in
                var spec = bench.sleeper
                spec.mounts = [Mount(source: folder, target: "/src", isReadOnly: true)]
                let first = try bench.draft("one", spec)
                let second = try bench.draft("two", spec, at: 3)
                try await bench.engine.createNetwork(bench.network, as: uid)
                try await bench.engine.create(first, secrets: [:], as: uid)
                try FileManager.default.removeItem(atPath: folder)
                for error in [
                    try await failure { try await bench.engine.create(second, secrets: [:], as: ResourceUID("u-2")) },
                    try await failure { try await bench.engine.start(.planned(name: first.name)) },
                ] {
                    #expect(error.failure == .stale)
                    #expect(error.message.hasPrefix("a folder that it mounts is not there any more: "), "\(error)")
                    #expect(error.message.contains(folder))
                }
                #expect(!FileManager.default.fileExists(atPath: folder), "the engine made none")
            }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `the files of a container's log are limited`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let draft = try bench.draft("account", bench.sleeper)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            var request = EngineRequest(.get, "/containers/\(draft.name)/json")
            request.dialect = runtime == .podman ? .podman : .docker
            let answer = try await bench.engine.connection.send(request, for: "look")
            struct Inspected: Decodable {
                struct Host: Decodable {
                    struct Log: Decodable, Equatable {
                        let type: String
                        let options: [String: String]?
                        var size: String?
                        enum CodingKeys: String, CodingKey { case type = "Type", options = "Config", size = "Size" }
                    }
                    let log: Log
                    enum CodingKeys: String, CodingKey { case log = "LogConfig" }
                }
                let host: Host
                enum CodingKeys: String, CodingKey { case host = "HostConfig" }
            }
            let log = try answer.decode(Inspected.self, for: "look").host.log
            let expected: Inspected.Host.Log =
                switch runtime {
                case .docker: .init(type: "json-file", options: ["max-size": "10m", "max-file": "3"])
                case .podman: .init(type: "json-file", options: nil, size: "10MB")
                }
            #expect(log == expected)
        }
    }
}
