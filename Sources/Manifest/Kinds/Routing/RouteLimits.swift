/// How large rules may be: every request is measured against them, so none may cost more than a look.
package enum RouteLimits {
    /// Rules of one sandbox, or of everybody, at one gateway; each host with each match is one.
    package static let rules = 1000
    /// Hosts of a route, matches of a rule.
    static let alternatives = 64
    /// Headers, cookies or query parameters that one match looks at, and headers that one rule changes.
    static let conditions = 16
    static let backends = 16
    static let weight = 1_000_000
    static let sandboxes = 1000
    static let tests = 200
    static let pathBytes = 1024
    /// Of a header, cookie or query parameter that is compared or set.
    static let valueBytes = 512
    /// Of one in the request of a test.
    static let testValueBytes = 9000
}
