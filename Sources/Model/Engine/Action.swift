/// One thing a node does. Closed: there is no verb that takes a command line, and no passthrough to the engine.
package enum Action: Hashable, Sendable {
    case createNetwork(NetworkDraft)
    case removeNetwork(id: String, name: String)

    /// Brings an image to a node that may pull.
    case pull(ImageReference)
    /// Loads the images of an archive, after its SHA-256 was found right.
    case load(DesiredBundle)
    /// Brings a commit into the node's mirror of its repository.
    case fetch(Workpiece)
    /// Puts the files of a commit into a folder of their own.
    case checkout(Workpiece)
    /// Runs the recipe; its output goes to the workpiece's log, line by line.
    case build(Workpiece)
    /// Removes a workpiece, its image included. What is not ours or not there is left alone.
    case discard(Workpiece.ID)
    /// Makes the container with its files, and does not start it.
    case create(ContainerDraft)
    case start(ContainerHandle)
    case unpause(ContainerHandle)
    /// Returns when the container has proved itself by `check`, or fails as unhealthy.
    case awaitHealthy(ContainerHandle, address: String, check: HealthCheck?)
    /// Returns when what listens at the address of another node answers the gateway's own node as `check` asks, or fails
    /// as unhealthy: a firewall between two machines is found before requests are sent through it.
    case awaitReachable(GatewayName, Endpoint, check: HealthCheck?)
    case connect(ContainerHandle, network: String, address: String, alias: String)
    case updateLimits(ContainerHandle, Limits)
    case rename(ContainerHandle, to: String)
    /// Returns when the gateway has no open session to `address`, or after `graceMillis`, whichever is first.
    case drain(GatewayName, address: String, port: UInt16, graceMillis: Int)
    case stop(ContainerHandle)
    case remove(ContainerHandle)

    /// Starts the gateway, or brings its listeners up to date.
    case configureGateway(DesiredGateway)
    /// Stops a gateway that is in no manifest any more, and removes its files.
    case dismantleGateway(GatewayName)
    /// Lets a sandbox through, on a port of its own where it has one, and from its own network.
    case admit(GatewayName, SandboxName, Admission)
    case dismiss(GatewayName, SandboxName)
    /// Points a route and reads it back from the live table.
    case setRoute(GatewayName, RouteKey, RouteTarget)
    case removeRoute(GatewayName, RouteKey)
    /// Puts the rules of a scope, all at once, in the place of those it had; none removes them.
    case setRules(GatewayName, RouteScope, [RouteRule])

    /// Says what names of services lead to inside a sandbox, beside the names of its own containers; see
    /// ``SandboxNames``.
    case setNames(SandboxNames)
    case removeNames(SandboxName)
}

/// A container to be made.
package struct ContainerDraft: Hashable, Sendable {
    package let name: String
    package let sandbox: SandboxName
    package let service: ServiceName
    package let spec: ContainerSpec
    package let digest: Digest
    package let network: String
    /// Its fixed address in the network, so that a route to it stays true over restarts.
    package let address: String
    /// Container port to node port.
    package let published: [UInt16: UInt16]
    /// What it is made of, where that is a commit.
    package let origin: Origin?

    /// Where the content of a container comes from; its labels say so.
    package struct Origin: Hashable, Sendable {
        package let piece: Workpiece.ID
        package let commit: CommitID

        package init(piece: Workpiece.ID, commit: CommitID) {
            self.piece = piece
            self.commit = commit
        }
    }

    package init(
        name: String, sandbox: SandboxName, service: ServiceName, spec: ContainerSpec, digest: Digest,
        network: String, address: String, published: [UInt16: UInt16], origin: Origin? = nil
    ) {
        self.name = name
        self.sandbox = sandbox
        self.service = service
        self.spec = spec
        self.digest = digest
        self.network = network
        self.address = address
        self.published = published
        self.origin = origin
    }
}

package struct NetworkDraft: Hashable, Sendable {
    package let name: String
    package let sandbox: SandboxName
    package let subnet: Subnet

    package init(name: String, sandbox: SandboxName, subnet: Subnet) {
        self.name = name
        self.sandbox = sandbox
        self.subnet = subnet
    }
}

/// A container that was seen, or one that an earlier step of the same plan makes.
package enum ContainerHandle: Hashable, Sendable {
    case existing(ContainerID, name: String)
    case planned(name: String)

    package var name: String {
        switch self {
        case .existing(_, let name), .planned(let name): name
        }
    }
}

extension Action {
    /// The gateway that does it, where one does.
    package var gateway: GatewayName? {
        switch self {
        case .awaitReachable(let gateway, _, _), .drain(let gateway, _, _, _), .dismantleGateway(let gateway),
            .admit(let gateway, _, _), .dismiss(let gateway, _), .setRoute(let gateway, _, _),
            .removeRoute(let gateway, _), .setRules(let gateway, _, _):
            gateway
        case .configureGateway(let gateway): gateway.name
        case .createNetwork, .removeNetwork, .pull, .load, .fetch, .checkout, .build, .discard, .create, .start,
            .unpause, .awaitHealthy, .connect, .updateLimits, .rename, .stop, .remove, .setNames, .removeNames:
            nil
        }
    }
}

extension Action: CustomStringConvertible {
    package var description: String {
        switch self {
        case .createNetwork(let draft): "create network \(draft.name) \(draft.subnet)"
        case .removeNetwork(_, let name): "remove network \(name)"
        case .pull(let image): "pull \(image)"
        case .load(let bundle): "load \(bundle.name)"
        case .fetch(let piece): "fetch \(piece.repository.name) \(piece.title)"
        case .checkout(let piece): "checkout \(piece.repository.name) \(piece.title)"
        case .build(let piece): "build \(piece.repository.name) \(piece.title)"
        case .discard(let piece): "discard \(piece)"
        case .create(let draft): "create \(draft.name) from \(draft.spec.image)"
        case .start(let handle): "start \(handle.name)"
        case .unpause(let handle): "unpause \(handle.name)"
        case .awaitHealthy(let handle, _, _): "await health of \(handle.name)"
        case .awaitReachable(let gateway, let endpoint, _): "reach \(endpoint.host):\(endpoint.port) from \(gateway)"
        case .connect(let handle, let network, _, _): "connect \(handle.name) to \(network)"
        case .updateLimits(let handle, _): "update limits of \(handle.name)"
        case .rename(let handle, let name): "rename \(handle.name) to \(name)"
        case .drain(_, let address, let port, _): "drain \(address):\(port)"
        case .stop(let handle): "stop \(handle.name)"
        case .remove(let handle): "remove \(handle.name)"
        case .configureGateway(let gateway): "configure gateway \(gateway.name)"
        case .dismantleGateway(let gateway): "dismantle gateway \(gateway)"
        case .admit(let gateway, let sandbox, let admission):
            "admit \(sandbox) to \(gateway)" + (admission.port.map { " on port \($0)" } ?? "")
        case .dismiss(let gateway, let sandbox): "dismiss \(sandbox) from \(gateway)"
        case .setRoute(_, let key, let target): "route \(key) to \(target)"
        case .removeRoute(_, let key): "remove route \(key)"
        case .setRules(_, let scope, let rules): "\(rules.isEmpty ? "remove" : "set") rules of \(scope)"
        case .setNames(let names): "set names inside \(names.sandbox)"
        case .removeNames(let sandbox): "remove names inside \(sandbox)"
        }
    }
}
