import Model

extension RandomFrames {
    mutating func image() -> ImageReference {
        let text = any(["httpd", "library/httpd:2.4", "berth.local/account:4be1c2d", "x@sha256:"]) + hex(4)
        guard let image = ImageReference(text) else { preconditionFailure("\(text) is an image") }
        return image
    }

    mutating func limits() -> Limits {
        Limits(cpuMillis: count(), memoryBytes: Int64(count()), pids: count())
    }

    mutating func health() -> HealthCheck {
        let probes: [HealthCheck.Probe] = [
            .http(path: text(), port: port()), .tcp(port: port()), .command(list { $0.text() }),
        ]
        return HealthCheck(
            probe: any(probes), intervalMillis: count(), timeoutMillis: count(), healthyAfter: count(),
            unhealthyAfter: count(), startPeriodMillis: count())
    }

    mutating func mount() -> Mount { Mount(source: path(), target: path(), isReadOnly: flag()) }

    mutating func containerPort() -> ContainerPort {
        ContainerPort(
            name: text(), number: port(), transport: any(ContainerPort.Transport.allCases), isDefault: flag(),
            published: maybe { $0.flag() ? .automatic : .fixed($0.port()) })
    }

    mutating func spec() -> ContainerSpec {
        ContainerSpec(
            image: image(), command: maybe { $0.list { $0.text() } },
            environment: map({ $0.text() }, { $0.flag() ? .plain($0.text()) : .secret($0.secret()) }),
            files: list {
                FileSpec(
                    path: $0.path(), content: $0.flag() ? .text($0.text()) : .secret($0.secret()),
                    mode: UInt16($0.roll(0o10000)))
            },
            mounts: list { $0.mount() }, ports: list { $0.containerPort() }, limits: limits(),
            restart: any(RestartPolicy.allCases), health: maybe { $0.health() }, labels: texts())
    }

    mutating func origin() -> ContainerDraft.Origin { ContainerDraft.Origin(piece: pieceID(), commit: commit()) }

    mutating func draft() -> ContainerDraft {
        ContainerDraft(
            name: identifier(), sandbox: name(), service: name(), spec: spec(), digest: Digest(text: hex(32)),
            network: identifier(), address: text(), published: map({ $0.port() }, { $0.port() }),
            origin: maybe { $0.origin() })
    }

    mutating func handle() -> ContainerHandle {
        flag() ? .planned(name: identifier()) : .existing(ContainerID(identifier()), name: identifier())
    }

    mutating func ownership() -> Ownership {
        switch roll(3) {
        case 0:
            .ours(
                Ownership.Mark(
                    sandbox: name(), service: maybe { $0.name() }, uid: ResourceUID(text()),
                    digest: maybe { Digest(text: $0.text()) }, origin: maybe { $0.origin() }))
        case 1: .theirs(InstallationID(text()))
        default: .foreign
        }
    }

    mutating func observedContainer() -> ObservedContainer {
        ObservedContainer(
            id: ContainerID(text()), name: text(), ownership: ownership(),
            state: any([.created, .running, .paused, .restarting, .exited, .removing, .dead]),
            health: any([.none, .starting, .healthy, .unhealthy]), image: text(), imageID: text(),
            command: maybe { $0.list { $0.text() } },
            environment: map(
                { $0.text() }, { $0.flag() ? .plain($0.text()) : .secret(Fingerprint(text: $0.hex(32))) }),
            mounts: set { $0.mount() }, limits: Limits(cpuMillis: -1, memoryBytes: whole(), pids: count()),
            restart: any(RestartPolicy.allCases), published: map({ $0.port() }, { UInt16($0.roll(2)) }),
            attachments: map(
                { $0.text() },
                { ObservedContainer.Attachment(address: $0.text(), aliases: $0.set { $0.text() }) }),
            exitCode: maybe { Int($0.whole()) }, labels: texts())
    }

    mutating func observedNetwork() -> ObservedNetwork {
        ObservedNetwork(
            id: text(), name: text(), ownership: ownership(), subnet: maybe { $0.subnet() },
            addresses: set { $0.text() })
    }
}
