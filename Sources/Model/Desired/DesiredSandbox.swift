/// One sandbox with its template, environments and defaults worked in.
package struct DesiredSandbox: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case active = "Active"
        /// Stopped, but nothing of it is given up: containers, ports and network stay.
        case suspended = "Suspended"
    }

    package let name: SandboxName
    /// As its author wrote it: `QA-LOGIN-ERROR`.
    package var title: String
    package var owner: String?
    package var state: State
    package var node: NodeName
    /// Whether we chose the node, for its author names none.
    package var isPlacedByUs: Bool
    package var gateway: GatewayName?
    /// The gateway port of its own; `nil` where the gateway has none to give.
    package var listener: PortRequest?
    package var services: [ServiceName: DesiredService]
    /// Services without a container here whose names lead to the gateway for those that have one; empty where the
    /// gateway does not look after calls out of sandboxes.
    package var borrowed: Set<ServiceName>
    package var place: Place
    /// The commit that last changed the file it stands in.
    package var changedBy: Revision?
    /// The commit this version is taken from, where the newest is broken.
    package var lastGood: CommitID?

    package init(
        name: SandboxName, title: String? = nil, owner: String? = nil, state: State = .active, node: NodeName,
        gateway: GatewayName? = nil, listener: PortRequest? = nil, services: [ServiceName: DesiredService] = [:],
        borrowed: Set<ServiceName> = [], place: Place, changedBy: Revision? = nil, lastGood: CommitID? = nil,
        isPlacedByUs: Bool = false
    ) {
        self.name = name
        self.title = title ?? name.text
        self.owner = owner
        self.state = state
        self.node = node
        self.isPlacedByUs = isPlacedByUs
        self.gateway = gateway
        self.listener = listener
        self.services = services
        self.borrowed = borrowed
        self.place = place
        self.changedBy = changedBy
        self.lastGood = lastGood
    }
}

/// What one sandbox does with one service.
package struct DesiredService: Hashable, Sendable {
    package enum Use: Hashable, Sendable {
        /// A container of its own, of the image that `branch` picks where one is named. With a making, what it
        /// runs is made of a commit first, and its image or mounts are known only then.
        case container(ContainerSpec, branch: String?, making: Making? = nil)
        /// The shared deployment.
        case baseline(Endpoint)
        /// An address the author wrote.
        case target(Endpoint)
    }

    package var use: Use
    /// The environments its container is given, in order; later ones win.
    package var environments: [EnvironmentName]
    package var place: Place

    package init(use: Use, environments: [EnvironmentName] = [], place: Place) {
        self.use = use
        self.environments = environments
        self.place = place
    }

    package var container: ContainerSpec? {
        if case .container(let spec, _, _) = use { spec } else { nil }
    }

    package var making: Making? {
        if case .container(_, _, let making) = use { making } else { nil }
    }
}
