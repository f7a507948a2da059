internal import Model

/// The way of a request through the proxy: the program decides, and what it cannot do is done by what it says.
struct Frontend {
    let gateway: DesiredGateway
    let folder: GatewayFolder

    /// Everything that is listened on for requests, and a socket of our own for questions after baselines.
    var sections: [String] {
        [
            section("requests", binds: binds, decision: "http-request lua.decide"),
            section(
                "probes", binds: ["bind unix@\(folder.probeSocket) mode 600"], decision: "http-request lua.probe"),
        ]
    }

    /// Inside ports that another listener has are bound once: whose request it is shows by the addresses.
    private var binds: [String] {
        var bound: Set<UInt16> = []
        var lines: [String] = []
        for listener in gateway.listeners.filter({ !$0.role.isForInside }) {
            bound.formUnion(listener.role.ports)
            let range =
                switch listener.role {
                case .web(let port): "\(port)"
                case .sandboxes(let ports): "\(ports.lowerBound)-\(ports.upperBound)"
                case .inside: ""
                }
            lines.append("bind :\(range)\(Self.encryption(listener))")
        }
        for listener in gateway.listeners.filter(\.role.isForInside) {
            for port in listener.role.ports.sorted() where bound.insert(port).inserted {
                lines.append("bind :\(port)\(Self.encryption(listener))")
            }
        }
        return lines
    }

    private static func encryption(_ listener: GatewayListener) -> String {
        listener.certificate.map { " ssl crt \($0) alpn h2,http/1.1" } ?? ""
    }

    private func section(_ name: String, binds: [String], decision: String) -> String {
        let lines = binds + RequestGuard.lines + [decision] + Self.refusals + forwarding + answering
        return (["frontend \(name)"] + lines.map { "    \($0)" }).joined(separator: "\n")
    }

    /// What is not decided was not judged: it must not reach anybody.
    private static let refusals =
        [
            #"http-request return status 500 content-type text/plain string "the gateway's program failed\n" "#
                + "unless { var(txn.decided) -m found }",
            #"http-request return status 503 content-type text/plain hdr retry-after 1 "#
                + #"lf-string "%[var(txn.message)]\n" if { var(txn.again) -m found }"#,
        ]
        + [404, 502, 503, 508].map {
            #"http-request return status \#($0) content-type text/plain lf-string "%[var(txn.message)]\n" "#
                + "if { var(txn.status) -m int \($0) }"
        }
        + [
            #"http-request return status 500 content-type text/plain string "the gateway's program failed\n" "#
                + "unless { var(txn.address) -m ip 0.0.0.0/0 } { var(txn.to) -m int 1:65535 }"
        ]

    private var forwarding: [String] {
        let answers = [gateway.responseHeaders.route, gateway.responseHeaders.conflict].compactMap(\.self)
        return answers.map { "http-request del-header \($0)" } + [
            "http-request set-header x-forwarded-host %[req.hdr(host,1)]",
            "http-request set-header x-forwarded-proto %[ssl_fc,iif(https,http)]",
            // `option forwardfor` adds to what is there, and whoever asks could claim any address.
            "http-request del-header x-forwarded-for",
            #"http-request add-header via "1.1 berth-\#(gateway.name)""#,
            "http-request set-pathq %[var(txn.pathq)] if { var(txn.pathq) -m found }",
            "http-request lua.change if { var(txn.change) -m found }",
            "http-request set-header host %[var(txn.authority)] if { var(txn.authority) -m found }",
            // Only what may be done twice is sent twice.
            "http-request disable-l7-retry unless METH_GET or { method HEAD OPTIONS }",
            "http-request set-dst var(txn.address)",
            "http-request set-dst-port var(txn.to)",
            "use_backend %[var(txn.backend)]",
        ]
    }

    private var answering: [String] {
        var lines = ["http-response lua.finish if { var(txn.finish) -m found }"]
        if let header = gateway.responseHeaders.route {
            lines += [
                "http-after-response del-header \(header)",
                "http-after-response set-header \(header) %[var(txn.shown)] if { var(txn.shown) -m found }",
            ]
        }
        if let header = gateway.responseHeaders.conflict {
            lines += [
                "http-after-response del-header \(header)",
                "http-after-response set-header \(header) %[var(txn.conflicts)] if { var(txn.conflicts) -m found }",
            ]
        }
        return lines
            + ["sticky", "chosen"].map {
                "http-after-response add-header set-cookie %[var(txn.\($0))] if { var(txn.\($0)) -m found }"
            }
    }
}

/// Where requests go: one backend for each way to connect, for the address is set with every request. One server stands
/// for all targets, hence its pool of idle connections.
enum Backends {
    static let plain = "plain"

    static func suffix(of scheme: Endpoint.Scheme) -> String {
        switch scheme {
        case .http, .https: ""
        case .grpc, .grpcs: "-h2"
        }
    }

    static func sections(_ words: Vocabulary) -> [String] {
        let silent = "does not answer"
        let bare = [("", ""), (suffix(of: .grpc), " proto h2")].map { backend(plain + $0.0, server: $0.1, silent) }
        let encrypted = words.trusts.flatMap { trust in
            [("", "http/1.1"), (suffix(of: .grpcs), "h2")].map { suffix, protocols in
                let server = " ssl \(trust.server) sni var(txn.sni) alpn \(protocols)"
                let unproved =
                    trust.key == RouteText.word(.unverified)
                    ? silent : "\(silent), or does not prove by its certificate who it is"
                return backend(trust.backend + suffix, server: server, unproved)
            }
        }
        return bare + encrypted
    }

    private static func backend(_ name: String, server: String, _ silent: String) -> String {
        func answer(_ status: Int, _ words: String) -> String {
            #"    http-error status \#(status) content-type text/plain "#
                + #"lf-string "target %[var(txn.label)] \#(words)\n""#
        }
        return """
            backend \(name)
            \(answer(502, "gave no proper answer"))
            \(answer(503, silent))
            \(answer(504, "took too long to answer"))
                http-request set-timeout server var(txn.timeout) if { var(txn.timeout) -m found }
                server target 0.0.0.0:0 pool-low-conn \(Bound.idleTargetConnections)\(server)
            """
    }
}

extension GatewayListener.Role {
    fileprivate var isForInside: Bool { if case .inside = self { true } else { false } }
}
