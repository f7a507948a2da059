/// Every limit of this adapter, in one place.
enum Bound {
    // MARK: The proxy's own

    /// Client connections at once.
    static let connections = 4096
    static let threads = 2
    static let connectSeconds = 2
    /// Silence of a client or of a target inside a request.
    static let idleSeconds = 60
    /// Between two requests of a client. Less than a target is given to drain, for until then a replaced process answers
    /// by its old tables.
    static let keepAliveSeconds = 5
    /// From the first byte of a request to the end of its head.
    static let requestHeadSeconds = 30
    /// Silence on an upgraded connection; also how long a replaced process may live on to serve those it has.
    static let tunnelSeconds = 3600
    /// One more try, since a connection of the pool may have been closed by the target in the meantime.
    static let retries = 1

    /// Connections to targets that are kept for the next request.
    static let idleTargetConnections = 1024

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
    /// How much of a file of certificates tells whether it changed.
    static let certificateBytes = 4 << 20
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

    // MARK: Rules

    static let rulesOfAScope = 1_000
    /// A rule as a map holds it: a command of the admin socket must fit into the proxy's buffer of 16 KiB.
    static let ruleBytes = 12_000
    /// Several commands in one line to the admin socket.
    static let commandBytes = 14_000
    /// Scopes whose rules the program keeps as it read them.
    static let compiledScopes = 4_096
    /// Targets that it keeps so.
    static let parsedTargets = 20_000
    /// A longer way than that goes in a circle, as in `Planner`'s `Decision`.
    static let viaBytes = 8192
    /// How far a regular expression may go back and try again, about a millisecond.
    static let regexSteps = 100_000
    /// Lines that the program writes about its own failures, a thread of a process.
    static let complaints = 100

    // MARK: The change log

    /// Beyond this the tables are written anew and the log begins again.
    static let logEditBytes = 1 << 20

    // MARK: Baseline probes

    static let probeMillis = 2_000
    static let probeBytes = 64 << 10
    static let probesAtOnce = 8
    /// How long a survey waits for baselines that were never asked before.
    static let firstProbeMillis = 500
    static let versionCharacters = 200
    /// Frequent enough for anybody, however often a manifest asks.
    static let shortestProbeMillis = 1_000
}
