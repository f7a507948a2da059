internal import AgentProtocol
internal import Model
internal import Reconciler

/// What is known of an agent, whether it is here or not.
struct Presence: Sendable {
    private(set) var isHere = false
    private(set) var since: Timestamp
    private(set) var seenAt: Timestamp?
    private(set) var hello: Hello?
    private var skewMillis: Int64?
    private var containers = 0
    private var message = ""

    /// A clock that differs by more is told of.
    static let oddSkew: Int64 = 60_000
    /// Ten years; a clock that differs by more is told of as one that differs by these.
    static let mostSkew: Int64 = 3650 * 86_400_000
    /// Characters of an engine's title.
    static let longestTitle = 100

    init(since: Timestamp) { self.since = since }

    mutating func arrive(_ hello: Hello, at now: Timestamp) {
        isHere = true
        since = now
        self.hello = hello
        self.hello?.engine = hello.engine.printable(Self.longestTitle)
        message = Self.words(hello.interrupted)
        hear(hello.now, at: now)
    }

    mutating func leave(_ why: String, at now: Timestamp) {
        isHere = false
        since = now
        message = why
    }

    /// Somebody with its certificate was sent away.
    mutating func refuse(_ why: String) {
        if !isHere { message = why }
    }

    mutating func hear(at now: Timestamp) { seenAt = now }

    mutating func hear(_ itsNow: Timestamp, at now: Timestamp) {
        seenAt = now
        let (skew, isBeyond) = itsNow.milliseconds.subtractingReportingOverflow(now.milliseconds)
        let most = Self.mostSkew
        skewMillis = isBeyond ? (itsNow < now ? -most : most) : min(max(skew, -most), most)
    }

    mutating func see(_ node: ObservedNode) { containers = node.containers.count { $0.ownership.mark != nil } }

    func status(of node: NodeName) -> NodeStatus {
        NodeStatus(
            node: node, connection: isHere ? .connected : .away, since: since, seenAt: seenAt,
            release: hello.map { "\($0.release)" } ?? "", engine: hello?.engine ?? "", skewMillis: skewMillis,
            containers: containers, message: [message, skewWords].filter { !$0.isEmpty }.joined(separator: "; "))
    }

    /// Why it cannot be asked, and what to do.
    func absence(of node: NodeName) -> String {
        guard seenAt != nil else {
            let reason = message.isEmpty ? "" : " (\(message))"
            return "its agent has not connected yet\(reason); start `berth agent` on that machine, with a token of "
                + "`berth node token \(node)` where it has no certificate"
        }
        // The same words for as long as it is away, so that it is told once.
        let reason = message.isEmpty ? "" : ": \(message)"
        return "its agent is away\(reason); see that `berth agent` runs there and reaches "
            + "this controller"
    }

    private var skewWords: String {
        guard isHere, let skewMillis, abs(skewMillis) >= Self.oddSkew else { return "" }
        let way = skewMillis > 0 ? "ahead of" : "behind"
        return "its clock is \(abs(skewMillis) / 1000) s \(way) this controller's"
    }

    /// How many are named before the rest is counted.
    static let mostNamed = 3

    private static func words(_ interrupted: [Interrupted]) -> String {
        guard !interrupted.isEmpty else { return "" }
        let named = interrupted.prefix(mostNamed).map { "\($0.printableAction) (\(words($0.remains)))" }
        let rest = interrupted.count - named.count
        return "it was killed in the middle of " + named.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private static func words(_ remains: Interrupted.Remains) -> String {
        switch remains {
        case .found: "it is there"
        case .notFound: "it is not there"
        case .unknown: "nobody knows what became of it"
        }
    }
}
