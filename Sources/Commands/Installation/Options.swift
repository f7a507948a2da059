internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Git
internal import Model
internal import Reconciler

/// Where the manifests are.
struct RepositoryOptions: ParsableArguments {
    @Option(help: "The manifest repository: a folder, or a URL to fetch from.")
    var repo = "."

    @Option(help: "The branch to follow.")
    var branch = "main"

    /// How often a remote repository is looked at.
    static let poll = Duration.seconds(10)

    func source(mirror: String) throws -> GitSource {
        try Self.source(of: repo, branch: branch, mirror: mirror)
    }

    static func source(of repo: String, branch: String, mirror: String) throws -> GitSource {
        GitSource(
            location: try GitLocation(repo), branch: branch,
            remote: GitSource.Remote(mirror: mirror, fetch: try .own(), pollInterval: poll),
            jitter: SystemRandomNumberGenerator())
    }
}

extension FetchCommand {
    /// This program itself, as the child that does what may hang.
    static func own() throws -> FetchCommand {
        do {
            return FetchCommand(
                executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
                arguments: [InternalFetchCommand.name])
        } catch {
            throw Complaint("the program cannot find itself in /proc: \(error.localizedDescription)")
        }
    }
}

/// Where an installation keeps what it knows.
struct DataOptions: ParsableArguments {
    @Option(help: "The data directory (standard: /var/lib/berth, or ~/.local/share/berth when not root).")
    var data: String?

    var directory: DataDirectory {
        let environment = ProcessInfo.processInfo.environment
        return DataDirectory(data ?? environment["BERTH_DATA"] ?? DataDirectory.standardPath(environment: environment))
    }
}

/// The engine and the proxy of this machine.
struct NodeOptions: ParsableArguments {
    @Option(help: "The name of this machine in the manifests, where they name several.")
    var node: String?

    @Option(help: "The HAProxy program.")
    var haproxy = "/usr/sbin/haproxy"

    /// Gives `body` the engine of this machine, and shuts it down however that ends.
    func withEngine<Answer>(
        _ identity: Identity, in directory: DataDirectory, _ body: (DockerEngine) async throws -> Answer
    ) async throws -> Answer {
        let socket = try DockerEngine.socketPath(fromDockerHost: ProcessInfo.processInfo.environment["DOCKER_HOST"])
        let engine = DockerEngine(
            socket: socket, installation: identity.installation, key: identity.key, namesRoot: directory.names)
        do {
            let answer = try await body(engine)
            await engine.shutdown()
            return answer
        } catch {
            await engine.shutdown()
            throw error
        }
    }

    /// The node of the manifests that this machine is.
    func name(in desired: DesiredState) throws -> NodeName {
        let names = desired.nodes.keys.sorted()
        if let node {
            let name = try NodeName(slugging: node)
            guard names.isEmpty || names.contains(name) else {
                throw Complaint(
                    "the manifests name no node \(name)" + Addressee.known(names.map(\.text), near: name.text))
            }
            return name
        }
        if names.count == 1, let only = names.first { return only }
        let host = ProcessInfo.processInfo.hostName
        if let own = try? NodeName(slugging: host), names.contains(own) {  // SAFE: a name like any other
            return own
        }
        guard names.isEmpty else {
            throw Complaint(
                "the manifests name \(names.count) nodes (\(names.map(\.text).joined(separator: ", "))); "
                    + "say which one this machine is: --node \(names[0])")
        }
        return try NodeName("local")
    }
}

/// How an answer is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
