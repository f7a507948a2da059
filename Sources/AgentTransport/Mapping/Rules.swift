internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// Rules of gateways.

/// The most that a backend may weigh (`requirements.md` §1.6).
private let heaviest = 1_000_000

extension RouteScope: WireCoded {
    var wire: WireRouteScope {
        switch self {
        case .everybody: .with { $0.everybody = WireNothing() }
        case .sandbox(let name): .with { $0.sandbox = name.text }
        }
    }

    init(wire: WireRouteScope, at path: FieldPath) throws(LinkError) {
        switch wire.scope {
        case .everybody: self = .everybody
        case .sandbox(let name): self = .sandbox(try path["sandbox"].name(name))
        case nil: throw path.unknown
        }
    }
}

extension RouteRule: WireCoded {
    var wire: WireRouteRule {
        .with {
            $0.title = title
            $0.match = match.wire
            $0.backends = backends.map(\.wire)
            if let stickyCookie { $0.stickyCookie = stickyCookie }
            if let rewrite { $0.rewrite = rewrite.wire }
            $0.requestHeaders = requestHeaders.wire
            $0.responseHeaders = responseHeaders.wire
            if let timeoutMillis { $0.timeoutMillis = Int64(timeoutMillis) }
            $0.fallback = fallback.sorted().map(\.wire)
        }
    }

    init(wire: WireRouteRule, at path: FieldPath) throws(LinkError) {
        guard !wire.backends.isEmpty else { throw path["backends"].wrong("is missing") }
        self.init(
            title: wire.title, match: try path["match"].one(wire.hasMatch, wire.match),
            backends: try path["backends"].list(wire.backends),
            stickyCookie: wire.hasStickyCookie ? wire.stickyCookie : nil,
            rewrite: try path["rewrite"].maybe(wire.hasRewrite, wire.rewrite),
            requestHeaders: try path["request_headers"].one(wire.hasRequestHeaders, wire.requestHeaders),
            responseHeaders: try path["response_headers"].one(wire.hasResponseHeaders, wire.responseHeaders),
            timeoutMillis: wire.hasTimeoutMillis ? try path["timeout_millis"].count(wire.timeoutMillis) : nil,
            fallback: try path["fallback"].set(wire.fallback))
    }
}

extension RouteRule.Fallback: WireCoded {
    var wire: WireRouteRule.Fallback {
        switch self {
        case .unhealthy: .unhealthy
        case .suspended: .suspended
        }
    }

    init(wire: WireRouteRule.Fallback, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .unhealthy: self = .unhealthy
        case .suspended: self = .suspended
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension RouteMatch: WireCoded {
    var wire: WireRouteMatch {
        .with {
            $0.host = host.wire
            $0.path = path.wire
            if let method { $0.method = method }
            $0.headers = headers.map(\.wire)
            $0.cookies = cookies.map(\.wire)
            $0.query = query.map(\.wire)
        }
    }

    init(wire: WireRouteMatch, at path: FieldPath) throws(LinkError) {
        self.init(
            host: try path["host"].one(wire.hasHost, wire.host), path: try path["path"].one(wire.hasPath, wire.path),
            method: wire.hasMethod ? wire.method : nil, headers: try path["headers"].list(wire.headers),
            cookies: try path["cookies"].list(wire.cookies), query: try path["query"].list(wire.query))
    }
}

extension RouteMatch.Host: WireCoded {
    var wire: WireRouteMatch.Host {
        switch self {
        case .any: .with { $0.any = WireNothing() }
        case .exact(let host): .with { $0.exact = host }
        case .below(let domain): .with { $0.below = domain }
        }
    }

    init(wire: WireRouteMatch.Host, at path: FieldPath) throws(LinkError) {
        switch wire.host {
        case .any: self = .any
        case .exact(let host): self = .exact(host)
        case .below(let domain): self = .below(domain)
        case nil: throw path.unknown
        }
    }
}

extension RouteMatch.Path: WireCoded {
    var wire: WireRouteMatch.Path {
        switch self {
        case .any: .with { $0.any = WireNothing() }
        case .exact(let path): .with { $0.exact = path }
        case .prefix(let path): .with { $0.prefix = path }
        case .regex(let text): .with { $0.regex = text }
        }
    }

    init(wire: WireRouteMatch.Path, at path: FieldPath) throws(LinkError) {
        switch wire.path {
        case .any: self = .any
        case .exact(let text): self = .exact(text)
        case .prefix(let text): self = .prefix(text)
        case .regex(let text): self = .regex(text)
        case nil: throw path.unknown
        }
    }
}

extension RouteMatch.Value: WireCoded {
    var wire: WireRouteMatch.Value {
        .with {
            $0.name = name
            switch test {
            case .exact(let text): $0.exact = text
            case .present: $0.present = WireNothing()
            case .regex(let text): $0.regex = text
            }
        }
    }

    init(wire: WireRouteMatch.Value, at path: FieldPath) throws(LinkError) {
        let test: Test
        switch wire.test {
        case .exact(let text): test = .exact(text)
        case .present: test = .present
        case .regex(let text): test = .regex(text)
        case nil: throw path["test"].unknown
        }
        self.init(wire.name, test)
    }
}

extension RouteBackend: WireCoded {
    var wire: WireRouteBackend {
        .with {
            $0.service = service.text
            $0.use = use.wire
            $0.weight = Int64(weight)
        }
    }

    init(wire: WireRouteBackend, at path: FieldPath) throws(LinkError) {
        self.init(
            service: try path["service"].name(wire.service), use: try Use(wire: wire.use, at: path["use"]),
            weight: try path["weight"].count(wire.weight, to: heaviest))
    }
}

extension RouteBackend.Use: WireCoded {
    var wire: WireRouteBackend.Use {
        switch self {
        case .automatic: .automatic
        case .sandbox: .sandbox
        case .baseline: .baseline
        }
    }

    init(wire: WireRouteBackend.Use, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .automatic: self = .automatic
        case .sandbox: self = .sandbox
        case .baseline: self = .baseline
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension RouteRewrite: WireCoded {
    var wire: WireRouteRewrite {
        switch self {
        case .prefix(let text): .with { $0.prefix = text }
        case .path(let text): .with { $0.path = text }
        }
    }

    init(wire: WireRouteRewrite, at path: FieldPath) throws(LinkError) {
        switch wire.rewrite {
        case .prefix(let text): self = .prefix(text)
        case .path(let text): self = .path(text)
        case nil: throw path.unknown
        }
    }
}

extension HeaderChanges: WireCoded {
    var wire: WireHeaderChanges {
        .with {
            $0.set = set
            $0.remove = remove.sorted()
        }
    }

    init(wire: WireHeaderChanges, at path: FieldPath) throws(LinkError) {
        self.init(set: wire.set, remove: try path["remove"].texts(wire.remove))
    }
}
