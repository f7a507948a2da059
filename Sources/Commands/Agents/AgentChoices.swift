internal import AgentProtocol
package import AgentService
package import AgentTransport
package import Manifest
package import Model

/// What an agent is told about itself: by its command line before its file, and by its file before the environment.
package struct AgentChoices: Sendable {
    /// Of the command line.
    package struct Flags: Sendable {
        package var controller: String?
        package var data: String?
        package var haproxy: String?

        package init(controller: String? = nil, data: String? = nil, haproxy: String? = nil) {
            self.controller = controller
            self.data = data
            self.haproxy = haproxy
        }
    }

    package let controller: HostPort
    /// `nil` where its token or certificate says it.
    package let node: NodeName?
    package let directory: DataDirectory
    /// Path of the engine's socket; `nil` where the file does not name it.
    package let engine: String?
    package let haproxy: String
    package let policy: AgentPolicy

    package init(_ flags: Flags, file: AgentConfiguration?, environment: [String: String]) throws {
        guard let controller = flags.controller ?? file?.controller?.description else {
            throw Complaint(
                "nobody says where the controller is: berth agent --controller HOST:\(HostPort.standardPort), or "
                    + "controller: HOST in the file of --config")
        }
        let address = try HostPort(controller)
        guard !address.host.isEmpty, address.port > 0 else {
            throw Complaint(
                "\"\(controller)\" names no controller to dial; write --controller HOST:\(HostPort.standardPort)")
        }
        self.controller = address
        node = file?.node
        directory = DataDirectory(
            flags.data ?? file?.data ?? environment["BERTH_DATA"]
                ?? DataDirectory.standardPath(environment: environment) + "-agent")
        engine = file?.engine
        haproxy = flags.haproxy ?? file?.haproxy ?? "/usr/sbin/haproxy"
        policy = AgentPolicy(
            repositories: file?.repositories.map { folders in
                Dictionary(folders.map { ($0.name, $0.path) }) { first, _ in first }
            },
            ports: file?.ports, mostContainers: file?.limits.containers, mostBuilds: file?.limits.builds,
            mostOrders: file?.limits.orders, allowHostBuilds: file?.allowsHostBuilds ?? true)
    }
}

/// A join token as a person typed it. What is wrong with it at first sight is said before anybody is dialled.
package struct GivenToken: Sendable {
    package let node: NodeName
    package let secret: Secret<String>

    /// `name` is the node that the machine's own configuration names.
    package init(_ text: String, for name: NodeName?) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "berth1", let node = try? NodeName(String(parts[1])) else {  // SAFE: told
            throw Complaint(
                "this is no join token: it begins with berth1. and has 4 parts; copy it whole from berth node token NODE"
            )
        }
        if let name, name != node {
            throw Complaint(
                "the token is for node \(node), and the configuration of this machine says node: \(name); make a token "
                    + "with berth node token \(name), or correct the configuration")
        }
        self.node = node
        secret = Secret(text)
    }
}
