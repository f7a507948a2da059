internal import Model

// From the engine's answers to what Berth knows.

extension ObservedContainer {
    init(_ listed: ListedContainer, ownership: Ownership) {
        var published: [UInt16: UInt16] = [:]
        for port in listed.ports ?? [] {
            if let inside = port.privatePort, let outside = port.publicPort { published[inside] = outside }
        }
        self.init(
            id: ContainerID(listed.id), name: listed.name, ownership: ownership,
            state: State(engine: listed.state), image: listed.image ?? "", imageID: listed.imageID ?? "",
            published: published)
    }

    init(_ inspected: InspectedContainer, ownership: Ownership, key: FingerprintKey) {
        let state = State(engine: inspected.state.status)
        self.init(
            id: ContainerID(inspected.id), name: String(inspected.name.drop { $0 == "/" }), ownership: ownership,
            state: state, health: Health(engine: inspected.state.health?.status),
            image: inspected.config.image ?? "", imageID: inspected.imageID ?? "",
            command: inspected.config.command, environment: inspected.config.variables(under: key),
            mounts: inspected.folders, limits: inspected.host.limits,
            restart: RestartPolicy(rawValue: inspected.host.restart?.name ?? "") ?? .no,
            published: inspected.host.published, attachments: inspected.attachments,
            exitCode: state.hasEnded ? inspected.state.exitCode : nil,
            labels: Labels.added(inspected.config.labels))
    }
}

extension ObservedContainer.State {
    /// Podman has more words for the same states.
    init(engine text: String?) {
        self =
            switch text ?? "" {
            case "configured", "initialized": .created
            case "stopped": .exited
            case let text: Self(rawValue: text) ?? .dead
            }
    }

    var hasEnded: Bool {
        switch self {
        case .exited, .dead, .restarting: true
        case .created, .running, .paused, .removing: false
        }
    }
}

extension ObservedContainer.Health {
    init(engine text: String?) { self = text.flatMap(Self.init(rawValue:)) ?? .none }
}

extension InspectedContainer {
    /// Folders of the node only: volumes are the engine's.
    var folders: Set<Mount> {
        Set(
            (mounts ?? []).compactMap { mount in
                guard mount.type == "bind", let source = mount.source, let target = mount.target else { return nil }
                return Mount(source: source, target: target, isReadOnly: !(mount.isWritable ?? true))
            })
    }

    /// Without the container's own short id, which older engines list as an alias.
    var attachments: [String: ObservedContainer.Attachment] {
        (network?.networks ?? [:]).mapValues { endpoint in
            ObservedContainer.Attachment(
                address: endpoint.anyAddress,
                aliases: Set(endpoint.aliases ?? []).subtracting([String(id.prefix(12))]))
        }
    }
}

extension InspectedContainer.Config {
    /// Only what we set, by our labels; the rest is the image's.
    func variables(under key: FingerprintKey) -> [String: ObservedVariable] {
        let ours = Labels.variables(labels)
        var variables: [String: ObservedVariable] = [:]
        for (name, value) in pairs {
            if ours.secret.contains(name) {
                variables[name] = .secret(Fingerprint(of: Secret(value), under: key))
            } else if ours.plain.contains(name) {
                variables[name] = .plain(value)
            }
        }
        return variables
    }

    /// The values that must not be shown, the longest first.
    var secrets: [Secret<String>] {
        let names = Labels.variables(labels).secret
        return pairs.filter { names.contains($0.name) && !$0.value.isEmpty }.map(\.value)
            .sorted { $0.utf8.count > $1.utf8.count }.map(Secret.init)
    }

    private var pairs: [(name: String, value: String)] {
        (environment ?? []).map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
        }
    }
}

extension InspectedContainer.HostConfig {
    var limits: Limits {
        Limits(cpuMillis: Int((nanoCPUs ?? 0) / 1_000_000), memoryBytes: memory ?? 0, pids: max(0, pids ?? 0))
    }

    var published: [UInt16: UInt16] {
        var published: [UInt16: UInt16] = [:]
        for (inside, bindings) in bindings ?? [:] {
            guard let inside = inside.split(separator: "/").first.flatMap({ UInt16($0) }),
                let outside = bindings?.first?.port.flatMap({ UInt16($0) })
            else { continue }
            published[inside] = outside
        }
        return published
    }
}

extension ObservedNetwork {
    init(_ network: AnsweredNetwork, ownership: Ownership) {
        self.init(
            id: network.id, name: network.name, ownership: ownership,
            subnet: (network.ipam?.pools ?? []).lazy.compactMap { $0.subnet.flatMap(Subnet.init) }.first,
            addresses: Set(
                (network.endpoints ?? [:]).values.compactMap { endpoint in
                    endpoint.address?.split(separator: "/").first.map(String.init)
                }))
    }
}

extension Secret<String> {
    /// Bytes.
    var length: Int { reveal().utf8.count }

    /// This value and, where it has several lines, each of them that is long enough to be told from others: what shows
    /// text line by line would never meet the whole.
    var lines: [Secret<String>] {
        let lines = reveal().split(whereSeparator: \.isNewline).map(String.init)
        guard lines.count > 1 else { return [self] }
        return [self] + lines.filter { $0.utf8.count >= Self.shortestLine }.map(Secret.init)
    }

    private static var shortestLine: Int { 4 }

    /// `text` with every occurrence of this value blotted out.
    func blotted(from text: String) -> String {
        let value = reveal()
        return value.isEmpty ? text : text.replacing(value, with: "<redacted>")
    }
}
