package import Model

/// What a gateway does with one request, and why: the law that its program follows.
///
/// A pure function of the gateway's manifest, its table and the request. HAProxy runs the same law as a program of its
/// own; a test holds the two together on random tables and requests.
package struct Decision: Hashable, Sendable {
    package var selection: Selection
    /// `nil` where no rule was for it, and the host or the first part of the path names the service.
    package var rule: RouteRule?
    /// By what the service was found, without a rule.
    package var service: ServiceSource?
    /// What becomes of it; more than one where weights leave it to chance. Never empty.
    package var outcomes: [Outcome]

    package enum ServiceSource: String, Hashable, Sendable { case host, path }

    package struct Outcome: Hashable, Sendable {
        /// Of ``Decision/total``.
        package var weight: Int
        package var answer: Answer
        package var backend: RouteBackend?
        /// The route that was followed.
        package var key: RouteKey?
        /// Went to the baseline because the sandbox's own does not serve.
        package var isFallback = false
    }

    package enum Answer: Hashable, Sendable {
        case forward(Endpoint, label: String, path: String, query: String?)
        case refuse(status: Int, label: String, message: String)
    }

    package var total: Int { outcomes.reduce(0) { $0 + $1.weight } }

    /// What `x-sandbox-route` says when an outcome comes to pass.
    package func shown(_ outcome: Outcome) -> String {
        let label =
            switch outcome.answer {
            case .forward(_, let label, _, _): label
            case .refuse(_, let label, _): label
            }
        return "\(selection.sandbox?.text ?? "-")/\(label) by \(selection.by?.word ?? "default")"
            + (rule.map { ", rule \($0.title)" } ?? "") + (outcome.isFallback ? ", fallback" : "")
    }

    /// What becomes of a request with a value of the rule's sticky cookie.
    package func outcome(sticking value: String) -> Outcome {
        var rest = Int(FNV.hash(value)) % max(1, total)
        for outcome in outcomes {
            if rest < outcome.weight { return outcome }
            rest -= outcome.weight
        }
        return outcomes[0]
    }

    /// `verify` takes the value of a signed cookie and says which sandbox it is for; `nil` where its signature is wrong.
    package init(
        of request: GatewayRequest, at gateway: DesiredGateway, by table: RoutingTable,
        verify: (String) -> String? = { $0.split(separator: ".").first.map(String.init) }
    ) {
        self = withoutActuallyEscaping(verify) { verify in
            Deciding(
                gateway: gateway, table: table, request: request,
                selecting: Selecting(gateway: gateway, table: table, request: request, verify: verify)
            ).decide()
        }
    }

    fileprivate init(
        _ selection: Selection, rule: RouteRule? = nil, service: ServiceSource? = nil, outcomes: [Outcome]
    ) {
        self.selection = selection
        self.rule = rule
        self.service = service
        self.outcomes = outcomes
    }

    fileprivate init(_ selection: Selection, refuse status: Int, _ message: String) {
        self.init(
            selection,
            outcomes: [Outcome(weight: 1, answer: .refuse(status: status, label: "-", message: message))])
    }
}

