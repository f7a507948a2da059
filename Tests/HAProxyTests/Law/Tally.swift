internal import Model
internal import Planner

/// How often each branch of the law was met: a test that never meets one says nothing of it.
struct Tally {
    var wrong = 0
    private(set) var counts: [String: Int] = [:]

    static let wanted: Set<String> = [
        "by port", "by network", "by host", "by header", "by baggage", "by tracestate", "by query", "by cookie",
        "by default", "inside", "inside without a service",
        "conflict header=x", "conflict header=x?", "conflict header=?", "conflict baggage=x", "conflict baggage=x?",
        "conflict baggage=?", "conflict tracestate=x", "conflict tracestate=x?", "conflict tracestate=?",
        "conflict query=x", "conflict query=x?", "conflict query=?", "conflict cookie=x", "conflict cookie=?",
        "conflict host=x", "conflict host=x?", "conflict port=x", "conflict network=x",
        "service by host", "service by path", "forwarded", "404", "503", "508", "starting", "suspended",
        "no sandbox on port", "is for calls out of", "names no service", "no route for", "sends nothing",
        "fallback", "failing", "weights", "sticky", "rule of sandbox", "rule of everybody",
        "host exact", "host below", "host any", "path exact", "path prefix", "path regex", "path any", "method",
        "header present", "header exact", "header regex", "cookie present", "cookie exact", "cookie regex",
        "query present", "query exact", "query regex", "rewrite prefix", "rewrite path", "use auto", "use sandbox",
        "use baseline", "long baggage", "long tracestate", "long query", "many parameters", "long cookie",
        "many cookies", "long via", "public", "request headers", "response headers",
    ]

    var missing: [String] { Self.wanted.filter { counts[$0] == nil }.sorted() }

    mutating func count(_ expectation: Expectation, _ outcome: Decision.Outcome) {
        let (decision, request) = (expectation.decision, expectation.request)
        note("by \(decision.selection.by?.word ?? "default")")
        if decision.selection.isInside {
            note(decision.selection.serviceByHost == nil ? "inside without a service" : "inside")
        }
        for conflict in decision.selection.conflicts { note("conflict \(Self.kind(conflict))") }
        if let source = decision.service { note("service by \(source.rawValue)") }
        if request.port == expectation.world.publicWeb { note("public") }
        switch outcome.answer {
        case .forward: note("forwarded")
        case .refuse(let status, let label, let message):
            note("\(status)")
            note(label)
            for part in Self.wanted where message.contains(part) { note(part) }
        }
        if outcome.isFallback { note("fallback") }
        if let target = outcome.key.flatMap({ expectation.world.table.routes[$0] }), case .failing = target {
            note("failing")
        }
        if let rule = decision.rule { count(rule, outcome, decision.outcomes.count) }
        count(request)
    }

    private mutating func count(_ rule: RouteRule, _ outcome: Decision.Outcome, _ outcomes: Int) {
        note(rule.title.hasPrefix("sandbox") ? "rule of sandbox" : "rule of everybody")
        if outcomes > 1 { note(rule.stickyCookie == nil ? "weights" : "sticky") }
        if let use = outcome.backend?.use { note("use \(use.rawValue)") }
        switch rule.match.host {
        case .any: note("host any")
        case .exact: note("host exact")
        case .below: note("host below")
        }
        switch rule.match.path {
        case .any: note("path any")
        case .exact: note("path exact")
        case .prefix: note("path prefix")
        case .regex: note("path regex")
        }
        if rule.match.method != nil { note("method") }
        for (name, values) in [
            ("header", rule.match.headers), ("cookie", rule.match.cookies), ("query", rule.match.query),
        ] {
            for value in values { note("\(name) \(Self.kind(value.test))") }
        }
        switch rule.rewrite {
        case .prefix?: note("rewrite prefix")
        case .path?: note("rewrite path")
        case nil: break
        }
        if !rule.requestHeaders.isEmpty { note("request headers") }
        if !rule.responseHeaders.isEmpty { note("response headers") }
    }

    private mutating func count(_ request: GatewayRequest) {
        func text(_ name: String) -> String {
            request.headers.filter { $0.name == name }.map(\.value).joined(separator: ",")
        }
        if text("baggage").utf8.count > CarrierBounds.baggageBytes { note("long baggage") }
        if text("tracestate").utf8.count > CarrierBounds.tracestateBytes { note("long tracestate") }
        if text("via").utf8.count > 8192 { note("long via") }
        let cookies = text("cookie")
        if cookies.utf8.count > CarrierBounds.cookieBytes { note("long cookie") }
        if cookies.split(separator: ";").count > CarrierBounds.cookies { note("many cookies") }
        let query = request.query ?? ""
        if query.utf8.count > CarrierBounds.queryBytes { note("long query") }
        if query.split(separator: "&").count > CarrierBounds.queryParameters { note("many parameters") }
    }

    private mutating func note(_ what: String) { counts[what, default: 0] += 1 }

    /// `header=qa?` is `header=x?`.
    private static func kind(_ conflict: String) -> String {
        let word = conflict.prefix { $0 != "=" }
        let name = conflict.dropFirst(word.count + 1)
        if name == "?" { return "\(word)=?" }
        return "\(word)=x\(name.hasSuffix("?") ? "?" : "")"
    }

    private static func kind(_ test: RouteMatch.Value.Test) -> String {
        switch test {
        case .present: "present"
        case .exact: "exact"
        case .regex: "regex"
        }
    }
}
