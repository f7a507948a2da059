internal import Model

extension Resolver {
    /// Works Route and Deployment manifests in, in order of place; those of sandboxes are there already.
    mutating func resolveRoutes() {
        var load = RuleLoad()
        for route in result.routes.inOrder { load.add(route) }
        for route in index.routes.values.sorted(by: { $0.place < $1.place }) {
            let desired = attempt(route.object.id) { resolver, findings in
                resolver.route(route, load, &findings)
            }
            enter(desired, of: route.object.id, &load)
        }
        var taken: [String: Declared<DeploymentSpec>] = [:]
        for deployment in index.deployments.values.sorted(by: { $0.place < $1.place }) {
            let desired = attempt(deployment.object.id) { resolver, findings in
                resolver.deployment(deployment, load, &taken, &findings)
            }
            enter(desired, of: deployment.object.id, &load)
        }
    }

    private mutating func enter(_ route: DesiredRoute?, of id: ObjectID, _ load: inout RuleLoad) {
        guard let route else { return }
        load.add(route)
        result.routes[id] = [route]
    }

    private func route(
        _ route: Declared<RouteSpec>, _ load: RuleLoad, _ findings: inout Findings
    ) -> DesiredRoute? {
        let file = route.place.file
        let gateway = rulesGateway(route.spec.gateway?.placed(in: file), of: "route", at: route.place, &findings)
        var sandboxes: Set<SandboxName> = []
        for reference in route.spec.sandboxes.map({ $0.placed(in: file) }) {
            let id = ObjectID(kind: .sandbox, name: reference.value.name)
            // One that is broken now has rules again when it is mended.
            guard
                index.broken[id] != nil
                    || index.find(reference, .sandbox, in: index.sandboxes, &findings) != nil
            else { continue }
            let name: SandboxName = Self.name(reference.value.name)
            sandboxes.insert(name)
            guard let gateway, let sandbox = result.sandbox(name), sandbox.gateway != gateway.name else { continue }
            findings.error(
                reference.place, "other-gateway",
                "sandbox \(name) is behind \(sandbox.gateway.map { "gateway \($0)" } ?? "no gateway"), and these are "
                    + "rules of gateway \(gateway.name); name that of the sandbox with \"gateway\"")
        }
        guard let gateway else { return nil }
        let residents = sandboxes.compactMap { result.sandbox($0) }
        let frame = RouteFrame(
            title: "route \(route.name)", prefix: route.name, gateway: gateway, sandboxes: sandboxes,
            residents: residents.count == sandboxes.count && !sandboxes.isEmpty ? residents : nil, place: route.place,
            load: load)
        return self.route(route.spec.body, in: frame, &findings)
    }

    /// The rules that a sandbox has for its own requests.
    func routes(
        of sandbox: DesiredSandbox, _ setting: SandboxSetting, _ findings: inout Findings
    ) -> [DesiredRoute] {
        let merged = setting.merged.routes.sorted { $0.key < $1.key }
        guard let first = merged.first else { return [] }
        guard let gateway = setting.gateway else {
            if setting.merged.gatewayName == nil, index.gateways.isEmpty {
                findings.error(
                    first.value.place, "no-gateway", "there is no gateway that rules could be of; declare one")
            }
            return []
        }
        guard gateway.driver == .haproxy else {
            findings.error(first.value.place, "driver", Self.noRules(gateway))
            return []
        }
        var load = RuleLoad()
        return merged.compactMap { name, body in
            let frame = RouteFrame(
                title: "route \(name) of sandbox \(sandbox.name)", prefix: "\(sandbox.name)/\(name)", gateway: gateway,
                sandboxes: [sandbox.name], residents: [sandbox], place: body.place, load: load)
            let route = route(body.value, in: frame, &findings)
            if let route { load.add(route) }
            return route
        }
    }

