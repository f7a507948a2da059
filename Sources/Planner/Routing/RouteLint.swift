package import Model

/// What is wrong with rules that read well: tests of theirs that fail, and rules that no request reaches.
package enum RouteLint {
    /// In order of place.
    package static func problems(of desired: DesiredState) -> [ManifestProblem] {
        let found =
            failingTests(of: desired) + shadowed(in: desired) + unreachable(in: desired) + refusing(in: desired)
        return Set(found).sorted { ($0.place, $0.message) < ($1.place, $1.message) }
    }

    // MARK: Tests

    private static func failingTests(of desired: DesiredState) -> [ManifestProblem] {
        var tables: [GatewayName: RoutingTable] = [:]
        return desired.routes.filter { !$0.tests.isEmpty }.flatMap { route -> [ManifestProblem] in
            guard let gateway = desired.gateways[route.gateway] else { return [] }
            let table = tables[route.gateway] ?? RoutingTable(of: route.gateway, in: desired, asIfAwake: true)
            tables[route.gateway] = table
            return route.tests.compactMap { test in
                let decision = Decision(of: test.request, at: gateway, by: table) { Optional($0) }
                let complaint = test.complaint(at: gateway, by: table) ?? test.complaint(about: decision, in: desired)
                return complaint.map {
                    ManifestProblem(at: test.place, code: "route-test", "the test of \(route.title) fails: \($0)")
                }
            }
        }
    }

    // MARK: Rules

    /// Rules behind one that takes all of their requests.
    private static func shadowed(in desired: DesiredState) -> [ManifestProblem] {
        desired.gateways.keys.sorted().flatMap { gateway in
            desired.placedRules(of: gateway).sorted { $0.key < $1.key }.flatMap { _, rules in
                // In order of precedence a rule for wider hosts comes later, so only one for the same host can hide it.
                Dictionary(grouping: rules, by: \.rule.match.host).values.flatMap(shadowed(among:))
            }
        }
    }

    private static func shadowed(among rules: [DesiredRoute.Placed]) -> [ManifestProblem] {
        rules.indices.compactMap { index -> ManifestProblem? in
            let rule = rules[index]
            guard let first = rules[..<index].first(where: { $0.rule.match.covers(rule.rule.match) }) else {
                return nil
            }
            return ManifestProblem(
                .warning, at: rule.place, code: "shadowed",
                "rule \(rule.rule.title) gets no request: \(first.rule.title) at \(first.place.short) takes all "
                    + "of \(rule.rule.match.words); remove one, or make the other narrower")
        }
    }

    /// Rules for everybody that refuse those who name no sandbox.
    private static func refusing(in desired: DesiredState) -> [ManifestProblem] {
        desired.routes.filter(\.sandboxes.isEmpty).flatMap(\.rules).compactMap { placed in
            guard let backend = placed.rule.backends.first(where: { $0.use == .sandbox && $0.weight > 0 }) else {
                return nil
            }
            return ManifestProblem(
                .warning, at: placed.place, code: "refusing",
                "rule \(placed.rule.title) answers 404 to requests outside every sandbox, where \(backend.service) has no "
                    + "deployment of its own; write \"use: auto\", or name its \"sandboxes\"")
        }
    }

    /// Rules whose host never comes with a request that selects the sandbox they are for.
    private static func unreachable(in desired: DesiredState) -> [ManifestProblem] {
        let sandboxes = Set(desired.allSandboxes.keys.map(\.text))
        return desired.routes.flatMap { route -> [ManifestProblem] in
            guard let domain = desired.gateways[route.gateway]?.baseDomain, !route.sandboxes.isEmpty else { return [] }
            return route.rules.compactMap { placed in
                guard case .exact(let host) = placed.rule.match.host, host.hasSuffix("." + domain),
                    let other = host.dropLast(domain.utf8.count + 1).split(separator: ".").last,
                    !route.sandboxes.contains(where: { $0.text == other }), sandboxes.contains(String(other))
                else { return nil }
                return ManifestProblem(
                    .warning, at: placed.place, code: "unreachable",
                    "rule \(placed.rule.title) gets hardly a request: \(host) selects sandbox \(other), and the rule is "
                        + "for \(route.sandboxes.sorted().map(\.text).joined(separator: ", ")); write another host")
            }
        }
    }
}

