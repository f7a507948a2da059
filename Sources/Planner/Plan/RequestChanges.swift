internal import Model

extension RequestChange {
    /// What the change of a scope's rules does to requests: rules are the same when they are for the same requests.
    static func between(_ old: [RouteRule], _ new: [RouteRule]) -> [RequestChange] {
        let before = Dictionary(old.map { ($0.match, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.match, $0) }, uniquingKeysWith: { first, _ in first })
        let added = new.filter { after[$0.match] == $0 && before[$0.match] != $0 }.compactMap { rule in
            let from = before[rule.match]?.destination
            return RequestChange(rule.match.words, from: from, to: rule.destination)
        }
        let removed = old.filter { before[$0.match] == $0 && after[$0.match] == nil }.map { rule in
            RequestChange(rule.match.words, from: rule.destination, to: nil)
        }
        return added + removed
    }
}

extension RouteRule {
    /// `account 90 %, account@baseline 10 %`
    package var destination: String {
        let total = backends.reduce(0) { $0 + $1.weight }
        let shares = backends.filter { $0.weight > 0 }.map { backend in
            let name = backend.use == .automatic ? "\(backend.service)" : "\(backend.service)@\(backend.use.rawValue)"
            return total == backend.weight ? name : "\(name) \(Self.percent(backend.weight, of: total))"
        }
        var words = shares.isEmpty ? "nowhere" : shares.joined(separator: ", ")
        switch rewrite {
        case .prefix(let path)?, .path(let path)?: words += " as \(path)"
        case nil: break
        }
        if !fallback.isEmpty {
            words += ", or the baseline when \(fallback.sorted().map(\.rawValue).joined(separator: " or "))"
        }
        if !requestHeaders.isEmpty || !responseHeaders.isEmpty { words += ", headers changed" }
        if let timeoutMillis { words += ", within \(timeoutMillis) ms" }
        if stickyCookie != nil { words += ", sticky" }
        return words
    }

    /// One digit behind the point where it says something.
    private static func percent(_ weight: Int, of total: Int) -> String {
        let tenths = (weight * 1000 + total / 2) / total
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}

extension RouteMatch {
    /// `POST *.dev.example.com/v2/login…, header x-tenant: qa`
    package var words: String {
        let name =
            switch host {
            case .any: "*"
            case .exact(let name): name
            case .below(let domain): "*.\(domain)"
            }
        let rest =
            switch path {
            case .any: "/…"
            case .exact(let path): path
            case .prefix(let path): "\(path)/…"
            case .regex(let text): " path matching \(text)"
            }
        let conditions = [("header", headers), ("cookie", cookies), ("query", query)].flatMap { kind, values in
            values.map { ", \(kind) \($0.words)" }
        }
        return (method.map { "\($0) " } ?? "") + name + rest + conditions.joined()
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
