import Foundation
import Manifest
import Model
import Testing

@Suite struct SampleTests {
    @Test func samplesOfTheRequirementsLoadWordForWord() throws {
        let repository = Repository.with(Repository.samples)
        #expect(repository.report == "")
        let resolution = repository.resolution
        let login = try #require(resolution.sandboxes[sandbox("qa-login-error")])
        #expect(login.title == "QA-LOGIN-ERROR")
        #expect(login.node == (try NodeName("local")))
        #expect(login.gateway == nil)
        let account = try #require(login.services[service("account")])
        guard case .container(let spec, let branch, nil) = account.use else {
            Issue.record("account is no container")
            return
        }
        #expect(branch == "feature/login-error")
        #expect(spec.image.text == "shop/account:feature-login-error")
        #expect(spec.health == HealthCheck(probe: .http(path: "/health", port: 8080)))
        #expect(
            login.services[try service("payment")]?.use
                == .baseline(Endpoint(scheme: .https, host: "payment-dev.company.com", port: 443)))
        #expect(resolution.baselines.count == 3)
    }

    @Test func starterRepositoryResolvesWithoutAProblem() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "manifests").resolvingSymlinksInPath()
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path)
        where ParsedFile.isManifest(path: path) {
            files[path] = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
        let repository = Repository(files)
        #expect(repository.report == "")
        let resolution = repository.resolution
        #expect(resolution.sandboxes.keys.map(\.text) == ["qa-login-error"])
        #expect(resolution.gateways[try GatewayName("local")]?.sandboxPorts == 18080...18099)
        #expect(resolution.sandboxes[try sandbox("qa-login-error")]?.listener == .automatic)
    }
}
