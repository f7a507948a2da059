import Model

extension RandomFrames {
    mutating func gateway() -> DesiredGateway {
        DesiredGateway(
            name: name(), node: name(), driver: driver(), listeners: list { $0.listener() },
            baseDomain: maybe { $0.text() }, selection: list(8) { $0.selector() },
            injects: set { $0.any(Injection.allCases) },
            responseHeaders: ResponseHeaders(route: maybe { $0.text() }, conflict: maybe { $0.text() }),
            authorities: set { $0.path() }, probes: map({ $0.name() }, { $0.probe() }), place: place())
    }

    private mutating func driver() -> DesiredGateway.Driver {
        switch roll(4) {
        case 0: .haproxy
        case 1: .traefikLabels(TraefikLabels(hostPattern: text(), port: port()))
        default:
            .configFileMap(
                ConfigFileMap(
                    folder: path(), file: text(), keyPattern: text(), defaultsFile: text(),
                    reload: flag() ? .none : .apacheGraceful(pidFile: path())))
        }
    }

    private mutating func listener() -> GatewayListener {
        let low = port()
        let roles: [GatewayListener.Role] = [
            .web(port()), .sandboxes(low...max(low, port())), .inside(list { $0.port() }),
        ]
        return GatewayListener(name: text(), any(roles), isPublic: flag(), certificate: maybe { $0.path() })
    }

    private mutating func selector() -> Selector {
        any([
            .port, .sourceNetwork, .host, .header(text()), .baggage(key: text()), .tracestate(key: text()),
            .query(text(), setsCookie: flag()), .cookie(text(), isSigned: flag()),
        ])
    }

    private mutating func probe() -> BaselineProbe {
        BaselineProbe(
            healthPath: maybe { $0.text() }, intervalMillis: count(), versionPath: maybe { $0.text() },
            versionPointer: text())
    }

    mutating func admission() -> Admission { Admission(port: maybe { $0.port() }, network: maybe { $0.subnet() }) }

    mutating func target() -> RouteTarget {
        any([
            .endpoint(endpoint(), label: text()), .failing(endpoint(), label: text()), .starting, .suspended,
        ])
    }

    mutating func scope() -> RouteScope { flag() ? .everybody : .sandbox(name()) }

    mutating func rule() -> RouteRule {
        RouteRule(
            title: text(), match: match(),
            backends: [backend()] + list { $0.backend() }, stickyCookie: maybe { $0.text() },
            rewrite: maybe { $0.flag() ? .prefix($0.text()) : .path($0.text()) }, requestHeaders: changes(),
            responseHeaders: changes(), timeoutMillis: maybe { $0.count() },
            fallback: set { $0.any(RouteRule.Fallback.allCases) })
    }

    private mutating func backend() -> RouteBackend {
        RouteBackend(service: name(), use: any(RouteBackend.Use.allCases), weight: any([0, 1, 1_000_000]))
    }

    private mutating func changes() -> HeaderChanges { HeaderChanges(set: texts(), remove: set { $0.text() }) }

    private mutating func match() -> RouteMatch {
        RouteMatch(
            host: any([.any, .exact(text()), .below(text())]),
            path: any([.any, .exact(text()), .prefix(text()), .regex(text())]), method: maybe { $0.text() },
            headers: list { $0.value() }, cookies: list { $0.value() }, query: list { $0.value() })
    }

    private mutating func value() -> RouteMatch.Value {
        RouteMatch.Value(text(), any([.exact(text()), .present, .regex(text())]))
    }

    mutating func observedGateway() -> ObservedGateway {
        ObservedGateway(
            isRunning: flag(), isCurrent: flag(), routes: map({ $0.key() }, { $0.target() }),
            moved: set { $0.key() }, sandboxes: map({ $0.name() }, { $0.admission() }),
            rules: map({ $0.scope() }, { $0.list { $0.rule() } }),
            baselines: map(
                { $0.name() }, { ObservedBaseline(complaint: $0.maybe { $0.text() }, version: $0.maybe { $0.text() }) })
        )
    }
}
