internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// Routes, and what live tables say of them.

extension Admission: WireCoded {
    var wire: WireAdmission {
        .with {
            if let port { $0.port = UInt32(port) }
            if let network { $0.network = network.wire }
        }
    }

    init(wire: WireAdmission, at path: FieldPath) throws(LinkError) {
        self.init(
            port: wire.hasPort ? try path["port"].port(wire.port) : nil,
            network: try path["network"].maybe(wire.hasNetwork, wire.network))
    }
}

extension RouteTarget: WireCoded {
    var wire: WireRouteTarget {
        .with {
            switch self {
            case .endpoint(let endpoint, let label):
                $0.endpoint.endpoint = endpoint.wire
                $0.endpoint.label = label
            case .failing(let endpoint, let label):
                $0.failing.endpoint = endpoint.wire
                $0.failing.label = label
            case .starting: $0.starting = WireNothing()
            case .suspended: $0.suspended = WireNothing()
            }
        }
    }

    init(wire: WireRouteTarget, at path: FieldPath) throws(LinkError) {
        switch wire.target {
        case .endpoint(let way):
            let endpoint: Endpoint = try path["endpoint"]["endpoint"].one(way.hasEndpoint, way.endpoint)
            self = .endpoint(endpoint, label: way.label)
        case .failing(let way):
            let endpoint: Endpoint = try path["failing"]["endpoint"].one(way.hasEndpoint, way.endpoint)
            self = .failing(endpoint, label: way.label)
        case .starting: self = .starting
        case .suspended: self = .suspended
        case nil: throw path.unknown
        }
    }
}

extension ObservedGateway: WireCoded {
    var wire: WireObservedGateway {
        .with {
            $0.isRunning = isRunning
            $0.isCurrent = isCurrent
            $0.routes = routes.sorted { $0.key < $1.key }.map { route in
                .with {
                    $0.key = route.key.wire
                    $0.target = route.value.wire
                }
            }
            $0.moved = moved.sorted().map(\.wire)
            $0.sandboxes = wires(sandboxes)
            $0.rules = rules.sorted { $0.key < $1.key }.map { scoped in
                .with {
                    $0.scope = scoped.key.wire
                    $0.rules = scoped.value.map(\.wire)
                }
            }
            $0.baselines = wires(baselines)
        }
    }

    init(wire: WireObservedGateway, at path: FieldPath) throws(LinkError) {
        let routes = try path["routes"].keyed(wire.routes) {
            (route, path) throws(LinkError) -> (RouteKey, RouteTarget) in
            (try path["key"].one(route.hasKey, route.key), try path["target"].one(route.hasTarget, route.target))
        }
        let rules = try path["rules"].keyed(wire.rules) {
            (scoped, path) throws(LinkError) -> (RouteScope, [RouteRule]) in
            (try path["scope"].one(scoped.hasScope, scoped.scope), try path["rules"].list(scoped.rules))
        }
        self.init(
            isRunning: wire.isRunning, isCurrent: wire.isCurrent, routes: routes,
            moved: try path["moved"].set(wire.moved), sandboxes: try path["sandboxes"].named(wire.sandboxes),
            rules: rules, baselines: try path["baselines"].named(wire.baselines))
    }
}

extension ObservedBaseline: WireCoded {
    var wire: WireObservedBaseline {
        .with {
            if let complaint { $0.complaint = complaint }
            if let version { $0.version = version }
        }
    }

    init(wire: WireObservedBaseline, at path: FieldPath) throws(LinkError) {
        self.init(
            complaint: wire.hasComplaint ? wire.complaint : nil, version: wire.hasVersion ? wire.version : nil)
    }
}
