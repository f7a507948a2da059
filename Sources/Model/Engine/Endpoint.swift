/// Where a request can be sent, and how.
package struct Endpoint: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable, CaseIterable {
        case http, https
        /// HTTP/2 from the first byte, as gRPC speaks it: without and with TLS.
        case grpc, grpcs

        package var isEncrypted: Bool { self == .https || self == .grpcs }
        package var usualPort: UInt16 { isEncrypted ? 443 : 80 }
    }

    /// What the target is told the request is for.
    package enum HostHeader: Hashable, Sendable {
        /// The endpoint's own host where that is a name; a container sees the client's.
        case target
        /// The client's.
        case preserve
        case literal(String)
    }

    /// How an encrypted target proves who it is.
    package enum Trust: Hashable, Sendable {
        case system
        /// By the certificates in a file on the gateway's node.
        case file(String)
        /// Not at all.
        case unverified
    }

    package let scheme: Scheme
    /// A DNS name or an IPv4 address.
    package let host: String
    package let port: UInt16
    /// Also the name that is asked for in TLS, where it is a literal.
    package var hostHeader: HostHeader
    package var trust: Trust
    /// Whether the author of a sandbox wrote it, so that where its name leads to is checked against ``TargetPolicy``.
    package var isLiteral: Bool

    package init(
        scheme: Scheme, host: String, port: UInt16, hostHeader: HostHeader = .target, trust: Trust = .system,
        isLiteral: Bool = false
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.hostHeader = hostHeader
        self.trust = trust
        self.isLiteral = isLiteral
    }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        "\(scheme.rawValue)://\(host)" + (port == scheme.usualPort ? "" : ":\(port)")
    }
}

/// Which requests a route is for: those to `service` that selected `sandbox`, or no sandbox at all.
package struct RouteKey: Hashable, Sendable, Comparable {
    /// `nil` for requests outside every sandbox, which go to the shared baseline.
    package let sandbox: SandboxName?
    package let service: ServiceName

    package init(sandbox: SandboxName?, service: ServiceName) {
        self.sandbox = sandbox
        self.service = service
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.sandbox?.text ?? "", lhs.service.text) < (rhs.sandbox?.text ?? "", rhs.service.text)
    }
}

extension RouteKey: CustomStringConvertible {
    package var description: String { sandbox.map { "\($0):\(service)" } ?? ":\(service)" }
}

/// What the gateway does with the requests of a route.
package enum RouteTarget: Hashable, Sendable {
    /// Sends them on. `label` says who serves, for `x-sandbox-route`: `account@feature-login`, `account@baseline`.
    case endpoint(Endpoint, label: String)
    /// The same, of a deployment that does not serve now: a rule with a fallback goes elsewhere.
    case failing(Endpoint, label: String)
    /// Answers 503 and says that the service of the sandbox is not up yet; requests must not reach the baseline instead.
    case starting
    /// Answers 503 and says that the sandbox sleeps.
    case suspended
}

extension RouteTarget: CustomStringConvertible {
    package var description: String {
        switch self {
        case .endpoint(let endpoint, let label): "\(label) (\(endpoint))"
        case .failing(let endpoint, let label): "\(label) (\(endpoint)), failing"
        case .starting: "starting"
        case .suspended: "suspended"
        }
    }
}

extension RouteTarget {
    /// What it connects to, where it connects.
    package var endpoint: Endpoint? {
        switch self {
        case .endpoint(let endpoint, _), .failing(let endpoint, _): endpoint
        case .starting, .suspended: nil
        }
    }
}
