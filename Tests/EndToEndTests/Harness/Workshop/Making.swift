internal import Foundation
internal import Testing

/// Services that are made of repositories.
extension Manifests {
    /// Builds on the node, and runs in the image of the tests.
    static let hostBuild = """
        type: hostBuild
          build: {command: [./build], timeout: 2m}
          run: {image: "berth-test/e2e-base:1", command: [/src/serve]}
        """
    static let dockerfile = "type: dockerfile"

    /// A service that is made of `repository`, whose place is `location`.
    static func made(
        _ repository: ServiceRepository, baseline: UInt16, recipe: String = hostBuild, location: String? = nil
    ) -> String {
        """
        repository: \(repository.name)
        \(location ?? "path: \(repository.path)")
        ---
        service: \(repository.name)
        repository: \(repository.name)
        recipe:
          \(recipe)
        ports: [{name: http, container: 8080}]
        health: {http: {path: /health}, interval: 200ms, timeout: 1s, startPeriod: 3s, unhealthyAfter: 2}
        baseline: {url: "http://127.0.0.1:\(baseline)"}
        """
    }
}

extension Bench {
    /// The service account, from now on made of a repository of its own.
    func makeAccount(
        by recipe: String = Manifests.hostBuild, location: String? = nil
    ) async throws -> ServiceRepository {
        let account = try await ServiceRepository("account", in: self)
        try repository.write(
            "account.yaml",
            Manifests.made(account, baseline: self.account.port, recipe: recipe, location: location))
        return account
    }

    /// How long something made of a commit may take, on a machine that does much else.
    static let makingBound = Duration.seconds(90)

    /// Waits until the service answers so, its build included.
    func eventuallyMade(
        _ words: String, _ service: String = "account", in sandbox: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventuallyAnswers(words, service, in: sandbox, within: Self.makingBound)
    }

    /// Waits until what is said of a sandbox holds all these words.
    func eventuallySays(_ words: [String], of sandbox: String) async throws {
        var last = "nothing"
        do {
            try await eventually("of \(sandbox) is said \(words)", within: Self.makingBound, every: .milliseconds(100))
            {
                guard let standing = try await status() else { return false }
                let notices = standing.notices.map { "\($0.message) \($0.remedy ?? "")" }
                last = ([standing[sandbox]?.message ?? ""] + notices).joined(separator: "\n")
                return words.allSatisfy(last.contains)
            }
        } catch {
            throw Trouble("\(error), but: \(last)\nthe daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// The folders of what was made of commits.
    var pieces: [String] {
        // SAFE: nothing was made yet
        let names = try? FileManager.default.contentsOfDirectory(atPath: data + "/sources/pieces")
        // Beside each lies the lock of whoever works on it.
        return (names ?? []).filter { !$0.hasSuffix(".lock") }.sorted()
    }
}
