/// One way in which a request names its sandbox. A gateway's list of these is in order of precedence: the first that
/// names a sandbox it lets through decides.
package enum Selector: Hashable, Sendable {
    /// The port of its own that a sandbox has, for clients that can carry nothing else.
    case port
    /// The network the request comes from: calls out of a sandbox.
    case sourceNetwork
    /// `{sandbox}.{baseDomain}` and `{service}.{sandbox}.{baseDomain}`.
    case host
    case header(String)
    /// A member of the W3C `baggage` header.
    case baggage(key: String)
    /// A member of the W3C `tracestate` header.
    case tracestate(key: String)
    /// A query parameter; it is taken out of what is sent on.
    case query(String, setsCookie: Bool)
    case cookie(String, isSigned: Bool)

    /// What `x-sandbox-route` and `berth explain` call it.
    package var word: String {
        switch self {
        case .port: "port"
        case .sourceNetwork: "network"
        case .host: "host"
        case .header: "header"
        case .baggage: "baggage"
        case .tracestate: "tracestate"
        case .query: "query"
        case .cookie: "cookie"
        }
    }

    /// The order of a gateway that says nothing else.
    package static let standard: [Selector] = standard(header: "x-sandbox")

    package static func standard(header: String) -> [Selector] {
        [
            .port, .sourceNetwork, .host, .header(header), .baggage(key: "sandbox"), .tracestate(key: "sandbox"),
            .query("__sandbox", setsCookie: true), .cookie("__sandbox", isSigned: true),
        ]
    }

    /// Whether a client can claim it without proof. A public listener does not believe these, and strips them.
    package var isUntrusted: Bool {
        switch self {
        case .port, .sourceNetwork, .host: false
        case .header, .baggage, .tracestate, .query: true
        case .cookie(_, let isSigned): !isSigned
        }
    }
}

/// What a request of a sandbox carries on to the next hop, so that the next hop can be told from it.
package enum Injection: String, Hashable, Sendable, CaseIterable, Comparable {
    /// The header of the gateway's ``Selector/header(_:)``.
    case header
    case baggage
    case tracestate

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// How much of a carrier is read. What is longer names nothing and is not sent on: it is text from anybody, and is
/// measured before it is taken apart.
package enum CarrierBounds {
    /// W3C baggage: 8192 bytes and 64 members.
    package static let baggageBytes = 8192
    package static let baggageMembers = 64
    /// W3C trace context: 512 bytes and 32 members.
    package static let tracestateBytes = 512
    package static let tracestateMembers = 32
    package static let queryBytes = 8192
    package static let queryParameters = 128
    package static let cookieBytes = 8192
    package static let cookies = 128
    /// A name is a slug; a signed one has `.` and 64 hex digits behind it.
    package static let valueBytes = 63 + 1 + 64
    /// Gateways that a request has passed (`via`), before it is taken for one that goes in a circle.
    package static let hops = 8
}
