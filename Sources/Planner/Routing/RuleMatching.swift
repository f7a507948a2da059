internal import Model

extension RouteMatch {
    /// Whether a request is one of these. Called from inside a sandbox, a host is the name of a service, and only rules
    /// that name it are asked.
    func takes(_ request: GatewayRequest, isInside: Bool) -> Bool {
        takesHost(request.host, isInside: isInside) && takesPath(request.path)
            && (method == nil || method == request.method) && takesHeaders(request) && takesCookies(request)
            && takesQuery(request)
    }

    private func takesHost(_ name: String, isInside: Bool) -> Bool {
        switch host {
        case .any: !isInside
        case .exact(let exact): name == exact
        case .below(let domain): name.hasSuffix("." + domain)
        }
    }

    private func takesPath(_ asked: String) -> Bool {
        switch path {
        case .any: true
        case .exact(let exact): asked == exact
        case .prefix(let prefix): asked == prefix || asked.hasPrefix(prefix + "/")
        case .regex(let text): RouteRegex.matches(text, asked)
        }
    }

    private func takesHeaders(_ request: GatewayRequest) -> Bool {
        headers.allSatisfy { wanted in
            let values = request.headers.filter { $0.name == wanted.name }.map(\.value)
            return wanted.test.passes(values)
        }
    }

    private func takesCookies(_ request: GatewayRequest) -> Bool {
        guard !cookies.isEmpty else { return true }
        guard let pairs = CookieText(request).pairs else { return false }
        return cookies.allSatisfy { wanted in
            wanted.test.passes(pairs.first { $0.name == wanted.name }.map { [$0.value] } ?? [])
        }
    }

    private func takesQuery(_ request: GatewayRequest) -> Bool {
        guard !query.isEmpty else { return true }
        let text = QueryText(request.query ?? "")
        return query.allSatisfy { wanted in
            wanted.test.passes(text.values(of: wanted.name).map { Array($0.prefix(1)) } ?? [])
        }
    }
}

extension RouteMatch.Value.Test {
    fileprivate func passes(_ values: [String]) -> Bool {
        switch self {
        case .present: !values.isEmpty
        case .exact(let wanted): values.contains(wanted)
        case .regex(let text): values.contains { RouteRegex.matches(text, $0) }
        }
    }
}
