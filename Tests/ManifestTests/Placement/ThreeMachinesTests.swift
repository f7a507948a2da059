import Foundation
import Manifest
import Model
import Testing

/// The example with a gateway on a machine of its own, and the files of its agents.
@Suite struct ThreeMachinesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples/three-machines")
        .resolvingSymlinksInPath()

    private static func files(in folder: URL) throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.contains(".") {
            files[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
        return files
    }

    @Test func sandboxesComeToTheMachineForThem() throws {
        let files = try Self.files(in: Self.folder).filter { ParsedFile.isManifest(path: $0.key) }
        let repository = Repository(files)
        #expect(repository.report == "")
        let resolution = repository.resolution
        #expect(resolution.nodes.keys.sorted().map(\.text) == ["gateway-186", "infra-93", "micro-92"])
        #expect(resolution.gateways.values.map(\.node.text) == ["gateway-186"])
        #expect(resolution.sandboxes.mapValues(\.node.text).values.sorted() == ["micro-92", "micro-92"])
        let login = try #require(resolution.sandboxes[sandbox("qa-login-error")])
        #expect(login.borrowed.isEmpty)
        #expect(
            login.services[try service("account")]?.container?.environment == [
                "DB_HOST": .plain("172.18.136.93"), "ACCOUNT_URL": .plain("http://account:8080"),
                "PAYMENT_URL": .plain("https://payment-dev.company.com"),
            ])
    }

    @Test func everyMachineHasAnAgentThatReadsItsFile() throws {
        let files = try Self.files(in: Self.folder.appending(path: "agents"))
        #expect(files.keys.sorted() == ["gateway-186.conf", "infra-93.conf", "micro-92.conf"])
        for (name, text) in files {
            #expect(!ParsedFile.isManifest(path: name))
            let configuration = try AgentConfiguration.read(Array(text.utf8), file: name)
            #expect(configuration.controller?.description == "berth.company.com:3452")
        }
    }
}
