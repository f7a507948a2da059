import Foundation
import Model
import Reconciler

@testable import Docker

/// The image of the tests, made on the spot from this machine's static busybox: nothing is fetched.
enum ImageFixture {
    static let reference = "berth-test/busybox:1"

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// Loads the image unless the engine has it.
    static func load(into connection: EngineConnection) async throws {
        let known = try await connection.send(EngineRequest(.get, "/images/\(reference)/json"), for: "look for image")
        if known.isSuccess { return }
        guard let busybox = FileManager.default.contents(atPath: "/bin/busybox") else {
            throw Missing(description: "no /bin/busybox: apt-get install busybox-static")
        }
        var root = Archive()
        try root.add("/bin/busybox", Array(busybox), mode: 0o755)
        try root.add("/bin/sh", Array(busybox), mode: 0o755)
        let reply = try await connection.send(
            EngineRequest(
                .post, "/images/create",
                query: [("fromSrc", "-"), ("repo", "berth-test/busybox"), ("tag", "1")], body: .tar(root.closed())),
            for: "import image")
        guard reply.isSuccess else { throw Missing(description: "the test image cannot be imported: \(reply.message)") }
    }
}