extension RouteTest {
    /// Why a test cannot be judged before anything runs; `nil` where it can.
    fileprivate func complaint(at gateway: DesiredGateway, by table: RoutingTable) -> String? {
        guard let range = gateway.sandboxPorts, range.contains(request.port),
            !table.sandboxes.values.contains(where: { $0.port == request.port })
        else { return nil }
        return "port \(request.port) is given out only when a sandbox is applied; name the sandbox by host or header"
    }

    /// What comes of the request instead of what is expected; `nil` where they agree.
    fileprivate func complaint(about decision: Decision, in desired: DesiredState) -> String? {
        let got = decision.outcomes.map { decision.shown($0) + $0.refusal }.joined(separator: " or ")
        let words = "\(request.method) \(request.host)\(request.path)"
        guard let service else {
            return decision.outcomes.allSatisfy(\.isRefused) ? nil : "\(words) is to be refused, and goes to \(got)"
        }
        if let sandbox, decision.selection.sandbox != sandbox {
            let selected = decision.selection.sandbox.map { "sandbox \($0)" } ?? "no sandbox"
            return "\(words) is to select sandbox \(sandbox), and selects \(selected)"
        }
        let isMet = decision.outcomes.contains { outcome in
            guard !outcome.isRefused, let key = outcome.key, key.service == service else { return false }
            switch target {
            case nil: return true
            case .baseline?: return desired.isBaseline(key)
            case .sandbox?: return key.sandbox != nil && !desired.isBaseline(key)
            }
        }
        let wanted = target.map { "\(service) of the \($0.rawValue)" } ?? "\(service)"
        return isMet ? nil : "\(words) is to go to \(wanted), and goes to \(got)"
    }
}

extension Decision.Outcome {
    /// ` (404: no route for service …)`
    fileprivate var refusal: String {
        if case .refuse(let status, _, let message) = answer { " (\(status): \(message))" } else { "" }
    }

    fileprivate var isRefused: Bool { if case .refuse = answer { true } else { false } }
}

extension DesiredState {
    /// Whether a route leads to the shared deployment.
    fileprivate func isBaseline(_ key: RouteKey) -> Bool {
        guard let sandbox = key.sandbox, let service = allSandboxes[sandbox]?.services[key.service] else { return true }
        if case .baseline = service.use { return true }
        return false
    }
}

extension RouteMatch {
    /// Whether every request of `other` is one of these. May say no where it cannot tell.
    package func covers(_ other: RouteMatch) -> Bool {
        host.covers(other.host) && path.covers(other.path) && (method == nil || method == other.method)
            && Self.cover(headers, other.headers) && Self.cover(cookies, other.cookies)
            && Self.cover(query, other.query)
    }

    /// Each of these is asked there too, at least as strictly.
    private static func cover(_ these: [Value], _ those: [Value]) -> Bool {
        these.allSatisfy { wanted in
            those.contains { $0 == wanted || ($0.name == wanted.name && wanted.test == .present) }
        }
    }
}

extension RouteMatch.Host {
    fileprivate func covers(_ other: Self) -> Bool {
        switch (self, other) {
        // Called from inside a sandbox, only rules that name a host are asked.
        case (.any, .exact(let name)): name.contains(".")
        case (.any, _): true
        case (.below(let domain), .exact(let name)): name.hasSuffix("." + domain)
        case (.below(let domain), .below(let narrower)): narrower == domain || narrower.hasSuffix("." + domain)
        case (.exact, _): self == other
        case (.below, .any): false
        }
    }
}

extension RouteMatch.Path {
    fileprivate func covers(_ other: Self) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (.prefix(let prefix), .exact(let path)), (.prefix(let prefix), .prefix(let path)):
            path == prefix || path.hasPrefix(prefix + "/")
        case (.regex(let text), .exact(let path)): RouteRegex.matches(text, path)
        case (_, _): self == other
        }
    }
}
