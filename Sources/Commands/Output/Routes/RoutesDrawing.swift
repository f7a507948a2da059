internal import Model
internal import Planner

/// Puts a picture together.
struct RoutesDrawing {
    let sources: RoutesPicture.Sources
    let trail: Trail
    let only: SandboxName?

    func gateway(_ gateway: DesiredGateway) -> RoutesPicture.Gateway {
        var live = sources.live[gateway.name]
        if let labelled = sources.labelled[gateway.name] { live?.routes = labelled.routes }
        return RoutesPicture.Gateway(
            name: gateway.name, node: gateway.node, driver: gateway.driver.word,
            trouble: trouble(of: gateway, live), place: gateway.place,
            sections: live.map { sections(of: gateway, $0) } ?? [])
    }

    private func trouble(of gateway: DesiredGateway, _ live: ObservedGateway?) -> String? {
        guard let live else {
            return sources.unseen[gateway.name] ?? "it was not looked at"
        }
        if !live.isRunning { return "it does not run; berth serve starts it" }
        if !live.isCurrent { return "it does not run what its manifest asks for; berth serve sees to that" }
        return nil
    }

    private func sections(of gateway: DesiredGateway, _ live: ObservedGateway) -> [RoutesPicture.Section] {
        let there = Set(live.sandboxes.keys).union(live.routes.keys.compactMap(\.sandbox))
            .union(live.rules.keys.compactMap(\.sandbox))
        let declared = sources.desired.sandboxes.values.filter { $0.gateway == gateway.name }.map(\.name)
        let names = there.union(declared).sorted().filter { only == nil || $0 == only }
        let routes = Dictionary(grouping: live.routes, by: \.key.sandbox)
            .mapValues { Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) }) }
        let sandboxes = names.map { section(of: $0, routes, at: gateway, live) }
        return only == nil ? sandboxes + [outside(gateway, live)] : sandboxes
    }

    private func section(
        of name: SandboxName, _ bySandbox: [SandboxName?: [RouteKey: RouteTarget]], at gateway: DesiredGateway,
        _ live: ObservedGateway
    ) -> RoutesPicture.Section {
        let admission = live.sandboxes[name]
        let own = bySandbox[name] ?? [:]
        let listed = Set(own.keys.map(\.service))
        let shared = (bySandbox[nil] ?? [:]).filter { !listed.contains($0.key.service) }
        return RoutesPicture.Section(
            sandbox: name, cause: trail.sandbox(name),
            remark: remark(on: name, isAdmitted: admission != nil || !gateway.isTold),
            ways: admission.map { ways(to: name, by: $0, at: gateway) } ?? [],
            routes: routes(own, at: gateway, live), unlisted: routes(shared, at: gateway, live),
            rules: rules([.sandbox(name), .everybody], at: gateway, live))
    }

    private func remark(on name: SandboxName, isAdmitted: Bool) -> String? {
        let isDeclared = trail.sandbox(name) != nil
        if !isDeclared { return "it is in no manifest: seen on the gateway" }
        return isAdmitted ? nil : "the gateway does not let it in yet; berth status \(name) says why"
    }

    private func outside(_ gateway: DesiredGateway, _ live: ObservedGateway) -> RoutesPicture.Section {
        let ways = gateway.webPorts.map { RoutesPicture.Way.url(url($0.scheme, sources.host(of: gateway), $0.port)) }
        return RoutesPicture.Section(
            sandbox: nil, cause: nil, remark: nil, ways: ways,
            routes: routes(live.routes.filter { $0.key.sandbox == nil }, at: gateway, live), unlisted: [],
            rules: rules([.everybody], at: gateway, live))
    }

    // MARK: Ways in

    private func ways(to name: SandboxName, by admission: Admission, at gateway: DesiredGateway)
        -> [RoutesPicture.Way]
    {
        gateway.selection.flatMap { selector -> [RoutesPicture.Way] in
            switch selector {
            case .port: admission.port.map { [.url(url(gateway.scheme(of: $0), sources.host(of: gateway), $0))] } ?? []
            case .host:
                gateway.baseDomain.map { domain in
                    gateway.webPorts.flatMap { web in
                        [
                            .url(url(web.scheme, "\(name).\(domain)", web.port)),
                            .serviceURL(url(web.scheme, "{service}.\(name).\(domain)", web.port)),
                        ]
                    }
                } ?? []
            case .header(let header): [.carrier("header \(header): \(name)")]
            case .baggage(let key): [.carrier("header baggage: \(key)=\(name)")]
            case .tracestate(let key): [.carrier("header tracestate: \(key)=\(name)")]
            case .query(let parameter, _): [.carrier("query ?\(parameter)=\(name)")]
            case .cookie(let cookie, isSigned: false): [.carrier("cookie \(cookie)=\(name)")]
            case .cookie(let cookie, isSigned: true): [.carrier("cookie \(cookie), which the gateway signs")]
            case .sourceNetwork: admission.network.map { [.carrier("calls from its network \($0)")] } ?? []
            }
        }
    }

    private func url(_ scheme: Endpoint.Scheme, _ host: String, _ port: UInt16) -> String {
        "\(Endpoint(scheme: scheme, host: host, port: port))"
    }

    // MARK: Routes and rules

    private func routes(
        _ routes: [RouteKey: RouteTarget], at gateway: DesiredGateway, _ live: ObservedGateway
    ) -> [RoutesPicture.Route] {
        routes.sorted { $0.key < $1.key }.map { key, target in
            let asked = target.label == "\(key.service)@baseline" ? live.baselines[key.service] : nil
            return RoutesPicture.Route(
                service: key.service, target: target, state: state(of: target, key, asked),
                note: asked?.complaint ?? sources.labelled[gateway.name]?.rules[key]
                    ?? detour(around: target, key, live), version: asked?.version,
                cause: trail.route(key, on: gateway.name), flip: sources.flips[key])
        }
    }

    private func state(
        of target: RouteTarget, _ key: RouteKey, _ asked: ObservedBaseline?
    ) -> RoutesPicture.Route.State {
        switch target {
        case .starting: .starting
        case .suspended: .suspended
        case .failing: .failing
        case .endpoint(_, let label):
            if let asked {
                asked.complaint == nil ? .healthy : .unhealthy
            } else {
                label == "\(key.service)@baseline" ? .unasked : .serving
            }
        }
    }

    /// The rules by which requests go to the baseline while the sandbox's own does not serve.
    private func detour(around target: RouteTarget, _ key: RouteKey, _ live: ObservedGateway) -> String? {
        guard let sandbox = key.sandbox, let reason = target.reasonToFallBack else { return nil }
        let rules = [RouteScope.sandbox(sandbox), .everybody].flatMap { live.rules[$0] ?? [] }.filter { rule in
            rule.fallback.contains(reason)
                && rule.backends.contains { $0.service == key.service && $0.use != .baseline }
        }
        // What fails is sent requests still: perhaps it answers some.
        let others = target.endpoint == nil ? "are answered 503" : "still go there"
        guard !rules.isEmpty else { return "requests \(others)" }
        let titles = rules.map(\.title).joined(separator: ", ")
        return "requests of rule \(titles) go to the baseline; others \(others)"
    }

    private func rules(
        _ scopes: [RouteScope], at gateway: DesiredGateway, _ live: ObservedGateway
    ) -> [RoutesPicture.Rule] {
        scopes.flatMap { scope in
            (live.rules[scope] ?? []).map { rule in
                RoutesPicture.Rule(
                    rule: rule, scope: scope, cause: trail.rule(rule, of: gateway.name, for: scope.sandbox))
            }
        }
    }
}

extension RouteTarget {
    /// Why a rule may send its requests elsewhere; `nil` while it serves.
    fileprivate var reasonToFallBack: RouteRule.Fallback? {
        switch self {
        case .endpoint: nil
        case .failing, .starting: .unhealthy
        case .suspended: .suspended
        }
    }
}

extension DesiredGateway {
    /// Whether it has tables of who is let in; a Traefik reads the labels of containers instead.
    fileprivate var isTold: Bool { if case .traefikLabels = driver { false } else { true } }

    fileprivate var webPorts: [(scheme: Endpoint.Scheme, port: UInt16)] {
        listeners.compactMap { listener in
            guard case .web(let port) = listener.role else { return nil }
            return (listener.certificate == nil ? .http : .https, port)
        }
    }

    fileprivate func scheme(of port: UInt16) -> Endpoint.Scheme {
        listeners.first { $0.role.takes(port) }?.certificate == nil ? .http : .https
    }
}

extension DesiredGateway.Driver {
    var word: String {
        switch self {
        case .haproxy: "haproxy"
        case .configFileMap: "configFileMap"
        case .traefikLabels: "traefikLabels"
        }
    }
}
