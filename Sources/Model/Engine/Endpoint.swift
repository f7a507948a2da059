/// Where a request can be sent.
package struct Endpoint: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable { case http, https }

    package let scheme: Scheme
    /// A DNS name or an IPv4 address.
    package let host: String
    package let port: UInt16

    package init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        let isUsual = port == (scheme == .http ? 80 : 443)
        return "\(scheme.rawValue)://\(host)" + (isUsual ? "" : ":\(port)")
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
    /// Answers 503 and says that the service of the sandbox is not up yet; requests must not reach the baseline instead.
    case starting
    /// Answers 503 and says that the sandbox sleeps.
    case suspended
}

extension RouteTarget: CustomStringConvertible {
    package var description: String {
        switch self {
        case .endpoint(let endpoint, let label): "\(label) (\(endpoint))"
        case .starting: "starting"
        case .suspended: "suspended"
        }
    }
}
