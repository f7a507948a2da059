/// Every limit of this adapter, in one place.
enum Bound {
    // MARK: The proxy's own

    /// Client connections at once.
    static let connections = 4096
    static let threads = 2
    static let connectSeconds = 2
    /// Silence of a client or of a target inside a request.
    static let idleSeconds = 60
    static let keepAliveSeconds = 60
    /// From the first byte of a request to the end of its head.
    static let requestHeadSeconds = 30
    /// Silence on an upgraded connection; also how long a replaced process may live on to serve those it has.
    static let tunnelSeconds = 3600
    /// One more try, since a connection of the pool may have been closed by the target in the meantime.
    static let retries = 1

    // MARK: Ours

    static let replyBytes = 64 << 20
    static let replyMillis = 10_000
    /// `haproxy -c`, which also resolves nothing and opens nothing.
    static let checkMillis = 10_000
    /// A start, with the binding of every port; HAProxy itself gives up on a port after two seconds.
    static let startMillis = 15_000
    /// From SIGTERM to SIGKILL.
    static let stopMillis = 5_000
    /// Between two looks at whether the proxies still run.
    static let watchMillis = 1_000
    static let pollMillis: Int32 = 5
    static let answersInARow = 3
    static let logBytes = 256 << 10
    /// How much of the proxy's own words an error repeats.
    static let messageBytes = 2_000
    static let fileBytes = 64 << 20
    static let lockAttempts = 8
    /// `del map` removes one of several equal keys on some versions.
    static let deleteAttempts = 16

    static let lookupMillis = 5_000
    static let lookupsAtOnce = 8
    /// How long an answer of the resolver is believed.
    static let lookupCacheMillis = 5_000

    /// What HAProxy accepts as the path of its socket: `sun_path` less the suffix it binds under first.
    static let socketPathBytes = 97
    static let labelBytes = 200
    static let hostBytes = 253
}
