/// How a request finds its target: the rules of one frontend, in order.
struct RequestRules {
    let lines: [String]

    init(_ words: Vocabulary, _ folder: GatewayFolder, selectsByPort: Bool) {
        let admitted = "map(\(folder.file(of: .sandboxes)))"
        lines =
            Self.beginning
            + Self.readHost(words)
            + (selectsByPort
                ? Self.selectByPort(folder.file(of: .ports), admitted) : Self.loadOnly(folder.file(of: .ports)))
            + Self.select(words, admitted)
            + Self.service
            + Self.lookUp(folder.file(of: .routes))
            + Self.forward(words)
    }

    private static let beginning = [
        "acl chosen var(txn.sandbox) -m found",
        "http-request set-var(txn.by) str(default)",
        "http-request set-var(txn.label) str(-)",
        "http-request set-var(txn.shown) str(-)",
        "http-request set-var(txn.port) dst_port",
        "http-request del-header x-sandbox-route",
        // `option forwardfor` adds to what is there, and whoever asks could claim any address.
        "http-request del-header x-forwarded-for",
        #"http-after-response set-header x-sandbox-route "%[var(txn.shown)]/%[var(txn.label)] by %[var(txn.by)]""#,
    ]

    /// Takes `{sandbox}` and `{service}` from the host, counting labels from the end.
    private static func readHost(_ words: Vocabulary) -> [String] {
        guard let domain = words.baseDomain else { return [] }
        let depth = domain.split(separator: ".").count
        func label(_ number: Int) -> String { "var(txn.name),field(-\(depth + number),.)" }
        return [
            "http-request set-var(txn.name) req.hdr(host,1),field(1,:),lower",
            "acl ours var(txn.name) -m end .\(domain)",
            "acl too_deep \(label(3)) -m found",
            "acl names_service \(label(2)) -m len 1:63",
            "http-request set-var(txn.by_host) \(label(1)) if ours !too_deep",
            "http-request set-var(txn.service) \(label(2)) if ours !too_deep names_service",
        ]
    }

    private static func selectByPort(_ ports: String, _ admitted: String) -> [String] {
        [
            "http-request set-var(txn.by_port) dst_port,map(\(ports))",
            "http-request set-var(txn.sandbox) var(txn.by_port) if { var(txn.by_port),\(admitted) -m found }",
            #"http-request return status 404 content-type text/plain "#
                + #"lf-string "no sandbox on port %[var(txn.port)]\n" if !chosen"#,
            "http-request set-var(txn.by) str(port)",
        ]
    }

    /// The proxy loads a map only where a rule names it, and every proxy has all of them.
    private static func loadOnly(_ ports: String) -> [String] {
        ["http-request set-var(txn.by_port) dst_port,map(\(ports)) if FALSE"]
    }

    private static func select(_ words: Vocabulary, _ admitted: String) -> [String] {
        let readHeader = "http-request set-var(txn.by_header) req.fhdr(\(words.selectionHeader),1),lower if !chosen"
        let show = "http-request set-var(txn.shown) var(txn.sandbox) if chosen"
        return choose("by_host", "host", admitted) + [readHeader] + choose("by_header", "header", admitted) + [show]
    }

    private static func choose(_ variable: String, _ word: String, _ admitted: String) -> [String] {
        let condition = "if !chosen { var(txn.\(variable)),\(admitted) -m found }"
        return [
            "http-request set-var(txn.by) str(\(word)) \(condition)",
            "http-request set-var(txn.sandbox) var(txn.\(variable)) \(condition)",
        ]
    }

    private static let service = [
        "acl named var(txn.service) -m found",
        "http-request set-var(txn.in_path) bool(true) if !named",
        "http-request set-var(txn.service) path,field(2,/) if !named",
        #"http-request return status 404 content-type text/plain string "the path names no service\n" "#
            + "unless { var(txn.service) -m reg ^[a-z0-9][a-z0-9-]{0,62}$ }",
    ]

    private static func lookUp(_ routes: String) -> [String] {
        [
            "acl routed var(txn.route) -m found",
            "acl suspended var(txn.route) -m str \(RouteText.suspendedWord)",
            "acl starting var(txn.route) -m str \(RouteText.startingWord)",
            "http-request set-var-fmt(txn.key) %[var(txn.sandbox)]:%[var(txn.service)]",
            "http-request set-var(txn.route) var(txn.key),map(\(routes))",
            "http-request set-var-fmt(txn.key) :%[var(txn.service)] if !routed",
            "http-request set-var(txn.route) var(txn.key),map(\(routes)) if !routed",
            #"http-request return status 404 content-type text/plain lf-string "#
                + #""no route for service %[var(txn.service)] in sandbox %[var(txn.shown)]\n" if !routed"#,
            "http-request set-var(txn.label) str(suspended) if suspended",
            #"http-request return status 503 content-type text/plain lf-string "#
                + #""sandbox %[var(txn.shown)] is suspended\n" if suspended"#,
            "http-request set-var(txn.label) str(starting) if starting",
            #"http-request return status 503 content-type text/plain hdr retry-after 1 lf-string "#
                + #""service %[var(txn.service)] of sandbox %[var(txn.shown)] is starting\n" if starting"#,
            "http-request set-var(txn.address) var(txn.route),field(2,|)",
            "http-request set-var(txn.to) var(txn.route),field(3,|)",
            "http-request set-var(txn.host) var(txn.route),field(4,|)",
            "http-request set-var(txn.label) var(txn.route),field(5,|)",
            // A destination that cannot be read would leave the request's own, which is this proxy.
            #"http-request return status 503 content-type text/plain lf-string "#
                + #""the route of %[var(txn.key)] is damaged\n" "#
                + "unless { var(txn.address) -m ip 0.0.0.0/0 } { var(txn.to) -m int 1:65535 }",
        ]
    }

    private static func forward(_ words: Vocabulary) -> [String] {
        [
            "http-request replace-path ^/[^/]*/?(.*) /\\1 if { var(txn.in_path) -m bool }",
            "http-request set-header \(words.selectionHeader) %[var(txn.sandbox)] if chosen",
            "http-request del-header \(words.selectionHeader) if !chosen",
            "http-request set-header x-forwarded-host %[req.hdr(host,1)]",
            "http-request set-header x-forwarded-proto http",
            "acl encrypted var(txn.route) -m beg https|",
            // A target named by DNS is chosen there by its own host name; a container does not care, and sees the
            // client's.
            "acl own_host var(txn.host),strcmp(txn.address) eq 0",
            "acl usual_port var(txn.to) -m str 80",
            "acl usual_tls_port var(txn.to) -m str 443",
            "http-request set-var-fmt(txn.authority) %[var(txn.host)]:%[var(txn.to)]",
            "http-request set-var(txn.authority) var(txn.host) if usual_port !encrypted",
            "http-request set-var(txn.authority) var(txn.host) if usual_tls_port encrypted",
            "http-request set-header host %[var(txn.authority)] if encrypted or !own_host",
            // Only what may be done twice is sent twice.
            "http-request disable-l7-retry unless METH_GET or { method HEAD OPTIONS }",
            "http-request set-dst var(txn.address)",
            "http-request set-dst-port var(txn.to)",
            "use_backend encrypted if encrypted",
            "default_backend plain",
        ]
    }
}
