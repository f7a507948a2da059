internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// Engines show what is not ours too: names, ids and ports are taken as they are.

extension ObservedContainer: WireCoded {
    var wire: WireObservedContainer {
        .with {
            $0.id = id.text
            $0.name = name
            $0.ownership = ownership.wire
            $0.state = state.wire
            $0.health = health.wire
            $0.image = image
            $0.imageID = imageID
            if let command { $0.command = WireCommand(command) }
            $0.environment = environment.mapValues(\.wire)
            $0.mounts = mounts.sorted(by: Self.isBefore).map(\.wire)
            $0.limits = limits.wire
            $0.restart = restart.wire
            $0.published = wires(published)
            $0.attachments = attachments.mapValues(\.wire)
            if let exitCode { $0.exitCode = Int64(exitCode) }
            $0.labels = labels
        }
    }

    private static func isBefore(_ one: Mount, _ other: Mount) -> Bool {
        (one.target, one.source, one.isReadOnly ? 1 : 0) < (other.target, other.source, other.isReadOnly ? 1 : 0)
    }

    init(wire: WireObservedContainer, at path: FieldPath) throws(LinkError) {
        self.init(
            id: ContainerID(wire.id), name: wire.name,
            ownership: try path["ownership"].one(wire.hasOwnership, wire.ownership),
            state: try State(wire: wire.state, at: path["state"]),
            health: try Health(wire: wire.health, at: path["health"]), image: wire.image, imageID: wire.imageID,
            command: wire.hasCommand ? wire.command.words : nil,
            environment: try path["environment"].values(wire.environment),
            mounts: try path["mounts"].set(wire.mounts), limits: try path["limits"].one(wire.hasLimits, wire.limits),
            restart: try RestartPolicy(wire: wire.restart, at: path["restart"]),
            published: try path["published"].numbers(wire.published),
            attachments: try path["attachments"].values(wire.attachments),
            exitCode: wire.hasExitCode ? Int(wire.exitCode) : nil, labels: wire.labels)
    }
}

extension FieldPath {
    /// A port as an engine shows it, 0 included.
    func number(_ number: UInt32) throws(LinkError) -> UInt16 {
        guard let port = UInt16(exactly: number) else { throw wrong("is \(number) and not a port") }
        return port
    }

    fileprivate func numbers(_ map: [UInt32: UInt32]) throws(LinkError) -> [UInt16: UInt16] {
        var ports: [UInt16: UInt16] = [:]
        for (inside, outside) in map { ports[try number(inside)] = try number(outside) }
        return ports
    }
}

extension ObservedContainer.State: WireCoded {
    var wire: WireObservedContainer.State {
        switch self {
        case .created: .created
        case .running: .running
        case .paused: .paused
        case .restarting: .restarting
        case .exited: .exited
        case .removing: .removing
        case .dead: .dead
        }
    }

    init(wire: WireObservedContainer.State, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .created: self = .created
        case .running: self = .running
        case .paused: self = .paused
        case .restarting: self = .restarting
        case .exited: self = .exited
        case .removing: self = .removing
        case .dead: self = .dead
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension ObservedContainer.Health: WireCoded {
    var wire: WireObservedContainer.Health {
        switch self {
        case .none: .none
        case .starting: .starting
        case .healthy: .healthy
        case .unhealthy: .unhealthy
        }
    }

    init(wire: WireObservedContainer.Health, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .none: self = .none
        case .starting: self = .starting
        case .healthy: self = .healthy
        case .unhealthy: self = .unhealthy
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension ObservedContainer.Attachment: WireCoded {
    var wire: WireObservedContainer.Attachment {
        .with {
            $0.address = address
            $0.aliases = aliases.sorted()
        }
    }

    init(wire: WireObservedContainer.Attachment, at path: FieldPath) throws(LinkError) {
        self.init(address: wire.address, aliases: try path["aliases"].texts(wire.aliases))
    }
}

extension ObservedVariable: WireCoded {
    var wire: WireObservedVariable {
        switch self {
        case .plain(let text): .with { $0.plain = text }
        case .secret(let fingerprint): .with { $0.secret = fingerprint.text }
        }
    }

    init(wire: WireObservedVariable, at path: FieldPath) throws(LinkError) {
        switch wire.value {
        case .plain(let text): self = .plain(text)
        case .secret(let fingerprint): self = .secret(Fingerprint(text: fingerprint))
        case nil: throw path.unknown
        }
    }
}
