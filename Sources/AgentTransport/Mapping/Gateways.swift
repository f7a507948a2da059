internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// Gateways as they are wanted.

extension DesiredGateway: WireCoded {
    var wire: WireDesiredGateway {
        .with {
            $0.name = name.text
            $0.node = node.text
            switch driver {
            case .haproxy: $0.haproxy = WireNothing()
            case .configFileMap(let map): $0.configFileMap = map.wire
            case .traefikLabels(let labels): $0.traefikLabels = labels.wire
            }
            $0.listeners = listeners.map(\.wire)
            if let baseDomain { $0.baseDomain = baseDomain }
            $0.selection = selection.map(\.wire)
            $0.injects = injects.sorted().map(\.wire)
            $0.responseHeaders = responseHeaders.wire
            $0.authorities = authorities.sorted()
            $0.probes = wires(probes)
            $0.place = place.wire
        }
    }

    init(wire: WireDesiredGateway, at path: FieldPath) throws(LinkError) {
        let driver: Driver
        switch wire.driver {
        case .haproxy: driver = .haproxy
        case .configFileMap(let map): driver = .configFileMap(try ConfigFileMap(wire: map, at: path["config_file_map"]))
        case .traefikLabels(let labels):
            driver = .traefikLabels(try TraefikLabels(wire: labels, at: path["traefik_labels"]))
        case nil: throw path["driver"].unknown
        }
        self.init(
            name: try path["name"].name(wire.name), node: try path["node"].name(wire.node), driver: driver,
            listeners: try path["listeners"].list(wire.listeners),
            baseDomain: wire.hasBaseDomain ? wire.baseDomain : nil,
            selection: try path["selection"].list(wire.selection), injects: try path["injects"].set(wire.injects),
            responseHeaders: try path["response_headers"].one(wire.hasResponseHeaders, wire.responseHeaders),
            authorities: try path["authorities"].texts(wire.authorities),
            probes: try path["probes"].named(wire.probes), place: try path["place"].one(wire.hasPlace, wire.place))
    }
}

extension ConfigFileMap: WireCoded {
    var wire: WireConfigFileMap {
        .with {
            $0.folder = folder
            $0.file = file
            $0.keyPattern = keyPattern
            $0.defaultsFile = defaultsFile
            switch reload {
            case .none: $0.reload.none = WireNothing()
            case .apacheGraceful(let pidFile): $0.reload.apacheGracefulPidFile = pidFile
            }
        }
    }

    init(wire: WireConfigFileMap, at path: FieldPath) throws(LinkError) {
        let reload: Reload
        switch wire.reload.reload {
        case .some(.none(_)): reload = .none
        case .apacheGracefulPidFile(let file): reload = .apacheGraceful(pidFile: file)
        case nil: throw path["reload"].unknown
        }
        self.init(
            folder: try path["folder"].absolute(wire.folder), file: wire.file, keyPattern: wire.keyPattern,
            defaultsFile: wire.defaultsFile, reload: reload)
    }
}

extension TraefikLabels: WireCoded {
    var wire: WireTraefikLabels {
        .with {
            $0.hostPattern = hostPattern
            $0.port = UInt32(port)
        }
    }

    init(wire: WireTraefikLabels, at path: FieldPath) throws(LinkError) {
        self.init(hostPattern: wire.hostPattern, port: try path["port"].port(wire.port))
    }
}

extension GatewayListener: WireCoded {
    var wire: WireGatewayListener {
        .with {
            $0.name = name
            switch role {
            case .web(let port): $0.web = UInt32(port)
            case .sandboxes(let range):
                $0.sandboxes.first = UInt32(range.lowerBound)
                $0.sandboxes.last = UInt32(range.upperBound)
            case .inside(let ports):
                $0.inside = .with { inside in inside.ports = ports.map { UInt32($0) } }
            }
            $0.isPublic = isPublic
            if let certificate { $0.certificate = certificate }
        }
    }

    init(wire: WireGatewayListener, at path: FieldPath) throws(LinkError) {
        let role: Role
        switch wire.role {
        case .web(let port): role = .web(try path["web"].port(port))
        case .sandboxes(let range):
            let first = try path["sandboxes"]["first"].port(range.first)
            let last = try path["sandboxes"]["last"].port(range.last)
            guard first <= last else { throw path["sandboxes"].wrong("is \(first) to \(last)") }
            role = .sandboxes(first...last)
        case .inside(let inside):
            var ports: [UInt16] = []
            for (index, port) in inside.ports.enumerated() { ports.append(try path["inside"][index].port(port)) }
            role = .inside(ports)
        case nil: throw path["role"].unknown
        }
        self.init(
            name: wire.name, role, isPublic: wire.isPublic,
            certificate: wire.hasCertificate ? try path["certificate"].absolute(wire.certificate) : nil)
    }
}

extension Selector: WireCoded {
    var wire: WireSelector {
        .with {
            switch self {
            case .port: $0.port = WireNothing()
            case .sourceNetwork: $0.sourceNetwork = WireNothing()
            case .host: $0.host = WireNothing()
            case .header(let name): $0.header = name
            case .baggage(let key): $0.baggage = key
            case .tracestate(let key): $0.tracestate = key
            case .query(let name, let setsCookie):
                $0.query.name = name
                $0.query.setsCookie = setsCookie
            case .cookie(let name, let isSigned):
                $0.cookie.name = name
                $0.cookie.isSigned = isSigned
            }
        }
    }

    init(wire: WireSelector, at path: FieldPath) throws(LinkError) {
        switch wire.selector {
        case .port: self = .port
        case .sourceNetwork: self = .sourceNetwork
        case .host: self = .host
        case .header(let name): self = .header(name)
        case .baggage(let key): self = .baggage(key: key)
        case .tracestate(let key): self = .tracestate(key: key)
        case .query(let query): self = .query(query.name, setsCookie: query.setsCookie)
        case .cookie(let cookie): self = .cookie(cookie.name, isSigned: cookie.isSigned)
        case nil: throw path.unknown
        }
    }
}

extension Injection: WireCoded {
    var wire: WireInjection {
        switch self {
        case .header: .header
        case .baggage: .baggage
        case .tracestate: .tracestate
        }
    }

    init(wire: WireInjection, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .header: self = .header
        case .baggage: self = .baggage
        case .tracestate: self = .tracestate
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension ResponseHeaders: WireCoded {
    var wire: WireResponseHeaders {
        .with {
            if let route { $0.route = route }
            if let conflict { $0.conflict = conflict }
        }
    }

    init(wire: WireResponseHeaders, at path: FieldPath) throws(LinkError) {
        self.init(route: wire.hasRoute ? wire.route : nil, conflict: wire.hasConflict ? wire.conflict : nil)
    }
}

extension BaselineProbe: WireCoded {
    var wire: WireBaselineProbe {
        .with {
            if let healthPath { $0.healthPath = healthPath }
            $0.intervalMillis = Int64(intervalMillis)
            if let versionPath { $0.versionPath = versionPath }
            $0.versionPointer = versionPointer
        }
    }

    init(wire: WireBaselineProbe, at path: FieldPath) throws(LinkError) {
        self.init(
            healthPath: wire.hasHealthPath ? wire.healthPath : nil,
            intervalMillis: try path["interval_millis"].count(wire.intervalMillis),
            versionPath: wire.hasVersionPath ? wire.versionPath : nil, versionPointer: wire.versionPointer)
    }
}
