internal import Model
internal import Planner

/// A rule that comes before what decided and is not for the request, with the first thing that kept it from being so.
struct NearMiss: Hashable, Sendable {
    let rule: RouteRule
    let cause: Cause?
    /// `it is for POST`
    let reason: String
    /// How many of its conditions held before.
    fileprivate let held: Int

    /// Those that came nearest first; of equals, those that are asked first.
    static func all(
        before decision: Decision, of request: GatewayRequest, at gateway: DesiredGateway, by table: RoutingTable,
        _ trail: Trail
    ) -> [NearMiss] {
        guard decision.rule != nil || decision.service != nil || decision.isLost else { return [] }
        let sandbox = decision.selection.sandbox
        let scopes: [RouteScope] = (sandbox.map { [.sandbox($0)] } ?? []) + [.everybody]
        let asked = scopes.flatMap { table.rules[$0] ?? [] }.prefix { $0 != decision.rule }
        let law = Probe(request: request, gateway: gateway, sandboxes: table.sandboxes)
        let misses = asked.compactMap { rule -> NearMiss? in
            guard let (reason, held) = law.firstFailure(of: rule.match) else { return nil }
            return NearMiss(
                rule: rule, cause: trail.rule(rule, of: gateway.name, for: sandbox), reason: reason, held: held)
        }
        return misses.enumerated().sorted { ($1.element.held, $0.offset) < ($0.element.held, $1.offset) }
            .map(\.element)
    }
}

extension Decision {
    /// No rule was for it, and neither host nor path names a service.
    fileprivate var isLost: Bool {
        guard case .refuse(404, _, let message)? = outcomes.first?.answer else { return false }
        return message == "the path names no service"
    }
}

/// Asks the law whether a request is one of a match, with as much of the match as is wanted.
private struct Probe {
    let request: GatewayRequest
    let gateway: DesiredGateway
    let sandboxes: [SandboxName: Admission]

    private func takes(_ match: RouteMatch) -> Bool {
        guard let service = try? ServiceName("probe") else { return false }  // SAFE: it is a slug
        let rule = RouteRule(title: "probe", match: match, backends: [RouteBackend(service: service)])
        let table = RoutingTable(sandboxes: sandboxes, rules: [.everybody: [rule]])
        return Decision(of: request, at: gateway, by: table).rule != nil
    }

    /// What is not met, and how many conditions before it are; `nil` where all are met.
    func firstFailure(of match: RouteMatch) -> (reason: String, held: Int)? {
        var held = 0
        var part = RouteMatch(host: match.host)
        guard takes(part) else { return (reason(host: match.host), held) }
        if match.host != .any { held += 1 }

        part.path = match.path
        guard takes(part) else { return ("it is for path \(match.path.words)", held) }
        if match.path != .any { held += 1 }

        if let method = match.method {
            part.method = method
            guard takes(part) else { return ("it is for \(method)", held) }
            held += 1
        }
        for (kind, values) in [(Kind.header, match.headers), (.cookie, match.cookies), (.query, match.query)] {
            for value in values {
                kind.put(value, into: &part)
                guard takes(part) else { return ("it needs \(kind.word) \(value.words)", held) }
                held += 1
            }
        }
        return nil
    }

    private func reason(host: RouteMatch.Host) -> String {
        switch host {
        case .any: "it names no host, and calls from inside a sandbox are for rules that do"
        case .exact(let name): "it is for host \(name)"
        case .below(let domain): "it is for host *.\(domain)"
        }
    }

    private enum Kind {
        case header, cookie, query

        var word: String {
            switch self {
            case .header: "header"
            case .cookie: "cookie"
            case .query: "query"
            }
        }

        func put(_ value: RouteMatch.Value, into match: inout RouteMatch) {
            switch self {
            case .header: match.headers.append(value)
            case .cookie: match.cookies.append(value)
            case .query: match.query.append(value)
            }
        }
    }
}

extension RouteMatch.Path {
    fileprivate var words: String {
        switch self {
        case .any: "/…"
        case .exact(let path): path
        case .prefix(let path): "\(path)/…"
        case .regex(let text): "matching \(text)"
        }
    }
}

extension RouteMatch.Value {
    fileprivate var words: String {
        switch test {
        case .exact(let value): "\(name): \(value)"
        case .present: name
        case .regex(let text): "\(name) matching \(text)"
        }
    }
}
