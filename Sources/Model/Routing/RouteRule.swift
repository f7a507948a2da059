/// One rule of a gateway: the requests it is for, and what becomes of them. Rules are kept in order of precedence, so
/// that the first that matches decides.
package struct RouteRule: Hashable, Sendable {
    /// `login-api/v2`: the manifest and the rule, for people.
    package var title: String
    package var match: RouteMatch
    /// At least one. Their weights are shares; one of weight 0 gets nothing.
    package var backends: [RouteBackend]
    /// The cookie that keeps a client at the backend it first got.
    package var stickyCookie: String?
    package var rewrite: RouteRewrite?
    package var requestHeaders: HeaderChanges
    package var responseHeaders: HeaderChanges
    /// How long the target may be silent; `nil` leaves the gateway's own.
    package var timeoutMillis: Int?
    /// When requests meant for a sandbox's own deployment go to the baseline instead.
    package var fallback: Set<Fallback>

    package enum Fallback: String, Hashable, Sendable, CaseIterable, Comparable {
        /// It has not proved itself, or failed since.
        case unhealthy
        case suspended

        package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    package init(
        title: String, match: RouteMatch = RouteMatch(), backends: [RouteBackend], stickyCookie: String? = nil,
        rewrite: RouteRewrite? = nil, requestHeaders: HeaderChanges = HeaderChanges(),
        responseHeaders: HeaderChanges = HeaderChanges(), timeoutMillis: Int? = nil, fallback: Set<Fallback> = []
    ) {
        self.title = title
        self.match = match
        self.backends = backends
        self.stickyCookie = stickyCookie
        self.rewrite = rewrite
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
        self.timeoutMillis = timeoutMillis
        self.fallback = fallback
    }
}

/// Which requests a rule is for; all of it must hold.
package struct RouteMatch: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        case any
        /// Lower case, without a port.
        case exact(String)
        /// `*.dev.example.com` is `dev.example.com` here: one label or more before it.
        case below(String)
    }

    package enum Path: Hashable, Sendable {
        case any
        case exact(String)
        /// Segment-aware: `/api` is for `/api` and `/api/x`, and not for `/apiary`. Without a trailing slash; `/` is
        /// written ``any``.
        case prefix(String)
        /// The whole path; see ``RouteRegex`` for what may be written.
        case regex(String)
    }

    /// A header, cookie or query parameter. Header names are lower case.
    package struct Value: Hashable, Sendable {
        package enum Test: Hashable, Sendable {
            case exact(String)
            case present
            case regex(String)
        }

        package let name: String
        package let test: Test

        package init(_ name: String, _ test: Test) {
            self.name = name
            self.test = test
        }
    }

    package var host: Host
    package var path: Path
    /// Upper case.
    package var method: String?
    package var headers: [Value]
    package var cookies: [Value]
    package var query: [Value]

    package init(
        host: Host = .any, path: Path = .any, method: String? = nil, headers: [Value] = [], cookies: [Value] = [],
        query: [Value] = []
    ) {
        self.host = host
        self.path = path
        self.method = method
        self.headers = headers
        self.cookies = cookies
        self.query = query
    }
}

/// Where a share of a rule's requests goes.
package struct RouteBackend: Hashable, Sendable {
    package enum Use: String, Hashable, Sendable, CaseIterable {
        /// The sandbox's own way for the service, or the baseline where it has none.
        case automatic = "auto"
        /// The sandbox's own way for the service, and nothing else.
        case sandbox
        case baseline
    }

    package var service: ServiceName
    package var use: Use
    /// 0 to 1,000,000.
    package var weight: Int

    package init(service: ServiceName, use: Use = .automatic, weight: Int = 1) {
        self.service = service
        self.use = use
        self.weight = weight
    }
}

/// What the target sees instead of the path that was asked for. The query stays.
package enum RouteRewrite: Hashable, Sendable {
    /// Takes the place of the matched prefix (of the whole path where no prefix was matched).
    case prefix(String)
    case path(String)
}

/// Header names are lower case. First what is removed, then what is set.
package struct HeaderChanges: Hashable, Sendable {
    package var set: [String: String]
    package var remove: Set<String>

    package init(set: [String: String] = [:], remove: Set<String> = []) {
        self.set = set
        self.remove = remove
    }

    package var isEmpty: Bool { self.set.isEmpty && remove.isEmpty }
}

/// Whose rules: those of one sandbox, which are asked first, or everybody's.
package enum RouteScope: Hashable, Sendable, Comparable {
    case everybody
    case sandbox(SandboxName)

    package var sandbox: SandboxName? {
        if case .sandbox(let name) = self { name } else { nil }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.sandbox?.text ?? "") < (rhs.sandbox?.text ?? "") }
}

extension RouteScope: CustomStringConvertible {
    package var description: String { sandbox.map { "sandbox \($0)" } ?? "everybody" }
}