/// 32-bit FNV-1a: which backend a sticky cookie stands for.
package enum FNV {
    package static func hash(_ text: String) -> UInt32 {
        text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}

private struct Deciding {
    let gateway: DesiredGateway
    let table: RoutingTable
    let request: GatewayRequest
    let selecting: Selecting

    func decide() -> Decision {
        let selection = selecting.select()
        if isCircling { return Decision(selection, refuse: 508, "the request goes in a circle") }
        if selecting.isOnSandboxPort, table.holder(of: request.port) == nil {
            return Decision(selection, refuse: 404, "no sandbox on port \(request.port)")
        }
        if selecting.caller == nil, selecting.listener?.role.isInside == true {
            return Decision(selection, refuse: 404, "port \(request.port) is for calls out of sandboxes")
        }
        let scopes: [RouteScope] = (selection.sandbox.map { [.sandbox($0)] } ?? []) + [.everybody]
        for rule in scopes.lazy.flatMap({ table.rules[$0] ?? [] })
        where rule.match.takes(request, isInside: selection.isInside) {
            return follow(rule, selection)
        }
        return findService(selection)
    }

    /// The gateway adds itself to `via` on every pass. What is too long to be read is the way of no honest request.
    private var isCircling: Bool {
        let text = request.headers.filter { $0.name == "via" }.map(\.value).joined(separator: ",")
        guard text.utf8.count <= Self.viaBytes else { return true }
        let passes = text.split(separator: ",")
        return passes.count { CarrierReading.trimmed($0).hasSuffix(" berth-\(gateway.name)") } >= CarrierBounds.hops
    }

    private static let viaBytes = 8192

    // MARK: By rule

    private func follow(_ rule: RouteRule, _ selection: Selection) -> Decision {
        let chosen = rule.backends.filter { $0.weight > 0 }
        guard !chosen.isEmpty else {
            var decision = Decision(selection, refuse: 503, "rule \(rule.title) sends nothing anywhere")
            decision.rule = rule
            return decision
        }
        let path = rewritten(by: rule)
        let outcomes = chosen.map { backend in
            var outcome = reach(backend.service, backend.use, for: selection, fallback: rule.fallback, path: path)
            outcome.weight = backend.weight
            outcome.backend = backend
            return outcome
        }
        return Decision(selection, rule: rule, outcomes: outcomes)
    }

    private func rewritten(by rule: RouteRule) -> String {
        switch rule.rewrite {
        case nil: return request.path
        case .path(let path): return path
        case .prefix(let replacement):
            var start = replacement[...]
            if start.last == "/" { start = start.dropLast() }
            guard case .prefix(let matched) = rule.match.path else { return start.isEmpty ? "/" : String(start) }
            let path = start + request.path.dropFirst(matched.count)
            return path.isEmpty ? "/" : String(path)
        }
    }

    // MARK: Without a rule

    private func findService(_ selection: Selection) -> Decision {
        if let named = selection.serviceByHost, let service = Self.service(named) {
            let outcome = reach(service, .automatic, for: selection, fallback: [], path: request.path)
            return Decision(selection, service: .host, outcomes: [outcome])
        }
        let parts = request.path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard request.path.hasPrefix("/"), let first = parts.first, let service = Self.service(String(first)) else {
            return Decision(selection, refuse: 404, "the path names no service")
        }
        let path = "/" + (parts.count > 1 ? String(parts[1]) : "")
        return Decision(
            selection, service: .path,
            outcomes: [reach(service, .automatic, for: selection, fallback: [], path: path)])
    }

    private static func service(_ text: String) -> ServiceName? {
        try? ServiceName(text)  // SAFE: what is no slug names no service
    }

    // MARK: To a target

    private func reach(
        _ service: ServiceName, _ use: RouteBackend.Use, for selection: Selection, fallback: Set<RouteRule.Fallback>,
        path: String
    ) -> Decision.Outcome {
        let own = selection.sandbox.map { RouteKey(sandbox: $0, service: service) }
        let shared = RouteKey(sandbox: nil, service: service)
        let candidates: [RouteKey] =
            switch use {
            case .baseline: [shared]
            case .sandbox: own.map { [$0] } ?? []
            case .automatic: (own.map { [$0] } ?? []) + [shared]
            }
        guard let key = candidates.first(where: { table.routes[$0] != nil }), let target = table.routes[key] else {
            let message = "no route for service \(service) in sandbox \(selection.sandbox?.text ?? "-")"
            return .init(weight: 1, answer: .refuse(status: 404, label: "-", message: message))
        }
        if key != shared, let reason = target.reasonToFallBack, fallback.contains(reason),
            let endpoint = table.routes[shared]?.endpoint
        {
            let label = table.routes[shared]?.label ?? "-"
            return .init(
                weight: 1, answer: forward(endpoint, label, path), key: shared, isFallback: true)
        }
        return .init(weight: 1, answer: answer(target, service, selection, path), key: key)
    }

    private func answer(
        _ target: RouteTarget, _ service: ServiceName, _ selection: Selection, _ path: String
    ) -> Decision.Answer {
        let sandbox = selection.sandbox?.text ?? "-"
        return switch target {
        case .endpoint(let endpoint, let label), .failing(let endpoint, let label): forward(endpoint, label, path)
        case .starting:
            .refuse(
                status: 503, label: "starting", message: "service \(service) of sandbox \(sandbox) is starting")
        case .suspended: .refuse(status: 503, label: "suspended", message: "sandbox \(sandbox) is suspended")
        }
    }

    private func forward(_ endpoint: Endpoint, _ label: String, _ path: String) -> Decision.Answer {
        var query = request.query
        for case .query(let name, _) in gateway.selection {
            query = query.flatMap { QueryText($0).without(name, of: $0) }
        }
        return .forward(endpoint, label: label, path: path, query: query)
    }
}

extension RouteTarget {
    package var label: String {
        switch self {
        case .endpoint(_, let label), .failing(_, let label): label
        case .starting: "starting"
        case .suspended: "suspended"
        }
    }

    /// Why requests may go to the baseline instead, where they may.
    fileprivate var reasonToFallBack: RouteRule.Fallback? {
        switch self {
        case .endpoint: nil
        case .failing, .starting: .unhealthy
        case .suspended: .suspended
        }
    }
}
