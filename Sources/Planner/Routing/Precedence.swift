package import Model

/// The order in which rules are asked, as the Gateway API has it: exact host before the longest wildcard before any;
/// exact path before the longest prefix before a regular expression; then a method; then most headers, then most query
/// parameters; then the older, which is the one whose place comes first. Cookies count as headers.
package struct Precedence: Comparable {
    private let key: [Int]
    private let place: Place
    private let index: Int

    package init(of rule: DesiredRoute.Placed, index: Int) {
        let match = rule.rule.match
        key = [
            Self.rank(match.host), Self.rank(match.path), match.method == nil ? 1 : 0,
            -(match.headers.count + match.cookies.count), -match.query.count,
        ]
        place = rule.place
        self.index = index
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        for (left, right) in zip(lhs.key, rhs.key) where left != right { return left < right }
        return (lhs.place, lhs.index) < (rhs.place, rhs.index)
    }

    private static func rank(_ host: RouteMatch.Host) -> Int {
        switch host {
        case .exact: Int.min
        case .below(let domain): -domain.utf8.count
        case .any: 0
        }
    }

    /// Prefixes by their length, all before regular expressions and those before any path.
    private static func rank(_ path: RouteMatch.Path) -> Int {
        switch path {
        case .exact: Int.min
        case .prefix(let prefix): -prefix.utf8.count
        case .regex: 0
        case .any: 1
        }
    }
}

extension DesiredState {
    /// The rules of a gateway, by scope, in order of precedence.
    package func rules(of gateway: GatewayName) -> [RouteScope: [RouteRule]] {
        placedRules(of: gateway).mapValues { $0.map(\.rule) }
    }

    package func placedRules(of gateway: GatewayName) -> [RouteScope: [DesiredRoute.Placed]] {
        var scopes: [RouteScope: [DesiredRoute]] = [:]
        for route in routes where route.gateway == gateway {
            if route.sandboxes.isEmpty { scopes[.everybody, default: []].append(route) }
            for sandbox in route.sandboxes { scopes[.sandbox(sandbox), default: []].append(route) }
        }
        return scopes.mapValues(Self.ordered)
    }

    private static func ordered(_ routes: [DesiredRoute]) -> [DesiredRoute.Placed] {
        routes.sorted { ($0.place, $0.title) < ($1.place, $1.title) }.flatMap(\.rules).enumerated()
            .map { (rule: $0.element, precedence: Precedence(of: $0.element, index: $0.offset)) }
            .sorted { $0.precedence < $1.precedence }.map(\.rule)
    }
}
