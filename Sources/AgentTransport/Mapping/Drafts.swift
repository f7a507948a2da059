internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// What an engine is to make, and what it has.

extension ContainerDraft: WireCoded {
    var wire: WireContainerDraft {
        .with {
            $0.name = name
            $0.sandbox = sandbox.text
            $0.service = service.text
            $0.spec = spec.wire
            $0.digest = digest.text
            $0.network = network
            $0.address = address
            $0.published = wires(published)
            if let origin { $0.origin = origin.wire }
        }
    }

    init(wire: WireContainerDraft, at path: FieldPath) throws(LinkError) {
        self.init(
            name: try path["name"].identifier(wire.name), sandbox: try path["sandbox"].name(wire.sandbox),
            service: try path["service"].name(wire.service), spec: try path["spec"].one(wire.hasSpec, wire.spec),
            digest: Digest(text: wire.digest), network: try path["network"].identifier(wire.network),
            address: wire.address, published: try path["published"].ports(wire.published),
            origin: try path["origin"].maybe(wire.hasOrigin, wire.origin))
    }
}

extension ContainerDraft.Origin: WireCoded {
    var wire: WireOrigin {
        .with {
            $0.piece = piece.text
            $0.commit = commit.text
        }
    }

    init(wire: WireOrigin, at path: FieldPath) throws(LinkError) {
        self.init(piece: try path["piece"].piece(wire.piece), commit: try path["commit"].commit(wire.commit))
    }
}

extension ContainerHandle: WireCoded {
    var wire: WireContainerHandle {
        switch self {
        case .existing(let id, let name):
            .with {
                $0.id = id.text
                $0.name = name
            }
        case .planned(let name): .with { $0.name = name }
        }
    }

    init(wire: WireContainerHandle, at path: FieldPath) throws(LinkError) {
        let name = try path["name"].identifier(wire.name)
        guard wire.hasID else {
            self = .planned(name: name)
            return
        }
        self = .existing(ContainerID(try path["id"].identifier(wire.id)), name: name)
    }
}

extension NetworkDraft: WireCoded {
    var wire: WireNetworkDraft {
        .with {
            $0.name = name
            $0.sandbox = sandbox.text
            $0.subnet = subnet.wire
        }
    }

    init(wire: WireNetworkDraft, at path: FieldPath) throws(LinkError) {
        self.init(
            name: try path["name"].identifier(wire.name), sandbox: try path["sandbox"].name(wire.sandbox),
            subnet: try path["subnet"].one(wire.hasSubnet, wire.subnet))
    }
}

extension Ownership: WireCoded {
    var wire: WireOwnership {
        switch self {
        case .ours(let mark): .with { $0.ours = mark.wire }
        case .theirs(let installation): .with { $0.theirs = installation.text }
        case .foreign: .with { $0.foreign = WireNothing() }
        }
    }

    init(wire: WireOwnership, at path: FieldPath) throws(LinkError) {
        switch wire.owner {
        case .ours(let mark): self = .ours(try Mark(wire: mark, at: path["ours"]))
        case .theirs(let installation): self = .theirs(InstallationID(installation))
        case .foreign: self = .foreign
        case nil: throw path.unknown
        }
    }
}

extension Ownership.Mark: WireCoded {
    var wire: WireOwnership.Mark {
        .with {
            $0.sandbox = sandbox.text
            if let service { $0.service = service.text }
            $0.uid = uid.text
            if let digest { $0.digest = digest.text }
            if let origin { $0.origin = origin.wire }
        }
    }

    init(wire: WireOwnership.Mark, at path: FieldPath) throws(LinkError) {
        self.init(
            sandbox: try path["sandbox"].name(wire.sandbox),
            service: wire.hasService ? try path["service"].name(wire.service) : nil, uid: ResourceUID(wire.uid),
            digest: wire.hasDigest ? Digest(text: wire.digest) : nil,
            origin: try path["origin"].maybe(wire.hasOrigin, wire.origin))
    }
}

extension ObservedNetwork: WireCoded {
    var wire: WireObservedNetwork {
        .with {
            $0.id = id
            $0.name = name
            $0.ownership = ownership.wire
            if let subnet { $0.subnet = subnet.wire }
            $0.addresses = addresses.sorted()
        }
    }

    init(wire: WireObservedNetwork, at path: FieldPath) throws(LinkError) {
        self.init(
            id: wire.id, name: wire.name, ownership: try path["ownership"].one(wire.hasOwnership, wire.ownership),
            subnet: try path["subnet"].maybe(wire.hasSubnet, wire.subnet),
            addresses: try path["addresses"].texts(wire.addresses))
    }
}
