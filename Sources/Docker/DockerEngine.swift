package import Model
package import Reconciler

/// The engine of this machine, Docker or Podman, over its unix socket.
///
/// Call ``shutdown()`` when done with it: the connections are not given back otherwise.
package struct DockerEngine: ContainerEngine {
    let connection: EngineConnection
    let prober: Prober
    let labels: Labels
    let key: FingerprintKey
    /// Where the machine's own listening sockets are read: `/proc/net/tcp` and `tcp6`.
    let listeners: ListeningPorts
    /// The folder of the files that containers see as `/etc/hosts`; see ``SandboxNames``.
    let namesRoot: String

    /// `socket` is a path, and so is `namesRoot`, absolute; its parent must be there when names are first set. Nothing
    /// is asked of the engine yet.
    package init(
        socket: String = "/var/run/docker.sock", installation: InstallationID, key: FingerprintKey, namesRoot: String
    ) {
        self.connection = EngineConnection(socket: socket)
        self.prober = Prober()
        self.labels = Labels(installation: installation)
        self.key = key
        self.listeners = ListeningPorts()
        self.namesRoot = namesRoot
    }

    /// `Docker 20.10.24`, `Podman 4.3.1`, as it says itself.
    package func title() async throws(HostError) -> String { try await connection.title() }

    /// What the engine calls itself for as long as its data folder lasts; `nil` on Podman, which has no such thing.
    package func identity() async throws(HostError) -> String? {
        let operation = "ask which engine it is"
        guard case .docker = try await connection.kind(for: operation) else { return nil }
        struct Info: Decodable {
            let id: String?
            enum CodingKeys: String, CodingKey { case id = "ID" }
        }
        let reply = try await connection.send(EngineRequest(.get, "/info"), for: operation)
        return try reply.decode(Info.self, for: operation).id.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Closes every connection; streams of ``changes()`` end. Repeating it is harmless.
    package func shutdown() async {
        await connection.shutdown()
        await prober.shutdown()
    }

    /// The path of the socket that a `DOCKER_HOST` names; Docker's usual one where it is not set.
    package static func socketPath(fromDockerHost host: String?) throws(HostError) -> String {
        guard let host, !host.isEmpty else { return "/var/run/docker.sock" }
        let scheme = "unix://"
        guard host.hasPrefix(scheme), host.dropFirst(scheme.count).hasPrefix("/") else {
            throw HostError(
                "find the engine", .refused,
                "DOCKER_HOST is \(host), and Berth speaks to an engine only by its unix socket: "
                    + "set DOCKER_HOST=unix:///var/run/docker.sock, or unset it")
        }
        return String(host.dropFirst(scheme.count))
    }
}
