internal import Model

/// The shared deployment of a service.
struct BaselineSpec: Sendable {
    var service: Reference?
    var target = BaselineTarget()
}

/// Where a shared deployment is, and how it is spoken to; also written straight into a service.
struct BaselineTarget: Sendable {
    struct TLS: Sendable {
        var isVerified = true
        var authority: String?
    }

    /// Of an answer's part that names a version.
    private static let pointerBytes = 200

    var url: Endpoint?
    var hostHeader = Endpoint.HostHeader.target
    var tls: TLS?
    var healthPath: String?
    var intervalMillis: Int?
    var versionPath: String?
    var versionPointer = ""

    var endpoint: Endpoint? {
        guard var endpoint = url else { return nil }
        endpoint.hostHeader = hostHeader
        if let tls { endpoint.trust = tls.isVerified ? tls.authority.map(Endpoint.Trust.file) ?? .system : .unverified }
        return endpoint
    }

    var probe: BaselineProbe? {
        guard healthPath != nil || versionPath != nil else { return nil }
        var probe = BaselineProbe(healthPath: healthPath, versionPath: versionPath, versionPointer: versionPointer)
        probe.intervalMillis = intervalMillis ?? probe.intervalMillis
        return probe
    }

    /// Beside `url`.
    static let fields: [Field<BaselineTarget>] = [
        Field(
            "hostHeader", hostHeaderShape, default: "target",
            "What it is told the request is for: target is its own host, preserve the client's, else this name."
        ) { $0.hostHeader = $1 },
        Field("tls", tlsShape, "How it proves who it is, behind https and grpcs.") { $0.tls = $1 },
        Field("health", health, "How it is asked whether it serves, on the way that its requests take.") {
            $0.healthPath = $1.path
            $0.intervalMillis = $1.intervalMillis
        },
        Field("versionProbe", version, "Where it says which version it is.") {
            $0.versionPath = $1.path
            $0.versionPointer = $1.pointer
        },
    ]

    static let instead = [
        "perBranch": "driver configFileMap keeps what each branch shipped without being asked"
    ]

    func check(_ node: Node, _ reader: inout Reader) {
        if let url, let mark = node["url"]?.mark, let refusal = Self.refusal(of: url.host) {
            reader.report(mark, "target", "requests must not go to \(url): \(refusal); write another address")
        }
        guard let url, !url.scheme.isEncrypted, let mark = node["tls"]?.mark else { return }
        reader.report(
            mark, "exclusive", "\"tls\" is for https and grpcs; remove it, or write the address with one of them")
    }

    /// Where nobody's requests may go: what is there tells secrets of the gateway's machine. That machine itself may
    /// well have baselines.
    private static func refusal(of host: String) -> String? {
        let isSecret =
            if let address = IPv4(host) {
                secretNetworks.contains { $0.contains(address.number) }
            } else {
                !".\(host.lowercased())".hasSuffix(".localhost")
            }
        return isSecret ? TargetPolicy.refusal(ofAddress: host) : nil
    }

    private static let secretNetworks = ["169.254.0.0/16", "100.100.100.200/30"].compactMap { Subnet($0) }

    private static let hostHeaderShape = Shape<Endpoint.HostHeader>.parsed(
        .text(pattern: "^[A-Za-z0-9_.-]+$"), "target, preserve, or a host's name; write one of them"
    ) { text in
        switch text {
        case "target": .target
        case "preserve": .preserve
        default: EndpointText.isHost(text) ? .literal(text.lowercased()) : nil
        }
    }

    private static let tlsShape = Shape<TLS>.record(
        "baselineTLS", TLS(),
        [
            Field("verify", .boolean, default: "true", "Whether its certificate must be right.") { $0.isVerified = $1 },
            Field(
                "caFile", .plainPath, default: "what the gateway's node trusts",
                "Certificates to trust, in a PEM file on the gateway's node."
            ) { $0.authority = $1 },
        ], instead: ["caRef": "write caFile: /path of a PEM file on the gateway's node"]
    ) { tls, node, reader in
        if !tls.isVerified, tls.authority != nil {
            reader.report(
                node.mark, "exclusive", "\"verify: false\" looks at no certificate; remove it, or \"caFile\"")
        }
    }

    private struct Health: Sendable {
        var path = "/"
        var intervalMillis: Int?
    }
    private struct Version: Sendable {
        var path = "/"
        var pointer = ""
    }

    private static let health = Shape<Health>.record(
        "baselineHealth", Health(),
        [
            Field("http", question, required: true, "GET must answer 200 to 399.") { $0.path = $1 },
            Field("interval", .duration(1000...3_600_000, "1s to 1h"), default: "30s", "How often it is asked.") {
                $0.intervalMillis = $1
            },
        ])

    private static let question = Shape<String>.record(
        "baselineProbe", "/", [Field("path", .requestPath, default: "/", "What is asked for.") { $0 = $1 }])

    private static let version = Shape<Version>.record(
        "versionProbe", Version(),
        [
            Field("path", .requestPath, required: true, "What is asked for.") { $0.path = $1 },
            Field("jsonPointer", pointer, default: "the whole answer", "The part of its JSON, such as /sha.") {
                $0.pointer = $1
            },
        ])

    /// RFC 6901.
    private static let pointer = Shape<String>.text(
        "a JSON pointer; write it from / on, such as /build/sha", pattern: "^/"
    ) { text in
        let parts = text.split(separator: "~", omittingEmptySubsequences: false).dropFirst()
        return text.hasPrefix("/") && text.utf8.count <= pointerBytes
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            && parts.allSatisfy { $0.hasPrefix("0") || $0.hasPrefix("1") }
    }
}

extension BaselineSpec {
    static let table = KindTable(
        .baseline, "A shared deployment of a service, for everybody who has no own.", BaselineSpec(),
        [
            Field("service", .reference, required: true, "The service it is a deployment of.") { $0.service = $1 },
            Field("url", .endpoint, required: true, "Where it answers.") { $0.target.url = $1 },
        ] + BaselineTarget.fields.map { $0.lifted { baseline, change in change(&baseline.target) } },
        instead: BaselineTarget.instead,
        check: { baseline, node, reader in baseline.target.check(node, &reader) },
        wrap: Spec.baseline)
}