    /// The gateway that is named, or the only one that has rules.
    func rulesGateway(
        _ reference: Placed<Reference>?, of kind: String, at place: Place, _ findings: inout Findings
    ) -> DesiredGateway? {
        if let reference {
            guard let gateway = gateway(reference, &findings) else { return nil }
            guard gateway.driver != .haproxy else { return gateway }
            findings.error(reference.place, "driver", Self.noRules(gateway))
            return nil
        }
        let able = result.gateways.values.filter { $0.driver == .haproxy }.sorted { $0.name < $1.name }
        if let broken = brokenGateway {
            findings.error(
                place, "broken-reference",
                "\(broken.key) is broken at \(broken.value.place); mend that first, or name another gateway")
        } else if able.isEmpty {
            findings.error(place, "no-gateway", "there is no gateway of driver haproxy; declare one")
        } else if able.count > 1 {
            findings.error(
                place, "ambiguous-gateway",
                "the \(kind) could be of any of \(able.map(\.name.text).joined(separator: ", ")); name one with "
                    + "\"gateway\"")
        } else {
            return able.first
        }
        return nil
    }

    private static func noRules(_ gateway: DesiredGateway) -> String {
        "gateway \(gateway.name) of driver \(gateway.driver.word) has no rules; name one of driver haproxy"
    }

    // MARK: Rules

    private func route(_ body: RouteBody, in frame: RouteFrame, _ findings: inout Findings) -> DesiredRoute? {
        let hosts = body.hosts.isEmpty ? [RouteMatch.Host.any] : body.hosts
        let count = body.rules.reduce(0) { $0 + max(1, $1.value.matches.count) } * hosts.count
        guard frame.load.hasRoom(for: count, frame.gateway.name, frame.sandboxes, at: frame.place, &findings) else {
            return nil
        }
        var rules: [DesiredRoute.Placed] = []
        for (number, spec) in body.rules.enumerated() {
            let place = spec.mark.place(in: frame.place.file)
            let title = "\(frame.prefix)/\(spec.value.name ?? String(number + 1))"
            let rule = rule(spec.value, title: title, at: place, in: frame, &findings)
            for host in hosts {
                for match in spec.value.matches.isEmpty ? [RouteMatch()] : spec.value.matches {
                    var rule = rule
                    rule.match = match
                    rule.match.host = host
                    rules.append(DesiredRoute.Placed(rule: rule, place: place))
                }
            }
        }
        let tests = body.tests.compactMap { test(of: $0, in: frame, &findings) }
        return DesiredRoute(
            title: frame.title, gateway: frame.gateway.name, sandboxes: frame.sandboxes, rules: rules, tests: tests,
            place: frame.place)
    }

    private func rule(
        _ spec: RouteRuleSpec, title: String, at place: Place, in frame: RouteFrame, _ findings: inout Findings
    ) -> RouteRule {
        let file = frame.place.file
        let backends = spec.backends.compactMap { backend(of: $0, spec, in: frame, &findings) }
        let cookies = frame.gateway.selection.compactMap { if case .cookie(let name, _) = $0 { name } else { nil } }
        if let sticky = spec.sticky, cookies.contains(sticky.value) {
            findings.error(
                sticky.mark.place(in: file), "reserved",
                "cookie \(quoted(sticky.value)) names the sandbox at gateway \(frame.gateway.name); take another")
        }
        let carriers = frame.gateway.carriers
        for name in spec.request.names where carriers.contains(name.value) {
            findings.error(
                name.mark.place(in: file), "reserved",
                "header \(quoted(name.value)) names the sandbox at gateway \(frame.gateway.name); take another")
        }
        let answers = [frame.gateway.responseHeaders.route, frame.gateway.responseHeaders.conflict]
        for name in spec.response.names where answers.contains(name.value) {
            findings.error(
                name.mark.place(in: file), "reserved",
                "header \(quoted(name.value)) says who served at gateway \(frame.gateway.name); take another")
        }
        return RouteRule(
            title: title, backends: backends, stickyCookie: spec.sticky?.value, rewrite: spec.rewrite,
            requestHeaders: spec.request.changes, responseHeaders: spec.response.changes,
            timeoutMillis: spec.timeoutMillis, fallback: spec.fallback)
    }

