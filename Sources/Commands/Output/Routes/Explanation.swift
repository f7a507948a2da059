package import Model
package import Planner

/// What a gateway does with one request, and why: the answer of `berth explain`.
///
/// Every part of it is asked of the law itself (``Decision``), with less of the gateway's manifest or table where a part
/// of the reason is wanted, so that it cannot say otherwise than the gateway does.
package struct Explanation: Sendable {
    /// Where the table is from.
    package enum Basis: Hashable, Sendable {
        /// What the gateway has now.
        case live
        /// What the manifests of a commit lead to, once everything is done.
        case manifests(Revision)
    }

    package let gateway: DesiredGateway
    package let request: GatewayRequest
    package let basis: Basis
    package let decision: Decision
    /// What the request says of its sandbox, in the gateway's order.
    let carriers: [CarrierFinding]
    let rule: TracedRule?
    let ways: [Way]
    /// Rules that come before what decided, and are not for the request; those that are nearly so.
    let misses: [NearMiss]
    /// How many more there are.
    let otherMisses: Int
    let notes: [String]

    /// At most so many rules that were not for it are told.
    static let mostMisses = 5

    /// `desired` says where everything is written; `notes` is what the reader of the request has to say.
    package init(
        of request: GatewayRequest, at gateway: DesiredGateway, by table: RoutingTable, on basis: Basis,
        in desired: DesiredState, notes: [String] = []
    ) {
        self.gateway = gateway
        self.request = request
        self.basis = basis
        let decision = Decision(of: request, at: gateway, by: table, verify: SignedCookie.sandbox)
        self.decision = decision
        carriers = gateway.selection.compactMap { selector in
            CarrierFinding(of: selector, in: request, at: gateway, by: table, chosen: decision.selection)
        }
        let trail = Trail(desired)
        rule = decision.rule.map { TracedRule($0, trail.rule($0, of: gateway.name, for: decision.selection.sandbox)) }
        let stuck = decision.rule?.stickyCookie.flatMap { Self.cookie($0, of: request) }
            .map { decision.outcome(sticking: $0) }
        ways = decision.outcomes.map { outcome in
            Way(
                outcome, shown: decision.shown(outcome), isChosen: outcome == stuck,
                cause: outcome.key.map { trail.route($0, on: gateway.name) },
                changes: HeaderChange.all(of: request, at: gateway, decision, outcome.reached(basis)))
        }
        let near = NearMiss.all(before: decision, of: request, at: gateway, by: table, trail)
        misses = Array(near.prefix(Self.mostMisses))
        otherMisses = near.count - misses.count
        self.notes = notes + Self.remarks(decision, carriers, basis)
    }

    /// What the answer takes for granted.
    private static func remarks(
        _ decision: Decision, _ carriers: [CarrierFinding], _ basis: Basis
    ) -> [String] {
        let isSigned = carriers.contains { finding in
            if case .cookie(_, isSigned: true) = finding.selector { finding.names != nil } else { false }
        }
        let isUnbuilt = basis != .live && decision.outcomes.contains { $0.namesContainer }
        return [
            isSigned ? "the signature of the cookie is taken for right; only the gateway has the key to it" : nil,
            isUnbuilt ? "the address of a container and the commit of its branch are known only when it runs" : nil,
        ].compactMap(\.self)
    }

    private static func cookie(_ name: String, of request: GatewayRequest) -> String? {
        let text = request.headers.filter { $0.name == "cookie" }.map(\.value).joined(separator: ";")
        for pair in text.split(separator: ";") {
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }
}

extension Decision.Outcome {
    /// Whether its endpoint is a service's name that stands for a container which may not run yet; see
    /// ``RoutingTable/init(of:in:)``.
    fileprivate var namesContainer: Bool {
        guard case .forward(let endpoint, _, _, _) = answer, let key else { return false }
        return key.sandbox != nil && endpoint.host == key.service.text
    }

    /// Where it arrives: a container has an address and no name, and sees the client's host.
    fileprivate func reached(_ basis: Explanation.Basis) -> Decision.Outcome {
        guard basis != .live, namesContainer, case .forward(var endpoint, let label, let path, let query) = answer
        else {
            return self
        }
        var reached = self
        endpoint.hostHeader = .preserve
        reached.answer = .forward(endpoint, label: label, path: path, query: query)
        return reached
    }
}

/// What a signed cookie looks like. Only the gateway has the key that tells whether its signature is right.
enum SignedCookie {
    /// `qa-login-error` of `qa-login-error.<64 hex digits>`
    static func sandbox(_ value: String) -> String? {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 64,
            parts[1].utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        return String(parts[0])
    }
}

extension Explanation {
    /// A rule, and where it is written; `nil` for one that is in no manifest.
    struct TracedRule: Hashable, Sendable {
        let rule: RouteRule
        let cause: Cause?

        init(_ rule: RouteRule, _ cause: Cause?) {
            self.rule = rule
            self.cause = cause
        }
    }

    /// One of the targets that it may go to.
    struct Way: Hashable, Sendable {
        let outcome: Decision.Outcome
        /// What `x-sandbox-route` says then.
        let shown: String
        /// Whether the sticky cookie of the request picks it.
        let isChosen: Bool
        let cause: Cause?
        let changes: [HeaderChange]

        init(_ outcome: Decision.Outcome, shown: String, isChosen: Bool, cause: Cause?, changes: [HeaderChange]) {
            self.outcome = outcome
            self.shown = shown
            self.isChosen = isChosen
            self.cause = cause
            self.changes = changes
        }

        /// Who serves, in the words of ``shown``.
        var label: String {
            switch outcome.answer {
            case .forward(_, let label, _, _), .refuse(_, let label, _): label
            }
        }

        /// The commit that its deployment is made of, which its label ends with: `account@4be1c2d`.
        var commit: String? {
            guard let digits = label.split(separator: "@").last, label.contains("@"), digits.utf8.count == 7,
                digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { return nil }
            return String(digits)
        }
    }
}
