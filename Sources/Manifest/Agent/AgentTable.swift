internal import Model

extension AgentConfiguration {
    /// Many more at once than one machine bears.
    private static let mostContainers = 10_000
    private static let mostBuilds = 64
    private static let mostOrders = 256

    static let shape = Shape<AgentConfiguration>.record(
        "agent", AgentConfiguration(),
        [
            Field("node", nodeName, default: "the one that the agent joined as", "The Node manifest of this machine.") {
                $0.node = $1
            },
            Field("controller", controller, "Where berth serve listens for agents: HOST:PORT.") { $0.controller = $1 },
            Field("data", .absolutePath, "The folder that the agent keeps its own files in.") { $0.data = $1 },
            Field("engine", engine, default: "unix:///var/run/docker.sock", "The socket of Docker or Podman.") {
                $0.engine = $1
            },
            Field("haproxy", .absolutePath, default: "the one of PATH", "The program of gateways on this machine.") {
                $0.haproxy = $1
            },
            Field(
                "repositories", repositories, default: "any folder",
                "The only folders of this machine that sources may be read from."
            ) { $0.repositories = $1 },
            Field("ports", ports, default: "any port", "The only ports of this machine that may be published.") {
                $0.ports = $1.from...$1.to
            },
            Field("limits", limits, "How much there may be at once, whatever is asked for.") { $0.limits = $1 },
            Field(
                "allowHostBuilds", .boolean, default: "true",
                "Whether recipes of type hostBuild may run their commands here."
            ) { $0.allowsHostBuilds = $1 },
        ],
        instead: [
            "join": "a token is used once and is no setting; write berth agent --join TOKEN",
            "token": "a token is used once and is no setting; write berth agent --join TOKEN",
        ])

    private static let nodeName = Shape<Reference>.reference.map { (reference) -> NodeName? in
        Resolver.name(reference.name)
    }

    private static let controller = Shape<Controller>.parsed(
        .text(pattern: "^[^\\s:/]+(:[0-9]{1,5})?$"),
        "a controller's address; write HOST:PORT, such as berth.company.com:\(Controller.standardPort), no scheme before it"
    ) { text in
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), EndpointText.isHost(halves[0]) else { return nil }
        guard halves.count == 2 else { return Controller(host: String(halves[0]), port: Controller.standardPort) }
        guard let port = UInt16(halves[1]), port > 0, String(port) == halves[1] else { return nil }
        return Controller(host: String(halves[0]), port: port)
    }

    private static let engine = Shape<String>.parsed(
        .text(pattern: "^unix:///"),
        "a socket of this machine; write unix:///var/run/docker.sock, for an engine is never asked over a network"
    ) { text in
        let path = text.dropFirst("unix://".utf8.count)
        guard text.hasPrefix("unix:///"), Paths.isStraight(path.dropFirst()) else { return nil }
        return String(path)
    }

    private struct FolderSpec: Sendable {
        var name: Reference?
        var path = ""
    }

    private static let folder = Shape<FolderSpec>.record(
        "agentRepository", FolderSpec(),
        [
            Field("name", .reference, required: true, "The Repository manifest.") { $0.name = $1 },
            Field("path", .absolutePath, required: true, "Its folder on this machine.") { $0.path = $1 },
        ])

    private static let repositories = Shape<[Folder]>(folder.list().schema) { node, reader in
        guard let specs = folder.located.list().read(node, &reader) else { return nil }
        EnvironmentSpec.rejectTwins(
            specs.compactMap { spec in spec.value.name.map { ($0.name, spec.mark) } }, "repository", &reader)
        return specs.compactMap { spec in
            spec.value.name.map { Folder(name: Resolver.name($0.name), path: spec.value.path) }
        }
    }

    private struct PortSpec: Sendable {
        var from: UInt16 = 1
        var to: UInt16 = 1
    }

    private static let ports = Shape<PortSpec>.record(
        "agentPorts", PortSpec(),
        [
            Field("from", .port, required: true, "The first port.") { $0.from = $1 },
            Field("to", .port, required: true, "The last port.") { $0.to = $1 },
        ]
    ) { ports, node, reader in
        if ports.from > ports.to {
            reader.report(node.mark, "range", "\"from\" is above \"to\"; swap \(ports.from) and \(ports.to)")
        }
    }

    private static let limits = Shape<Limits>.record(
        "agentLimits", Limits(),
        [
            Field("containers", .integer(1...mostContainers), "Containers that berth has here.") {
                $0.containers = $1
            },
            Field("builds", .integer(1...mostBuilds), "Builds at once.") { $0.builds = $1 },
            Field("orders", .integer(1...mostOrders), "Orders of the controller under way at once.") {
                $0.orders = $1
            },
        ])
}
