internal import Model

/// Rules of a gateway.
struct RouteSpec: Sendable {
    var gateway: Reference?
    var sandboxes: [Reference] = []
    var body = RouteBody()
}

/// What a route says of requests, wherever it stands.
struct RouteBody: Sendable {
    var hosts: [RouteMatch.Host] = []
    var rules: [Located<RouteRuleSpec>] = []
    var tests: [Located<RouteTestSpec>] = []
}

extension RouteSpec {
    static let table = KindTable(
        .route, "Rules by which a gateway sends requests to services.", RouteSpec(),
        [
            Field("gateway", .reference, default: "the only gateway of driver haproxy", "Whose rules these are.") {
                $0.gateway = $1
            },
            Field(
                "sandboxes", Shape<Reference>.reference.list(atMost: RouteLimits.sandboxes), default: "everybody",
                "Whose requests they are for. Rules of a sandbox are asked before everybody's."
            ) { $0.sandboxes = $1 },
        ] + RouteBody.fields.map { $0.lifted { route, change in change(&route.body) } },
        wrap: Spec.route)
}

extension RouteBody {
    static let fields: [Field<RouteBody>] = [
        Field(
            "hosts", Shape<RouteMatch.Host>.host.list(atLeast: 1, atMost: RouteLimits.alternatives),
            default: "any host",
            "The hosts that are asked for, such as api.example.com or *.example.com. Calls out of a sandbox by a "
                + "service's name are met only by rules that name it here."
        ) { $0.hosts = $1 },
        Field(
            "rules", RouteRuleSpec.list, required: true,
            "What is done with which requests. Asked in this order: exact hosts before wildcards before any; exact "
                + "paths, then longer before shorter prefixes, then regular expressions, then any; then with a method, "
                + "more headers and cookies, more query parameters; then as written."
        ) { $0.rules = $1 },
        Field(
            "tests", RouteTestSpec.shape.located.list(atMost: RouteLimits.tests),
            "Requests, and where each must go; checked before anything is applied."
        ) { $0.tests = $1 },
    ]

    /// Under `routes` of a sandbox.
    static let shape = Shape<RouteBody>.record("sandboxRoute", RouteBody(), fields)
}

/// One rule, with every way in which a request can be one of its.
struct RouteRuleSpec: Sendable {
    struct Backend: Sendable {
        var service: Reference?
        var use = RouteBackend.Use.automatic
        var weight = 1
    }

    var name: String?
    var matches: [RouteMatch] = []
    var backends: [Backend] = []
    var sticky: Located<String>?
    var rewrite: RouteRewrite?
    var request = HeaderEdits()
    var response = HeaderEdits()
    var timeoutMillis: Int?
    var fallback: Set<RouteRule.Fallback> = []

    static let list = Shape<[Located<RouteRuleSpec>]>(shape.list(atLeast: 1).schema) { node, reader in
        guard let rules = shape.located.list(atLeast: 1, atMost: RouteLimits.rules).read(node, &reader) else {
            return nil
        }
        EnvironmentSpec.rejectTwins(
            rules.compactMap { rule in rule.value.name.map { ($0, rule.mark) } }, "rule", &reader)
        return rules
    }

    private static let shape = Shape<RouteRuleSpec>.record(
        "rule", RouteRuleSpec(),
        [
            Field("name", .name, default: "its number", "What answers and plans call it.") {
                $0.name = Slug.make($1)
            },
            Field(
                "matches", RouteMatch.shape.list(atLeast: 1, atMost: RouteLimits.alternatives),
                default: "every request",
                "The requests it is for; one of these must hold."
            ) { $0.matches = $1 },
            Field(
                "backends", backend.list(atLeast: 1, atMost: RouteLimits.backends),
                "Where they go, in shares by weight."
            ) { $0.backends = $1 },
            Field("service", .reference, "Short for one backend.") { $0.backends = [Backend(service: $1)] },
            Field("sticky", sticky, "Keeps a client at the backend it first got.") { $0.sticky = $1 },
            Field("rewrite", rewrite, "What the target sees instead of the path; the query stays.") { $0.rewrite = $1 },
            Field("headers", headers, "Headers that are changed on the way.") {
                $0.request = $1.request
                $0.response = $1.response
            },
            Field("timeouts", timeouts, "How long is waited.") { $0.timeoutMillis = $1 },
            Field("fallback", fallbackShape, "When the baseline answers for a sandbox's own deployment.") {
                $0.fallback = $1
            },
        ],
        instead: [
            "mirror": "requests cannot be sent to a second target yet; remove it",
            "use": "it belongs to a backend; write backends: [{service: …, use: …}]",
            "weight": "it belongs to a backend; write backends: [{service: …, weight: …}]",
            "path": "it belongs to a match; write matches: [{path: …}]",
        ]
    ) { rule, node, reader in
        if (node["backends"] == nil) == (node["service"] == nil) {
            reader.report(
                node.mark, "exclusive",
                "a rule needs \"backends\", or \"service\" as short for one; write exactly one of them")
        }
        if let mark = node["backends"]?.mark, !rule.backends.isEmpty, rule.backends.allSatisfy({ $0.weight == 0 }) {
            reader.report(mark, "value", "all weights are 0, so requests would go nowhere; give one of them a share")
        }
        if let rewrite = node["rewrite"], rewrite["path"] == nil, let prefix = rewrite["prefix"], !hasPrefixes(node) {
            reader.report(
                prefix.mark, "exclusive",
                "\"rewrite.prefix\" takes the place of a matched prefix, and this match has none; write rewrite: "
                    + "{path: …}, or match path: {prefix: …}")
        }
    }

