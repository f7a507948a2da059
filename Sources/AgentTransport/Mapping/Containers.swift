internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// Containers as they are wanted.

extension ContainerSpec: WireCoded {
    var wire: WireContainerSpec {
        .with {
            $0.image = image.text
            if let command { $0.command = WireCommand(command) }
            $0.environment = environment.mapValues(\.wire)
            $0.files = files.map(\.wire)
            $0.mounts = mounts.map(\.wire)
            $0.ports = ports.map(\.wire)
            $0.limits = limits.wire
            $0.restart = restart.wire
            if let health { $0.health = health.wire }
            $0.labels = labels
        }
    }

    init(wire: WireContainerSpec, at path: FieldPath) throws(LinkError) {
        self.init(
            image: try path["image"].image(wire.image), command: wire.hasCommand ? wire.command.words : nil,
            environment: try path["environment"].values(wire.environment), files: try path["files"].list(wire.files),
            mounts: try path["mounts"].list(wire.mounts), ports: try path["ports"].list(wire.ports),
            limits: try path["limits"].one(wire.hasLimits, wire.limits),
            restart: try RestartPolicy(wire: wire.restart, at: path["restart"]),
            health: try path["health"].maybe(wire.hasHealth, wire.health), labels: wire.labels)
        for (index, mount) in mounts.enumerated() {
            _ = try path["mounts"][index]["source"].absolute(mount.source)
            _ = try path["mounts"][index]["target"].absolute(mount.target)
        }
        try path["limits"].wanted(limits)
    }
}

extension WireCommand {
    init(_ words: [String]) {
        self.init()
        self.words = words
    }
}

extension EnvironmentValue: WireCoded {
    var wire: WireEnvironmentValue {
        switch self {
        case .plain(let text): .with { $0.plain = text }
        case .secret(let reference): .with { $0.secret = reference.wire }
        }
    }

    init(wire: WireEnvironmentValue, at path: FieldPath) throws(LinkError) {
        switch wire.value {
        case .plain(let text): self = .plain(text)
        case .secret(let reference): self = .secret(try SecretReference(wire: reference, at: path["secret"]))
        case nil: throw path.unknown
        }
    }
}

extension FileSpec: WireCoded {
    var wire: WireFileSpec {
        .with {
            $0.path = path
            switch content {
            case .text(let text): $0.text = text
            case .secret(let reference): $0.secret = reference.wire
            }
            $0.mode = UInt32(mode)
        }
    }

    init(wire: WireFileSpec, at path: FieldPath) throws(LinkError) {
        let content: FileContent
        switch wire.content {
        case .text(let text): content = .text(text)
        case .secret(let reference): content = .secret(try SecretReference(wire: reference, at: path["secret"]))
        case nil: throw path.unknown
        }
        let mode = try path["mode"].count(Int64(wire.mode), to: 0o7777)
        self.init(path: try path["path"].absolute(wire.path), content: content, mode: UInt16(mode))
    }
}

extension Mount: WireCoded {
    var wire: WireMount {
        .with {
            $0.source = source
            $0.target = target
            $0.isReadOnly = isReadOnly
        }
    }

    init(wire: WireMount, at path: FieldPath) throws(LinkError) {
        self.init(source: wire.source, target: wire.target, isReadOnly: wire.isReadOnly)
    }
}

extension ContainerPort: WireCoded {
    var wire: WireContainerPort {
        .with {
            $0.name = name
            $0.number = UInt32(number)
            $0.transport = transport.wire
            $0.isDefault = isDefault
            if let published { $0.published = published.wire }
        }
    }

    init(wire: WireContainerPort, at path: FieldPath) throws(LinkError) {
        self.init(
            name: wire.name, number: try path["number"].port(wire.number),
            transport: try Transport(wire: wire.transport, at: path["transport"]), isDefault: wire.isDefault,
            published: try path["published"].maybe(wire.hasPublished, wire.published))
    }
}

extension ContainerPort.Transport: WireCoded {
    var wire: WireContainerPort.Transport {
        switch self {
        case .http: .http
        case .grpc: .grpc
        case .tcp: .tcp
        }
    }

    init(wire: WireContainerPort.Transport, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .http: self = .http
        case .grpc: self = .grpc
        case .tcp: self = .tcp
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension PortRequest: WireCoded {
    var wire: WirePortRequest {
        switch self {
        case .automatic: .with { $0.automatic = WireNothing() }
        case .fixed(let port): .with { $0.fixed = UInt32(port) }
        }
    }

    init(wire: WirePortRequest, at path: FieldPath) throws(LinkError) {
        switch wire.request {
        case .automatic: self = .automatic
        case .fixed(let port): self = .fixed(try path["fixed"].port(port))
        case nil: throw path.unknown
        }
    }
}

extension Limits: WireCoded {
    var wire: WireLimits {
        .with {
            $0.cpuMillis = Int64(cpuMillis)
            $0.memoryBytes = memoryBytes
            $0.pids = Int64(pids)
        }
    }

    init(wire: WireLimits, at path: FieldPath) throws(LinkError) {
        self.init(cpuMillis: Int(wire.cpuMillis), memoryBytes: wire.memoryBytes, pids: Int(wire.pids))
    }
}

extension FieldPath {
    /// Limits that somebody wants; an engine may show what nobody may ask for.
    func wanted(_ limits: Limits) throws(LinkError) {
        guard limits.cpuMillis >= 0, limits.memoryBytes >= 0, limits.pids >= 0 else {
            throw wrong("holds a number below 0")
        }
    }
}

extension RestartPolicy: WireCoded {
    var wire: WireRestartPolicy {
        switch self {
        case .no: .no
        case .always: .always
        case .onFailure: .onFailure
        case .unlessStopped: .unlessStopped
        }
    }

    init(wire: WireRestartPolicy, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .no: self = .no
        case .always: self = .always
        case .onFailure: self = .onFailure
        case .unlessStopped: self = .unlessStopped
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension HealthCheck: WireCoded {
    var wire: WireHealthCheck {
        .with {
            switch probe {
            case .http(let path, let port):
                $0.http = .with { http in
                    http.path = path
                    http.port = UInt32(port)
                }
            case .tcp(let port): $0.tcpPort = UInt32(port)
            case .command(let words): $0.command = WireCommand(words)
            }
            $0.intervalMillis = Int64(intervalMillis)
            $0.timeoutMillis = Int64(timeoutMillis)
            $0.healthyAfter = Int64(healthyAfter)
            $0.unhealthyAfter = Int64(unhealthyAfter)
            $0.startPeriodMillis = Int64(startPeriodMillis)
        }
    }

    init(wire: WireHealthCheck, at path: FieldPath) throws(LinkError) {
        let probe: Probe
        switch wire.probe {
        case .http(let http): probe = .http(path: http.path, port: try path["http"]["port"].port(http.port))
        case .tcpPort(let port): probe = .tcp(port: try path["tcp_port"].port(port))
        case .command(let command): probe = .command(command.words)
        case nil: throw path.unknown
        }
        self.init(
            probe: probe, intervalMillis: try path["interval_millis"].count(wire.intervalMillis),
            timeoutMillis: try path["timeout_millis"].count(wire.timeoutMillis),
            healthyAfter: try path["healthy_after"].count(wire.healthyAfter),
            unhealthyAfter: try path["unhealthy_after"].count(wire.unhealthyAfter),
            startPeriodMillis: try path["start_period_millis"].count(wire.startPeriodMillis))
    }
}
