import Model
import Reconciler

@testable import Docker

/// A build of a few files.
struct BuildFixture: Sendable {
    let order: ImageOrder
    let context: [UInt8]

    init(
        _ image: ImageReference, _ dockerfile: String, files: [String: String] = [:], target: String? = nil,
        arguments: [String: String] = [:], timeout: Duration = .seconds(120)
    ) throws {
        guard let piece = Workpiece.ID("shop-4be1c2d9f0a1-1f2e3d4c") else { preconditionFailure("a folder's name") }
        order = ImageOrder(
            image: image, dockerfile: "docker/Dockerfile", target: target, arguments: arguments, piece: piece,
            timeout: timeout, limits: BuildLimits(memoryBytes: 256 << 20))
        var archive = Archive()
        try archive.add("/docker/Dockerfile", Array(dockerfile.utf8), mode: 0o644)
        for (path, content) in files { try archive.add("/\(path)", Array(content.utf8), mode: 0o644) }
        context = archive.closed()
    }

    /// Builds, and gives every line that the builder wrote.
    func build(on engine: DockerEngine) async throws -> [String] {
        let lines = Shared<[String]>([])
        try await engine.build(order, from: stream(context)) { line in lines.withLock { $0.append(line) } }
        return lines.withLock { $0 }
    }
}

/// `bytes` in pieces of a size that divides nothing.
func stream(_ bytes: [UInt8], piece: Int = 10_007) -> AsyncThrowingStream<[UInt8], any Error> {
    let offset = Shared(0)
    return AsyncThrowingStream {
        let begin = offset.withLock { begin in
            defer { begin += piece }
            return begin
        }
        return begin < bytes.count ? Array(bytes[begin..<min(begin + piece, bytes.count)]) : nil
    }
}

extension Bench {
    /// A name of this bench's own, which its end removes.
    func imageName(_ tag: String = "1") -> ImageReference {
        guard let image = ImageReference("\(Workpiece.registry)/\(sandbox):\(tag)") else {
            preconditionFailure("a slug is a repository")
        }
        return image
    }

    /// The containers of builds whose command has `marker`.
    func builders(_ marker: String) async throws -> [String] {
        let reply = try await stranger(.get, "/containers/json?all=1")
        struct Listed: Decodable {
            let command: String
            enum CodingKeys: String, CodingKey { case command = "Command" }
        }
        return try reply.decode([Listed].self, for: "list").map(\.command).filter { $0.contains(marker) }
    }
}
