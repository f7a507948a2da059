/// What sends requests to sandboxes.
package struct DesiredGateway: Hashable, Sendable {
    package let name: GatewayName
    package var node: NodeName
    package var driver: Driver
    package var listeners: [GatewayListener]
    /// `{service}.{sandbox}.{baseDomain}` and `{sandbox}.{baseDomain}` select by host.
    package var baseDomain: String?
    /// In order of precedence.
    package var selection: [Selector]
    package var injects: Set<Injection>
    package var responseHeaders: ResponseHeaders
    /// Files of certificates, on the gateway's node, that its https targets name.
    package var authorities: Set<String>
    /// How baselines are asked whether they serve.
    package var probes: [ServiceName: BaselineProbe]
    package var place: Place

    package enum Driver: Hashable, Sendable {
        /// HAProxy with runtime maps.
        case haproxy
        /// The route map in the configuration file of an application gateway.
        case configFileMap(ConfigFileMap)
        /// Labels on the containers, for a Traefik that somebody else runs.
        case traefikLabels(TraefikLabels)
    }

    package init(
        name: GatewayName, node: NodeName, driver: Driver = .haproxy, listeners: [GatewayListener],
        baseDomain: String? = nil, selection: [Selector] = Selector.standard,
        injects: Set<Injection> = Set(Injection.allCases), responseHeaders: ResponseHeaders = ResponseHeaders(),
        authorities: Set<String> = [], probes: [ServiceName: BaselineProbe] = [:], place: Place
    ) {
        self.name = name
        self.node = node
        self.driver = driver
        self.listeners = listeners
        self.baseDomain = baseDomain
        self.selection = selection
        self.injects = injects
        self.responseHeaders = responseHeaders
        self.authorities = authorities
        self.probes = probes
        self.place = place
    }

    /// A gateway with at most one listener of each sort.
    package init(
        name: GatewayName, node: NodeName, sandboxPorts: ClosedRange<UInt16>? = nil, webPort: UInt16? = nil,
        baseDomain: String? = nil, selectionHeader: String = "x-sandbox", insidePorts: [UInt16] = [], place: Place
    ) {
        var listeners: [GatewayListener] = []
        if let sandboxPorts { listeners.append(GatewayListener(name: "sandboxes", .sandboxes(sandboxPorts))) }
        if let webPort { listeners.append(GatewayListener(name: "web", .web(webPort))) }
        if !insidePorts.isEmpty { listeners.append(GatewayListener(name: "inside", .inside(insidePorts))) }
        self.init(
            name: name, node: node, listeners: listeners, baseDomain: baseDomain,
            selection: Selector.standard(header: selectionHeader), place: place)
    }

    /// One port a sandbox, for clients that can carry nothing else.
    package var sandboxPorts: ClosedRange<UInt16>? {
        for listener in listeners { if case .sandboxes(let range) = listener.role { return range } }
        return nil
    }

    /// The first port where host name and carriers select the sandbox.
    package var webPort: UInt16? {
        for listener in listeners { if case .web(let port) = listener.role { return port } }
        return nil
    }

    /// The ports on which containers reach it by the names of services; empty where calls out of a sandbox are not
    /// looked after.
    package var insidePorts: [UInt16] {
        listeners.flatMap { listener -> [UInt16] in
            if case .inside(let ports) = listener.role { ports } else { [] }
        }
    }

    /// The header that names a sandbox, where one does.
    package var selectionHeader: String? {
        for selector in selection { if case .header(let name) = selector { return name } }
        return nil
    }
}

/// Where a gateway listens.
package struct GatewayListener: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
        /// One port for everybody.
        case web(UInt16)
        /// A range in which each sandbox has a port of its own.
        case sandboxes(ClosedRange<UInt16>)
        /// Ports on which containers call services by their names; requests from elsewhere are refused.
        case inside([UInt16])
    }

    package let name: String
    package var role: Role
    /// Whether strangers reach it: carriers that prove nothing are not believed there and not sent on.
    package var isPublic: Bool
    /// Certificate and key in one PEM file on the gateway's node; `nil` listens without TLS.
    package var certificate: String?

    package init(name: String, _ role: Role, isPublic: Bool = false, certificate: String? = nil) {
        self.name = name
        self.role = role
        self.isPublic = isPublic
        self.certificate = certificate
    }
}

/// The headers in which answers say who served; `nil` says nothing.
package struct ResponseHeaders: Hashable, Sendable {
    /// `qa-login-error/account@4be1c2d by header`
    package var route: String?
    /// Carriers that named another sandbox than the one that was chosen.
    package var conflict: String?

    package init(route: String? = "x-sandbox-route", conflict: String? = "x-sandbox-conflict") {
        self.route = route
        self.conflict = conflict
    }
}

/// How a baseline is asked how it does. It is asked through the gateway, on the way its requests take.
package struct BaselineProbe: Hashable, Sendable {
    /// `GET` answers 200 to 399 when it serves.
    package var healthPath: String?
    package var intervalMillis: Int
    /// Where it says which version it is, and which part of that JSON (RFC 6901); an empty pointer takes the whole
    /// text.
    package var versionPath: String?
    package var versionPointer: String

    package init(
        healthPath: String? = nil, intervalMillis: Int = 30_000, versionPath: String? = nil, versionPointer: String = ""
    ) {
        self.healthPath = healthPath
        self.intervalMillis = intervalMillis
        self.versionPath = versionPath
        self.versionPointer = versionPointer
    }
}

/// An application gateway whose own configuration file says where each service is.
package struct ConfigFileMap: Hashable, Sendable {
    package enum Reload: Hashable, Sendable {
        /// It reads the file for every request.
        case none
        /// Apache's graceful restart: `SIGUSR1` to the process that this file names.
        case apacheGraceful(pidFile: String)
    }

    /// The checked-out branch of the gateway, absolute; `{sandbox}` in it stands for the sandbox. Without that the
    /// gateway has one table and serves one sandbox.
    package var folder: String
    /// Below the folder.
    package var file: String
    /// `{service}_url`
    package var keyPattern: String
    /// Below the folder: what the branch shipped, kept before the first change.
    package var defaultsFile: String
    package var reload: Reload

    package init(
        folder: String, file: String = "application/config/production/config.php", keyPattern: String = "{service}_url",
        defaultsFile: String = ".sdp/ocp-defaults.json", reload: Reload = .none
    ) {
        self.folder = folder
        self.file = file
        self.keyPattern = keyPattern
        self.defaultsFile = defaultsFile
        self.reload = reload
    }

    /// Whether each sandbox has a folder of its own.
    package var isPerSandbox: Bool { folder.contains("{sandbox}") }
}

/// What a Traefik on the node is told by the labels of containers.
package struct TraefikLabels: Hashable, Sendable {
    /// `{service}-{sandbox}.{baseDomain}`
    package var hostPattern: String
    /// Of containers that name no http port.
    package var port: UInt16

    package init(hostPattern: String = "{service}-{sandbox}.{baseDomain}", port: UInt16 = 80) {
        self.hostPattern = hostPattern
        self.port = port
    }
}
