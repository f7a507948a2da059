/// A Route manifest, or a domain and path that stand for a service, with everything worked in.
package struct DesiredRoute: Hashable, Sendable {
    /// `route login-api`, `deployment demo`.
    package let title: String
    package var gateway: GatewayName
    /// Whose requests it is for; empty is everybody's.
    package var sandboxes: Set<SandboxName>
    /// Beside the place each rule is written at. Of one manifest in the order they are written.
    package var rules: [Placed]
    package var tests: [RouteTest]
    package var place: Place
    package var changedBy: Revision?

    package struct Placed: Hashable, Sendable {
        package var rule: RouteRule
        package var place: Place

        package init(rule: RouteRule, place: Place) {
            self.rule = rule
            self.place = place
        }
    }

    package init(
        title: String, gateway: GatewayName, sandboxes: Set<SandboxName> = [], rules: [Placed], tests: [RouteTest] = [],
        place: Place, changedBy: Revision? = nil
    ) {
        self.title = title
        self.gateway = gateway
        self.sandboxes = sandboxes
        self.rules = rules
        self.tests = tests
        self.place = place
        self.changedBy = changedBy
    }
}

/// A request as it reaches a gateway.
package struct GatewayRequest: Hashable, Sendable {
    /// Upper case.
    package var method: String
    /// Lower case, without a port.
    package var host: String
    /// The gateway's port that it came to.
    package var port: UInt16
    /// As it was sent, percent-encoded, from `/` on, without the query.
    package var path: String
    /// Without the `?`; `nil` where there is none.
    package var query: String?
    /// In the order sent; names in lower case.
    package var headers: [Header]
    /// Where it comes from and what it was sent to, where that is known (IPv4).
    package var source: String?
    package var destination: String?

    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        method: String = "GET", host: String, port: UInt16, path: String = "/", query: String? = nil,
        headers: [Header] = [], source: String? = nil, destination: String? = nil
    ) {
        self.method = method
        self.host = host
        self.port = port
        self.path = path
        self.query = query
        self.headers = headers
        self.source = source
        self.destination = destination
    }
}

/// A request beside what its author expects of it; checked before anything is applied.
package struct RouteTest: Hashable, Sendable {
    package enum Target: String, Hashable, Sendable, CaseIterable {
        case sandbox
        case baseline
    }

    package var request: GatewayRequest
    /// `nil` expects that it is refused.
    package var service: ServiceName?
    package var target: Target?
    package var sandbox: SandboxName?
    package var place: Place

    package init(
        request: GatewayRequest, service: ServiceName?, target: Target? = nil, sandbox: SandboxName? = nil, place: Place
    ) {
        self.request = request
        self.service = service
        self.target = target
        self.sandbox = sandbox
        self.place = place
    }
}