    /// Whether each match of a rule is one of a prefix, be it a parameter's value; `/` is any path.
    private static func hasPrefixes(_ rule: Node) -> Bool {
        guard let matches = rule["matches"] else { return false }
        guard case .sequence(let matches) = matches.content else { return true }
        return matches.allSatisfy { match in
            let prefix = match["path"]?.scalar ?? match["path"]?["prefix"]?.scalar
            return prefix?.contains { $0 != "/" } ?? false
        }
    }

    private static let backend: Shape<Backend> = .text(
        Shape<Reference>.reference.map { Backend(service: $0) },
        or: .record(
            "backend", Backend(),
            [
                Field("service", .reference, required: true, "The service.") { $0.service = $1 },
                Field(
                    "use", Shape<RouteBackend.Use>.choice, default: "auto",
                    "Its deployment in the sandbox, its baseline, or (auto) the first of the two that there is."
                ) { $0.use = $1 },
                Field("weight", .integer(0...RouteLimits.weight), default: "1", "Its share of the requests.") {
                    $0.weight = $1
                },
            ]))

    private static let sticky = Shape<Located<String>?>.record(
        "sticky", nil,
        [
            Field("cookie", Shape<String>.token("a cookie").located, required: true, "The cookie that remembers it.") {
                $0 = $1
            }
        ]
    ).unwrapped()

    private static let rewrite = Shape<[RouteRewrite]>.record(
        "rewrite", [],
        [
            Field("prefix", Shape<String>.routePath, "Takes the place of the matched prefix.") {
                $0.append(.prefix(PathText.withoutTail($1)))
            },
            Field("path", Shape<String>.routePath, "Takes the place of the whole path.") { $0.append(.path($1)) },
        ]
    ) { _, node, reader in
        if (node["prefix"] == nil) == (node["path"] == nil) {
            reader.report(node.mark, "exclusive", "a rewrite is {prefix: …} or {path: …}; write exactly one of them")
        }
    }.map(\.first).unwrapped()

    private static let headers = Shape<RouteRuleSpec>.record(
        "ruleHeaders", RouteRuleSpec(),
        [
            Field("request", HeaderEdits.shape, "Of requests, before they are sent on.") { $0.request = $1 },
            Field("response", HeaderEdits.shape, "Of answers, before they are given back.") { $0.response = $1 },
        ])

    private static let timeouts = Shape<Int?>.record(
        "timeouts", nil,
        [
            Field(
                "request", .duration(100...3_600_000, "100ms to 1h"), default: "the gateway's own",
                "How long the target may be silent."
            ) { $0 = $1 }
        ], instead: ["connect": "how long connecting takes is the gateway's own affair; remove it"])

    fileprivate enum When: String, CaseIterable, Sendable { case never, unhealthy, suspended }
    private enum Destination: String, CaseIterable, Sendable { case baseline }

    private static let fallbackShape = Shape<Set<RouteRule.Fallback>>.record(
        "fallback", [],
        [
            Field(
                "when", .list(Shape<When>.choice.list(), or: Shape<When>.choice.map { [$0] }), required: true,
                "never, or what must be so: one of unhealthy and suspended, or a list of them."
            ) { $0 = Set($1.compactMap(\.fallback)) },
            Field("to", Shape<Destination>.choice, default: "baseline", "Where requests go then.") { _, _ in },
        ], instead: ["else": "where the baseline does not answer either, the gateway answers 503; remove it"]
    ) { _, node, reader in
        guard case .sequence(let words)? = node["when"]?.content, words.count > 1,
            let never = words.first(where: { $0.scalar == When.never.rawValue })
        else { return }
        reader.report(never.mark, "exclusive", "\"never\" stands alone; remove it, or the other words")
    }
}

extension RouteRuleSpec.When {
    fileprivate var fallback: RouteRule.Fallback? {
        switch self {
        case .never: nil
        case .unhealthy: .unhealthy
        case .suspended: .suspended
        }
    }
}
