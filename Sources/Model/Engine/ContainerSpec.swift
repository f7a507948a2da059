/// Everything that decides whether a running container is the one we want.
package struct ContainerSpec: Hashable, Sendable {
    package var image: ImageReference
    /// Overrides the image's own command where it is not nil.
    package var command: [String]?
    package var environment: [String: EnvironmentValue]
    package var files: [FileSpec]
    package var mounts: [Mount]
    package var ports: [ContainerPort]
    package var limits: Limits
    package var restart: RestartPolicy
    package var health: HealthCheck?
    /// For programs beside us that read the labels of containers: `traefik.…`.
    package var labels: [String: String]

    package init(
        image: ImageReference, command: [String]? = nil, environment: [String: EnvironmentValue] = [:],
        files: [FileSpec] = [], mounts: [Mount] = [], ports: [ContainerPort] = [], limits: Limits = .standard,
        restart: RestartPolicy = .unlessStopped, health: HealthCheck? = nil, labels: [String: String] = [:]
    ) {
        self.image = image
        self.command = command
        self.environment = environment
        self.files = files
        self.mounts = mounts
        self.ports = ports
        self.limits = limits
        self.restart = restart
        self.health = health
        self.labels = labels
    }

    /// The port that the gateway sends requests to: of those it speaks to the one marked default, else the first.
    package var routedPort: ContainerPort? {
        let routable = ports.filter { $0.transport.isRouted }
        return routable.first(where: \.isDefault) ?? routable.first
    }
}

/// `name[:tag][@digest]`, as the engine understands it.
package struct ImageReference: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    /// `nil` for a text with white space, control or upper-case repository characters, or nothing.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 512 else { return nil }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !Array("{}\"'\\".utf8).contains($0) }) else {
            return nil
        }
        self.text = text
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
    package var description: String { text }

    /// The one form of every spelling of this image; see ``normalize(_:)``.
    package var normalized: String { Self.normalize(text) }

    /// As the author wrote it, with `:latest` where it names neither tag nor digest.
    package var tagged: String { Self.tagged(text) }

    /// What engines take for the registry of a name that has none; Podman writes it out, Docker leaves it away.
    package static let impliedRegistry = "docker.io"

    /// The one form of every spelling of an image, so that two texts are compared by it: Docker's short one.
    ///
    /// The registry that a name without one means, and the hub's `library/`, are left out; a missing tag is `latest`;
    /// a tag beside a digest goes, for the digest decides. `localhost/`, where Podman lists what was built there, is a
    /// registry like any other: no engine takes `x` for `localhost/x` when Docker's API asks it.
    package static func normalize(_ text: String) -> String {
        var rest = text[...]
        if rest.hasPrefix(impliedRegistry + "/") { rest = rest.dropFirst(impliedRegistry.count + 1) }
        let official = "library/"
        if rest.hasPrefix(official), !rest.dropFirst(official.count).contains("/") {
            rest = rest.dropFirst(official.count)
        }
        guard let at = rest.firstIndex(of: "@") else { return tagged(String(rest)) }
        let name = rest[..<at]
        let last = (name.lastIndex(of: "/").map { name.index(after: $0) }) ?? name.startIndex
        return name[..<(name[last...].firstIndex(of: ":") ?? at)] + String(rest[at...])
    }

    private static func tagged(_ text: String) -> String {
        if text.contains("@") { return text }
        let last = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return last.contains(":") ? text : text + ":latest"
    }
}

/// The value of one environment variable. A secret is a reference all the way to the node.
package enum EnvironmentValue: Hashable, Sendable {
    case plain(String)
    case secret(SecretReference)
}

/// A file put into a container before it starts.
package struct FileSpec: Hashable, Sendable {
    /// Absolute path in the container.
    package let path: String
    package let content: FileContent
    /// Permission bits, such as `0o440`.
    package let mode: UInt16

    package init(path: String, content: FileContent, mode: UInt16) {
        self.path = path
        self.content = content
        self.mode = mode
    }
}

package enum FileContent: Hashable, Sendable {
    case text(String)
    case secret(SecretReference)
}

package struct ContainerPort: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable, CaseIterable {
        /// The gateway routes to it.
        case http
        /// HTTP/2 from the first byte, through the gateway too.
        case grpc
        /// Reached inside the sandbox's network, or where it is published; never through the gateway.
        case tcp

        /// How the gateway speaks to it; `nil` where it does not.
        package var scheme: Endpoint.Scheme? {
            switch self {
            case .http: .http
            case .grpc: .grpc
            case .tcp: nil
            }
        }

        package var isRouted: Bool { scheme != nil }
    }

    package let name: String
    package let number: UInt16
    package let transport: Transport
    package let isDefault: Bool
    /// What it is published as on the node, where something outside needs it.
    package var published: PortRequest?

    package init(
        name: String, number: UInt16, transport: Transport = .http, isDefault: Bool = false,
        published: PortRequest? = nil
    ) {
        self.name = name
        self.number = number
        self.transport = transport
        self.isDefault = isDefault
        self.published = published
    }
}

/// A port asked for: any of the pool, or one in particular.
package enum PortRequest: Hashable, Sendable {
    case automatic
    case fixed(UInt16)
}

/// What one container may use.
package struct Limits: Hashable, Sendable {
    /// Thousandths of a core.
    package var cpuMillis: Int
    package var memoryBytes: Int64
    /// How many processes; 0 is no limit.
    package var pids: Int

    package init(cpuMillis: Int, memoryBytes: Int64, pids: Int) {
        self.cpuMillis = cpuMillis
        self.memoryBytes = memoryBytes
        self.pids = pids
    }

    /// 500m and 512Mi, the requirements' limits of one container.
    package static let standard = Limits(cpuMillis: 500, memoryBytes: 512 << 20, pids: 512)
}

package enum RestartPolicy: String, Hashable, Sendable, CaseIterable {
    case no
    case always
    case onFailure = "on-failure"
    case unlessStopped = "unless-stopped"
}

/// How a container proves that it serves.
package struct HealthCheck: Hashable, Sendable {
    package enum Probe: Hashable, Sendable {
        /// `GET path` answers 200 to 399.
        case http(path: String, port: UInt16)
        /// The port accepts a connection.
        case tcp(port: UInt16)
        /// The engine runs it inside the container; exit status 0 is healthy.
        case command([String])
    }

    package var probe: Probe
    package var intervalMillis: Int
    package var timeoutMillis: Int
    /// Successes in a row before it counts as healthy.
    package var healthyAfter: Int
    /// Failures in a row, after ``startPeriodMillis``, before it counts as unhealthy.
    package var unhealthyAfter: Int
    package var startPeriodMillis: Int

    package init(
        probe: Probe, intervalMillis: Int = 1000, timeoutMillis: Int = 2000, healthyAfter: Int = 1,
        unhealthyAfter: Int = 3, startPeriodMillis: Int = 20_000
    ) {
        self.probe = probe
        self.intervalMillis = intervalMillis
        self.timeoutMillis = timeoutMillis
        self.healthyAfter = healthyAfter
        self.unhealthyAfter = unhealthyAfter
        self.startPeriodMillis = startPeriodMillis
    }
}