    private func backend(
        of spec: RouteRuleSpec.Backend, _ rule: RouteRuleSpec, in frame: RouteFrame, _ findings: inout Findings
    ) -> RouteBackend? {
        guard let reference = spec.service?.placed(in: frame.place.file),
            let service = index.find(reference, .service, in: index.services, &findings)
        else { return nil }
        let name: ServiceName = Self.name(service.name)
        if result.baselines[name] == nil, spec.use == .baseline || !rule.fallback.isEmpty {
            let remedy = spec.use == .baseline ? "use another deployment here" : "remove \"fallback\""
            findings.error(
                reference.place, "no-baseline",
                "service \(quoted(service.object.title)) has no baseline; add \"baseline: {url: …}\" to it at "
                    + "\(service.place.short), or \(remedy)")
        }
        if spec.use == .sandbox, let residents = frame.residents, !residents.contains(where: { $0.deploys(name) }) {
            let names = residents.map(\.name.text).sorted().joined(separator: ", ")
            findings.error(
                reference.place, "not-sandboxed",
                "service \(quoted(service.object.title)) has no deployment of its own in \(names); add it there, or "
                    + "write \"use: auto\"")
        }
        return RouteBackend(service: name, use: spec.use, weight: spec.weight)
    }
}

/// What the rules of one route have in common.
struct RouteFrame {
    /// `route login-api`
    let title: String
    /// `login-api`, before the name of each rule.
    let prefix: String
    let gateway: DesiredGateway
    let sandboxes: Set<SandboxName>
    /// The sandboxes; `nil` where they are everybody, or one of them cannot be used now.
    let residents: [DesiredSandbox]?
    let place: Place
    /// The rules that are there before them.
    let load: RuleLoad
}

/// How many rules each scope of each gateway has so far.
struct RuleLoad {
    private struct Scope: Hashable {
        let gateway: GatewayName
        let scope: RouteScope
    }

    private var counts: [Scope: Int] = [:]

    mutating func add(_ route: DesiredRoute) {
        for scope in Self.scopes(route.gateway, route.sandboxes) { counts[scope, default: 0] += route.rules.count }
    }

    /// Whether there is room for `count` more; where there is none, that is reported. Asked before rules are made.
    func hasRoom(
        for count: Int, _ gateway: GatewayName, _ sandboxes: Set<SandboxName>, at place: Place,
        _ findings: inout Findings
    ) -> Bool {
        let full = Self.scopes(gateway, sandboxes).first { counts[$0, default: 0] + count > RouteLimits.rules }
        guard let full else { return true }
        findings.error(
            place, "limit-rules",
            "with \(count) rules more \(full.scope) would have \(counts[full, default: 0] + count) at gateway "
                + "\(gateway), and \(RouteLimits.rules) is the limit; each host with each match is one, so use fewer, or "
                + "*.example.com for all hosts below one")
        return false
    }

    private static func scopes(_ gateway: GatewayName, _ sandboxes: Set<SandboxName>) -> [Scope] {
        let scopes = sandboxes.isEmpty ? [.everybody] : sandboxes.sorted().map(RouteScope.sandbox)
        return scopes.map { Scope(gateway: gateway, scope: $0) }
    }
}

extension DesiredSandbox {
    /// Whether it has a container of the service, or an address of its own for it.
    fileprivate func deploys(_ service: ServiceName) -> Bool {
        switch services[service]?.use {
        case .container?, .target?: true
        case .baseline?, nil: false
        }
    }
}

extension DesiredGateway {
    /// Headers of requests that the gateway reads the sandbox from, or writes it to.
    fileprivate var carriers: Set<String> {
        var names: Set<String> = []
        for selector in selection {
            switch selector {
            case .header(let name): names.insert(name)
            case .baggage: names.insert("baggage")
            case .tracestate: names.insert("tracestate")
            case .port, .sourceNetwork, .host, .query, .cookie: break
            }
        }
        if injects.contains(.baggage) { names.insert("baggage") }
        if injects.contains(.tracestate) { names.insert("tracestate") }
        return names
    }
}
