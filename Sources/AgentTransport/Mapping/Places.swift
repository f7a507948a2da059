internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

// Names and addresses of things.

extension HostError: WireCoded {
    var wire: WireHostError {
        .with {
            $0.operation = operation
            $0.failure = failure.wire
            $0.message = message
        }
    }

    init(wire: WireHostError, at path: FieldPath) throws(LinkError) {
        self.init(
            WireText.label(wire.operation), try HostFailure(wire: wire.failure, at: path["failure"]),
            WireText.cut(wire.message, to: WireText.message))
    }
}

extension HostFailure: WireCoded {
    var wire: WireHostError.Failure {
        switch self {
        case .unreachable: .unreachable
        case .refused: .refused
        case .stale: .stale
        case .unhealthy: .unhealthy
        }
    }

    init(wire: WireHostError.Failure, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .unreachable: self = .unreachable
        case .refused: self = .refused
        case .stale: self = .stale
        case .unhealthy: self = .unhealthy
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension Place: WireCoded {
    var wire: WirePlace {
        .with {
            $0.file = file
            $0.line = Int64(line)
            $0.column = Int64(column)
        }
    }

    init(wire: WirePlace, at path: FieldPath) throws(LinkError) {
        self.init(
            file: wire.file, line: try path["line"].count(wire.line), column: try path["column"].count(wire.column))
    }
}

extension Subnet: WireCoded {
    var wire: WireSubnet {
        .with {
            $0.base = base
            $0.prefix = UInt32(prefix)
        }
    }

    init(wire: WireSubnet, at path: FieldPath) throws(LinkError) {
        guard let subnet = Subnet(base: wire.base, prefix: Int(wire.prefix)) else { throw path.wrong("is no subnet") }
        self = subnet
    }
}

extension SecretReference: WireCoded {
    var wire: WireSecretReference {
        switch self {
        case .file(let path): .with { $0.file = path }
        case .environment(let name): .with { $0.environment = name }
        }
    }

    init(wire: WireSecretReference, at path: FieldPath) throws(LinkError) {
        switch wire.place {
        case .file(let file): self = .file(try path["file"].word(file, longest: 4096))
        case .environment(let name): self = .environment(try path["environment"].word(name))
        case nil: throw path.unknown
        }
    }
}

extension CodeReference: WireCoded {
    var wire: WireCodeReference {
        .with {
            $0.repository = repository.text
            $0.name = name
        }
    }

    init(wire: WireCodeReference, at path: FieldPath) throws(LinkError) {
        self.init(try path["repository"].name(wire.repository), try path["name"].word(wire.name))
    }
}

extension RouteKey: WireCoded {
    var wire: WireRouteKey {
        .with {
            if let sandbox { $0.sandbox = sandbox.text }
            $0.service = service.text
        }
    }

    init(wire: WireRouteKey, at path: FieldPath) throws(LinkError) {
        self.init(
            sandbox: wire.hasSandbox ? try path["sandbox"].name(wire.sandbox) : nil,
            service: try path["service"].name(wire.service))
    }
}

extension Endpoint: WireCoded {
    var wire: WireEndpoint {
        .with {
            $0.scheme = scheme.wire
            $0.host = host
            $0.port = UInt32(port)
            $0.hostHeader = hostHeader.wire
            $0.trust = trust.wire
            $0.isLiteral = isLiteral
        }
    }

    init(wire: WireEndpoint, at path: FieldPath) throws(LinkError) {
        self.init(
            scheme: try Scheme(wire: wire.scheme, at: path["scheme"]), host: try path["host"].word(wire.host),
            port: try path["port"].port(wire.port),
            hostHeader: try path["host_header"].one(wire.hasHostHeader, wire.hostHeader),
            trust: try path["trust"].one(wire.hasTrust, wire.trust), isLiteral: wire.isLiteral)
    }
}

extension Endpoint.Scheme: WireCoded {
    var wire: WireEndpoint.Scheme {
        switch self {
        case .http: .http
        case .https: .https
        case .grpc: .grpc
        case .grpcs: .grpcs
        }
    }

    init(wire: WireEndpoint.Scheme, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .http: self = .http
        case .https: self = .https
        case .grpc: self = .grpc
        case .grpcs: self = .grpcs
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension Endpoint.HostHeader: WireCoded {
    var wire: WireEndpoint.HostHeader {
        switch self {
        case .target: .with { $0.target = WireNothing() }
        case .preserve: .with { $0.preserve = WireNothing() }
        case .literal(let host): .with { $0.literal = host }
        }
    }

    init(wire: WireEndpoint.HostHeader, at path: FieldPath) throws(LinkError) {
        switch wire.header {
        case .target: self = .target
        case .preserve: self = .preserve
        case .literal(let host): self = .literal(host)
        case nil: throw path.unknown
        }
    }
}

extension Endpoint.Trust: WireCoded {
    var wire: WireEndpoint.Trust {
        switch self {
        case .system: .with { $0.system = WireNothing() }
        case .file(let file): .with { $0.file = file }
        case .unverified: .with { $0.unverified = WireNothing() }
        }
    }

    init(wire: WireEndpoint.Trust, at path: FieldPath) throws(LinkError) {
        switch wire.trust {
        case .system: self = .system
        case .file(let file): self = .file(try path["file"].word(file, longest: 4096))
        case .unverified: self = .unverified
        case nil: throw path.unknown
        }
    }
}
