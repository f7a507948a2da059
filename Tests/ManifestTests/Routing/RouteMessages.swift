extension MessageTests {
    private static let gate = "gateway: g\nlisteners: [{name: web, port: 80}]\n---\n"

    private static func route(_ text: String) -> String { gate + "route: r\n\(text)\n" }

    private static func rule(_ text: String) -> String { route("rules: [{service: user, \(text)}]") }

    private static func match(_ text: String) -> String { rule("matches: [{\(text)}]") }

    private static func test(_ request: String, _ expect: String = "service: user") -> String {
        route("rules: [{service: user}]\ntests: [{request: {\(request)}, expect: {\(expect)}}]")
    }

    static let routes: [Case] = [
        Case("no rules", route("hosts: [a.example]")),
        Case("no gateway for rules", "route: r\nrules: [{service: user}]\n"),
        Case(
            "several gateways for rules",
            gate + "gateway: h\nlisteners: [{name: web, port: 81}]\n---\nroute: r\nrules: [{service: user}]\n"),
        Case(
            "gateway without rules",
            "gateway: t\ndriver: traefikLabels\nbaseDomain: a.example\n---\nroute: r\ngateway: t\n"
                + "rules: [{service: user}]\n---\nsandbox: x\ngateway: t\nroutes: {a: {rules: [{service: user}]}}\n"),
        Case("unknown gateway", gate + "route: r\ngateway: h\nrules: [{service: user}]\n"),
        Case("rules of a broken gateway", "gateway: g\nlistners: []\n---\nroute: r\nrules: [{service: user}]\n"),
        Case("unknown sandbox and service", route("sandboxes: [x]\nrules: [{service: usr}]")),
        Case(
            "sandbox behind another gateway",
            gate + "gateway: h\nlisteners: [{name: web, port: 81}]\n---\nsandbox: x\ngateway: h\n---\n"
                + "route: r\ngateway: g\nsandboxes: [x]\nrules: [{service: user}]\n"),
        Case("hosts", route("hosts: [a/b, '*.', '*.a.*', 'a:80']\nrules: [{service: user}]")),
        Case("no hosts", route("hosts: []\nrules: [{service: user}]")),
        Case("two rules of one name", route("rules: [{name: A, service: user}, {name: a, service: user}]")),
        // Backends
        Case("no backends", route("rules: [{name: a}, {name: b, backends: []}]")),
        Case("backends and service", rule("backends: [{service: user}]")),
        Case("weights", route("rules: [{backends: [{service: user, weight: 1000001}]}]")),
        Case(
            "no weight at all",
            route("rules: [{backends: [{service: user, weight: 0}, {service: account, weight: 0}]}]")),
        Case("keys of backends and matches", rule("use: baseline, weight: 1, path: /a")),
        Case(
            "baseline of a service without",
            gate + "service: cart\nimage: y\n---\nroute: r\nrules: "
                + "[{backends: [{service: cart, use: baseline}]}, {service: cart, fallback: {when: unhealthy}}]\n"),
        Case(
            "no deployment of its own",
            route("sandboxes: [x, y]\nrules: [{backends: [{service: user, use: sandbox}]}]")
                + "---\nsandbox: x\nservices: {user: {use: baseline}}\n---\nsandbox: y\nservices: {account: {}}\n"),
        // Matches
        Case("paths", route("rules: [{service: user, matches: [{path: a}, {path: '/a?b'}, {path: {exact: '/a b'}}]}]")),
        Case("paths of two sorts", match("path: {exact: /a, prefix: /b}")),
        Case("path of no sort", match("path: {}")),
        Case("regular expressions", match("path: {regex: '^/a$'}, headers: [{name: a, regex: '(a'}]")),
        Case("method", match("method: post")),
        Case("conditions of two sorts", match("headers: [{name: a, exact: b, present: true}, {name: c}]")),
        Case("absence", match("cookies: [{name: a, present: false}]")),
        Case("names", match("headers: [{name: 'a b', present: true}], query: [{name: 'a[b]', present: true}]")),
        Case("host as a header", match("headers: [{name: Host, exact: a}], host: a.example")),
        Case("values", match("headers: [{name: a, exact: \"a\\nb\"}]")),
        Case("long values", match("headers: [{name: a, exact: \(String(repeating: "x", count: 600))}]")),
        // What becomes of them
        Case("sticky cookie", rule("sticky: {cookie: __sandbox}")),
        Case("rewrites", rule("rewrite: {prefix: /a, path: /b}")),
        Case("rewrite of a prefix without a match", rule("rewrite: {prefix: /a}")),
        Case("rewrite of a prefix that is every path", rule("matches: [{path: /}], rewrite: {prefix: /a}")),
        Case(
            "rewrite of a prefix that not every match has",
            rule("matches: [{path: /b}, {path: {prefix: /c}}, {method: GET}], rewrite: {prefix: /a}")),
        Case("rewrite of a prefix of an exact path", rule("matches: [{path: {exact: /b}}], rewrite: {prefix: /a}")),
        Case("rewrite of a prefix of an expression", rule("matches: [{path: {regex: /b}}], rewrite: {prefix: /a}")),
        Case("rewrite of nothing", rule("rewrite: {}")),
        Case("headers of the connection", rule("headers: {request: {set: {Host: a}, remove: [Connection, 'a b']}}")),
        Case(
            "headers of the gateway",
            rule("headers: {request: {set: {X-Sandbox: a}, remove: [baggage]}, response: {remove: [x-sandbox-route]}}")),
        Case("headers that are one", rule("headers: {request: {set: {x-a: b, X-A: c}}}")),
        Case("header values", rule("headers: {request: {set: {x-a: \"a\\r\\nb: c\"}}}")),
        Case("timeouts", rule("timeouts: {request: 2h, connect: 2s}")),
        Case("fallbacks", rule("fallback: {when: [never, unhealthy], to: sandbox, else: 503}")),
        Case("fallback that is never and more", rule("fallback: {when: [never, unhealthy]}")),
        Case("copies of requests", rule("mirror: {service: user}")),
        Case(
            "too many hosts and matches",
            route(
                "hosts: [\((0..<64).map { "h\($0).example" }.joined(separator: ", "))]\nrules: [{service: user, "
                    + "matches: [\((0..<16).map { "{path: /\($0)}" }.joined(separator: ", "))]}]")),
        Case(
            "too many rules together",
            gate
                + (0..<2).map { part in
                    "route: r\(part)\nrules: [\(Array(repeating: "{service: user}", count: 501).joined(separator: ", "))]\n"
                }.joined(separator: "---\n")),
        // Tests
        Case("address of a test", test("url: 'ftp://a'")),
        Case("fragment in a test", test("url: 'https://a/b#c'")),
        Case("no address", test("method: GET")),
        Case("port of no listener", test("url: 'http://a', port: 81")),
        Case(
            "no listener for a test",
            "gateway: g\nlisteners: [{name: a, from: 8080, to: 8090}]\n---\nroute: r\nrules: [{service: user}]\n"
                + "tests: [{request: {url: 'http://a'}, expect: {service: user}}]\n"),
        Case("host of a test", test("url: 'http://a', headers: {Host: b}")),
        Case("cookies of a test", test("url: 'http://a', cookies: {a: 'b; c=d', 'e f': g}")),
        Case("source of a test", test("url: 'http://a', from: localhost")),
        Case("nothing expected", test("url: 'http://a'", "target: sandbox")),
        Case("refused and reached", test("url: 'http://a'", "service: user, status: 404")),
        Case("refused of a sandbox", test("url: 'http://a'", "status: 404, sandbox: x")),
        Case("unknown in a test", test("url: 'http://a'", "service: usr, sandbox: x")),
        // Routes of sandboxes
        Case("sandbox without a gateway", "sandbox: x\nroutes: {a: {rules: [{service: user}]}}\n"),
        Case("sandboxes of a sandbox", gate + "sandbox: x\nroutes: {a: {sandboxes: [x], rules: [{service: user}]}}\n"),
        Case(
            "routes that are one",
            gate + "sandbox: x\nroutes: {A: {rules: [{service: user}]}, a: {rules: [{service: user}]}}\n"),
        Case(
            "rule of a sandbox for what it does not have",
            gate + "sandbox: x\nroutes: {a: {rules: [{backends: [{service: user, use: sandbox}]}]}}\n"),
        // Deployments
        Case("deployment of nothing", gate + "deployment: d\ndomain: localhost\npath: demo\n"),
        Case("deployment of no domain", gate + "deployment: d\ndomain: 'a b'\nservice: user\nreplicas: 2\n"),
        Case(
            "two deployments in one place",
            gate + "deployment: a\ndomain: A.example\npath: /demo/\nservice: user\n---\n"
                + "deployment: b\ndomain: a.example\npath: /demo\nservice: account\n"),
        Case(
            "deployment without a baseline",
            gate + "service: cart\nimage: y\n---\ndeployment: a\ndomain: a.example\nservice: cart\n"),
        Case("deployment of another program", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"),
    ]
}
