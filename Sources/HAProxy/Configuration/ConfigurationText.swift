internal import Model
internal import Reconciler

/// The configuration of a gateway's proxy. It holds no sandbox and no route: those are in the maps, so that it
/// changes only with the gateway's own listeners.
struct ConfigurationText: Hashable {
    let digest: Digest
    let text: String

    init(_ gateway: DesiredGateway, in folder: GatewayFolder, authorities: String) throws(HostError) {
        let vocabulary = try Vocabulary(gateway, authorities: authorities)
        let body = Self.body(gateway, vocabulary, folder)
        digest = Digest(of: body)
        // The running process repeats its description, so that what runs can be told from what merely lies on disk.
        text = "# berth \(digest)\n" + body.replacing(Self.nobody, with: "description \(describe(digest))")
    }

    private static let nobody = "description nobody"

    private static func body(_ gateway: DesiredGateway, _ words: Vocabulary, _ folder: GatewayFolder) -> String {
        var sections = [globals(folder), defaults]
        if let port = gateway.webPort {
            sections.append(frontend("web", bind: "\(port)", RequestRules(words, folder, selectsByPort: false)))
        }
        if let ports = gateway.sandboxPorts {
            let range = "\(ports.lowerBound)-\(ports.upperBound)"
            sections.append(frontend("sandboxes", bind: range, RequestRules(words, folder, selectsByPort: true)))
        }
        sections.append(backend("plain", server: ""))
        let verified = " ssl verify required ca-file \(words.authorities) sni var(txn.host)"
        sections.append(backend("encrypted", server: verified))
        return sections.joined(separator: "\n\n") + "\n"
    }

    private static func globals(_ folder: GatewayFolder) -> String {
        // `noreuseport`: two proxies that share a port split its requests between two sets of maps, silently.
        """
        global
            \(nobody)
            stats socket \(folder.adminSocket) level admin mode 600 expose-fd listeners
            maxconn \(Bound.connections)
            nbthread \(Bound.threads)
            hard-stop-after \(Bound.tunnelSeconds)s
            noreuseport
            no strict-limits
        """
    }

    // `idle-close-on-response`: a process that is replaced says goodbye with its next answer, rather than closing a
    // kept-alive connection under a request that is on its way.
    private static let defaults = """
        defaults
            mode http
            timeout connect \(Bound.connectSeconds)s
            timeout client \(Bound.idleSeconds)s
            timeout server \(Bound.idleSeconds)s
            timeout tunnel \(Bound.tunnelSeconds)s
            timeout http-keep-alive \(Bound.keepAliveSeconds)s
            timeout http-request \(Bound.requestHeadSeconds)s
            option http-keep-alive
            option idle-close-on-response
            option forwardfor
            http-reuse safe
            retries \(Bound.retries)
            retry-on conn-failure empty-response
        """

    private static func frontend(_ name: String, bind: String, _ rules: RequestRules) -> String {
        (["frontend \(name)", "    bind :\(bind)"] + rules.lines.map { "    \($0)" }).joined(separator: "\n")
    }

    private static func backend(_ name: String, server: String) -> String {
        func answer(_ status: Int, _ words: String) -> String {
            #"    http-error status \#(status) content-type text/plain "#
                + #"lf-string "target %[var(txn.label)] \#(words)\n""#
        }
        return """
            backend \(name)
            \(answer(502, "gave no proper answer"))
            \(answer(503, "does not answer"))
            \(answer(504, "took too long to answer"))
                server target 0.0.0.0:0\(server)
            """
    }
}

/// What `show info` says of a process with this configuration.
func describe(_ digest: Digest) -> String { "berth \(digest)" }
