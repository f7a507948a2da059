/// What one node's engine and gateway say now. The order of its lists means nothing.
package struct ObservedNode: Hashable, Sendable {
    package let node: NodeName
    package var containers: [ObservedContainer]
    package var networks: [ObservedNetwork]
    /// Image ids by normalised reference.
    package var images: [String: String]
    /// The fingerprint of each secret asked about; `nil` where it cannot be read.
    package var secrets: [SecretReference: Fingerprint?]
    package var gateways: [GatewayName: ObservedGateway]
    /// Ports of the node that something is bound to, whoever it is.
    package var busyPorts: Set<UInt16>
    package var workshop: ObservedWorkshop
    /// What the names of services lead to inside sandboxes, as the files say that their containers read.
    package var names: [SandboxName: SandboxNames]
    /// The folder of those files, on the node.
    package var namesRoot: String

    package init(
        node: NodeName, containers: [ObservedContainer] = [], networks: [ObservedNetwork] = [],
        images: [String: String] = [:], secrets: [SecretReference: Fingerprint?] = [:],
        gateways: [GatewayName: ObservedGateway] = [:], busyPorts: Set<UInt16> = [],
        workshop: ObservedWorkshop = ObservedWorkshop(), names: [SandboxName: SandboxNames] = [:],
        namesRoot: String = ""
    ) {
        self.node = node
        self.containers = containers
        self.networks = networks
        self.images = images
        self.secrets = secrets
        self.gateways = gateways
        self.busyPorts = busyPorts
        self.workshop = workshop
        self.names = names
        self.namesRoot = namesRoot
    }
}

/// Whose a thing on the engine is, by its labels.
package enum Ownership: Hashable, Sendable {
    case ours(Mark)
    /// Another installation's.
    case theirs(InstallationID)
    /// Nothing of Berth's.
    case foreign

    /// What our labels say.
    package struct Mark: Hashable, Sendable {
        package let sandbox: SandboxName
        /// `nil` on networks.
        package let service: ServiceName?
        package let uid: ResourceUID
        package let digest: Digest?
        /// What the container was made of, where that is a commit.
        package let origin: ContainerDraft.Origin?

        package init(
            sandbox: SandboxName, service: ServiceName?, uid: ResourceUID, digest: Digest?,
            origin: ContainerDraft.Origin? = nil
        ) {
            self.sandbox = sandbox
            self.service = service
            self.uid = uid
            self.digest = digest
            self.origin = origin
        }
    }

    package var mark: Mark? { if case .ours(let mark) = self { mark } else { nil } }
}

/// One Berth with its data directory; the value of `berth.owner`.
package struct InstallationID: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { text }
}

/// The identity of one thing we made, in the ledger and in `berth.uid`.
package struct ResourceUID: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { text }
}

/// The engine's own id of a container.
package struct ContainerID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String
    package init(_ text: String) { self.text = text }
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
    package var description: String { String(text.prefix(12)) }
}

package struct ObservedContainer: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        /// Made, but never started: perhaps not even complete.
        case created
        case running
        case paused
        /// The engine is starting it again after it ended.
        case restarting
        case exited
        case removing
        case dead
    }

    package enum Health: String, Hashable, Sendable { case none, starting, healthy, unhealthy }

    package struct Attachment: Hashable, Sendable {
        package let address: String
        package let aliases: Set<String>

        package init(address: String, aliases: Set<String>) {
            self.address = address
            self.aliases = aliases
        }
    }

    package let id: ContainerID
    package var name: String
    package var ownership: Ownership
    package var state: State
    /// The engine's own verdict, where the container has a health command.
    package var health: Health
    /// As it was asked for: the tag, not the id.
    package var image: String
    package var imageID: String
    package var command: [String]?
    package var environment: [String: ObservedVariable]
    /// Folders of the node that it sees.
    package var mounts: Set<Mount>
    package var limits: Limits
    package var restart: RestartPolicy
    /// Container port to node port.
    package var published: [UInt16: UInt16]
    /// By network name.
    package var attachments: [String: Attachment]
    package var exitCode: Int?
    /// Those labels that are for programs beside us: `traefik.…`.
    package var labels: [String: String]

    package init(
        id: ContainerID, name: String, ownership: Ownership, state: State = .running, health: Health = .none,
        image: String = "", imageID: String = "", command: [String]? = nil,
        environment: [String: ObservedVariable] = [:], mounts: Set<Mount> = [], limits: Limits = .standard,
        restart: RestartPolicy = .unlessStopped, published: [UInt16: UInt16] = [:],
        attachments: [String: Attachment] = [:], exitCode: Int? = nil, labels: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.ownership = ownership
        self.state = state
        self.health = health
        self.image = image
        self.imageID = imageID
        self.command = command
        self.environment = environment
        self.mounts = mounts
        self.limits = limits
        self.restart = restart
        self.published = published
        self.attachments = attachments
        self.exitCode = exitCode
        self.labels = labels
    }
}

/// A variable that we set (by our label), with the value the engine has; a secret's value is seen as its fingerprint.
package enum ObservedVariable: Hashable, Sendable {
    case plain(String)
    case secret(Fingerprint)
}

package struct ObservedNetwork: Hashable, Sendable {
    package let id: String
    package var name: String
    package var ownership: Ownership
    package var subnet: Subnet?
    /// Addresses of every endpoint on it, whoever's it is.
    package var addresses: Set<String>

    package init(id: String, name: String, ownership: Ownership, subnet: Subnet?, addresses: Set<String> = []) {
        self.id = id
        self.name = name
        self.ownership = ownership
        self.subnet = subnet
        self.addresses = addresses
    }
}

/// What a gateway's live tables say.
package struct ObservedGateway: Hashable, Sendable {
    package var isRunning: Bool
    /// Whether it runs the configuration its manifest asks for.
    package var isCurrent: Bool
    package var routes: [RouteKey: RouteTarget]
    /// Routes whose target was given by a name that has another address now.
    package var moved: Set<RouteKey>
    /// The sandboxes it lets through.
    package var sandboxes: [SandboxName: Admission]
    /// In order of precedence; scopes without rules are absent.
    package var rules: [RouteScope: [RouteRule]]
    /// How the baselines do that it was to ask.
    package var baselines: [ServiceName: ObservedBaseline]

    package init(
        isRunning: Bool = false, isCurrent: Bool = false, routes: [RouteKey: RouteTarget] = [:],
        moved: Set<RouteKey> = [], sandboxes: [SandboxName: Admission] = [:],
        rules: [RouteScope: [RouteRule]] = [:], baselines: [ServiceName: ObservedBaseline] = [:]
    ) {
        self.isRunning = isRunning
        self.isCurrent = isCurrent
        self.routes = routes
        self.moved = moved
        self.sandboxes = sandboxes
        self.rules = rules
        self.baselines = baselines
    }
}
