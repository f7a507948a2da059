internal import Foundation
internal import Testing

/// A folder of `examples/`: a manifest repository as a person would copy it.
struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    /// Where its manifests lie.
    let folder: URL
    var testDescription: String { name }

    init(name: String) { self.init(name: name, at: Self.root.appending(path: "examples/\(name)")) }

    private init(name: String, at folder: URL) {
        self.name = name
        self.folder = folder
    }

    /// The folder of `Package.swift`.
    static let root: URL = {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path()) {
            precondition(folder.pathComponents.count > 1, "the tests are not inside a package")
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// Every example there is.
    static var all: [Example] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "examples").path())
                .sorted().map(Example.init(name:))
        }
    }

    /// The example as its own script lays it into `place` for this machine, repositories and archives included.
    func prepared(in place: String, _ bench: Bench) async throws -> Example {
        try await Self.giveAddress(bench)
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": bench.scratch,
            "GIT_CONFIG_NOSYSTEM": "1",
        ]
        let script = folder.appending(path: "prepare").path(percentEncoded: false)
        let outcome = try await Program(
            [script, place, Self.address], environment: environment, scratch: bench.scratch
        )
        .end(within: .seconds(90))
        guard outcome.status == 0 else { throw Trouble("\(script): \(outcome.output)\(outcome.errors)") }
        return Example(name: name, at: URL(filePath: place + "/manifests"))
    }

    /// The machine by an address that is not 127.0.0.1, where no manifest may send requests: one for documentation
    /// (RFC 5737), which nobody else has.
    static let address = "192.0.2.7"

    private static func giveAddress(_ bench: Bench) async throws {
        let outcome = try await Program(
            ["busybox", "ip", "address", "add", "\(address)/32", "dev", "lo"],
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"], scratch: bench.scratch
        ).end(within: .seconds(10))
        guard outcome.status == 0 || outcome.errors.contains("File exists") else {
            throw Trouble("the address \(address) cannot be given to this machine: \(outcome.errors)")
        }
    }

    /// The texts of its manifests by file name.
    var manifests: [String: String] {
        get throws {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter {
                $0.hasSuffix(".yaml")
            }
            return Dictionary(uniqueKeysWithValues: try files.map { ($0, try text(of: $0)) })
        }
    }

    func text(of file: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: file)), as: UTF8.self)
    }
}

extension Bench {
    /// Replaces the bench's own manifests by those of an example. `swaps` are words that mean another machine's things,
    /// each with what stands for it here.
    func lay(_ example: Example, swapping swaps: [(String, String)] = []) throws {
        for file in ["places.yaml", "account.yaml", "payment.yaml"] { try repository.remove(file) }
        var manifests = try example.manifests
        for (foreign, ours) in swaps {
            #expect(manifests.values.contains { $0.contains(foreign) }, "\(example.name) does not say \(foreign)")
            manifests = manifests.mapValues { $0.replacing(foreign, with: ours) }
        }
        for (file, text) in manifests { try repository.write(file, text) }
    }

    /// Serves, and waits until these sandboxes and no others are where the commit wants them.
    func serve(_ sandboxes: Set<String>, until commit: String) async throws {
        try serve()
        try await settle(sandboxes, at: commit)
    }

    func settle(_ sandboxes: Set<String>, at commit: String) async throws {
        do {
            try await eventually("\(sandboxes.sorted()) are at \(commit.prefix(7))", within: Self.makingBound) {
                guard daemon?.isRunning ?? true else { throw Trouble("berth serve ended") }
                guard let standing = try await status(), standing.isSettled(at: commit, sandboxes) else { return false }
                // What an earlier process wrote is not this one's word.
                return standing.daemon.processId == daemon?.id
            }
        } catch {
            let status = try await berth("status", "--data", data)
            throw Trouble("\(error)\n\(status.output)\(status.errors)\nthe daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// A port of the machine at which a port of the container is published.
    func published(_ port: UInt16, of container: Engine.Container) async throws -> UInt16 {
        let mapping = try await engine.docker("port", container.id, "\(port)/tcp")
        return try #require(mapping.split(separator: ":").last.flatMap { UInt16($0) }, "\(mapping)")
    }

    /// What a server that speaks no HTTP answers to a line.
    func say(_ line: String, to port: UInt16) async throws -> String {
        let bytes = try await blocking { try Wire(peer: .port(port)).exchange(line + "\n") }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
