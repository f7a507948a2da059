internal import Model
internal import Planner

/// What the gateway must do with one request, by the law in Swift, and what it did.
struct Expectation {
    let world: RandomWorld
    let request: GatewayRequest
    let decision: Decision

    init(_ request: GatewayRequest, in world: RandomWorld, _ signatures: RandomRequest.Signatures) {
        self.world = world
        self.request = request
        decision = Decision(of: request, at: world.gateway, by: world.table) { value in
            signatures.good.first { $0.value == value }?.key
        }
    }

    /// The outcome that came to pass, or what is wrong.
    func judge(_ answer: LawAnswer) -> Result<Decision.Outcome, Wrong> {
        guard let outcome = possible.first(where: { matches($0, answer) }) else {
            let wanted = possible.map { "\(decision.shown($0)) \($0.answer)" }.joined(separator: "\n  or ")
            return .failure(Wrong(words: "wanted \(wanted)"))
        }
        for (what, wanted, found) in facts(outcome, answer) where wanted != found {
            return .failure(Wrong(words: "\(what): wanted \(wanted), found \(found)"))
        }
        return .success(outcome)
    }

    struct Wrong: Error { let words: String }

    /// Those that chance may choose, or the one that the cookie stands for.
    private var possible: [Decision.Outcome] {
        if let name = decision.rule?.stickyCookie, let value = cookie(name), !value.isEmpty {
            return [decision.outcome(sticking: value)]
        }
        return decision.outcomes
    }

    private func matches(_ outcome: Decision.Outcome, _ answer: LawAnswer) -> Bool {
        guard answer.one("x-sandbox-route") == decision.shown(outcome) else { return false }
        switch outcome.answer {
        case .forward(let endpoint, _, let path, let query):
            return answer.status == 200 && answer.seen?.address == endpoint.host
                && answer.seen?.first == "\(request.method) \(path)\(query.map { "?\($0)" } ?? "") HTTP/1.1"
        case .refuse(let status, _, let message):
            return answer.status == status && answer.body == "\(message)\n"
        }
    }

    private typealias Fact = (what: String, wanted: [String], found: [String])

    private func facts(_ outcome: Decision.Outcome, _ answer: LawAnswer) -> [Fact] {
        let conflicts = decision.selection.conflicts
        var facts: [Fact] = [
            (
                "conflicts", conflicts.isEmpty ? [] : [conflicts.joined(separator: ", ")],
                answer.all("x-sandbox-conflict")
            ),
            ("cookies", setCookies(answer), answer.all("set-cookie").map(Self.withoutChance).sorted()),
        ]
        guard case .forward(let endpoint, _, _, _) = outcome.answer, let seen = answer.seen else { return facts }
        for selector in world.gateway.selection {
            if case .header(let name) = selector { facts.append((name, carried(name), seen.all(name))) }
        }
        for (name, injection) in [("baggage", Injection.baggage), ("tracestate", .tracestate)] {
            facts.append((name, members(name, injection), seen.all(name)))
        }
        facts.append(("cookie", cookieLines, seen.all("cookie")))
        let changes = decision.rule?.requestHeaders ?? HeaderChanges()
        for name in ["x-added", "x-team", "x-mode"] {
            let sent = request.headers.filter { $0.name == name && !changes.remove.contains(name) }.map(\.value)
            facts.append((name, changes.set[name].map { [$0] } ?? sent, seen.all(name)))
        }
        facts.append(("host", [host(endpoint)], seen.all("host")))
        facts.append(
            ("via", request.headers.filter { $0.name == "via" }.map(\.value) + ["1.1 berth-law"], seen.all("via")))
        facts.append(("x-forwarded-for", [request.source ?? ""], seen.all("x-forwarded-for")))
        let response = decision.rule?.responseHeaders ?? HeaderChanges()
        facts.append(("answer's x-added", response.set["x-added"].map { [$0] } ?? [], answer.all("x-added")))
        facts.append(("answer's x-mine", response.remove.contains("x-mine") ? [] : ["old"], answer.all("x-mine")))
        return facts
    }

    // MARK: What the next hop sees

    private var sandbox: String? { decision.selection.sandbox?.text }

    private func carried(_ name: String) -> [String] {
        guard let sandbox, world.gateway.injects.contains(.header), world.gateway.selectionHeader == name else {
            return []
        }
        return [sandbox]
    }

    private func members(_ name: String, _ injection: Injection) -> [String] {
        let lines = request.headers.filter { $0.name == name }.map(\.value)
        let isInjected = world.gateway.injects.contains(injection)
        let isRead = world.gateway.selection.contains { $0.word == name }
        guard isInjected || isRead else { return lines }
        let (bytes, count) =
            injection == .baggage
            ? (CarrierBounds.baggageBytes, CarrierBounds.baggageMembers)
            : (CarrierBounds.tracestateBytes, CarrierBounds.tracestateMembers)
        let text = lines.joined(separator: ",")
        let all = lines.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let isBounded = text.utf8.count <= bytes && all.count <= count
        var kept = isBounded ? all.filter { Self.key(of: $0) != "sandbox" } : []
        let ours = isInjected ? sandbox.map { "sandbox=\($0)" } : nil
        if isBounded, kept.count == all.count, ours == nil { return lines }
        if let ours { kept.insert(ours, at: 0) }
        while kept.count > count || kept.joined(separator: ",").utf8.count > bytes { kept.removeLast() }
        return kept.isEmpty ? [] : [kept.joined(separator: ",").trimmed]
    }

    private static func key(of member: String) -> String? {
        member.firstIndex(of: "=").map { String(member[..<$0]).trimmed }
    }

    private func host(_ endpoint: Endpoint) -> String {
        if case .literal(let name) = endpoint.hostHeader { return name }
        return request.headers.first { $0.name == "host" }?.value ?? ""
    }

    // MARK: Cookies

    private var cookiePairs: [(name: String?, text: String)]? {
        let text = request.headers.filter { $0.name == "cookie" }.map(\.value).joined(separator: ";")
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard text.utf8.count <= CarrierBounds.cookieBytes, parts.count <= CarrierBounds.cookies else { return nil }
        return parts.map { (Self.key(of: $0), $0) }
    }

    private func cookie(_ name: String) -> String? {
        cookiePairs?.first { $0.name == name }.map { String($0.text.drop { $0 != "=" }.dropFirst()).trimmed }
    }

    private var isPublic: Bool { request.port == world.publicWeb }

    private var cookieLines: [String] {
        let lines = request.headers.filter { $0.name == "cookie" }.map(\.value)
        let bare = world.gateway.selection.compactMap { selector -> String? in
            if case .cookie(let name, false) = selector { name } else { nil }
        }
        guard isPublic, !bare.isEmpty, !lines.isEmpty else { return lines }
        guard let pairs = cookiePairs else { return [] }
        let kept = pairs.filter { pair in !bare.contains { $0 == pair.name } }
        if kept.count == pairs.count { return lines }
        return kept.isEmpty ? [] : [kept.map(\.text).joined(separator: "; ")]
    }

    private func setCookies(_ answer: LawAnswer) -> [String] {
        var cookies: [String] = []
        if let name = decision.rule?.stickyCookie, decision.outcomes.count > 1, (cookie(name) ?? "").isEmpty {
            cookies.append("\(name)=CHANCE; Path=/")
        }
        let first = world.gateway.selection.lazy.compactMap { selector -> (String, Bool)? in
            if case .cookie(let name, let isSigned) = selector { (name, isSigned) } else { nil }
        }.first
        if case .query(_, true)? = decision.selection.by, let (name, isSigned) = first, let sandbox {
            cookies.append("\(name)=\(sandbox)\(isSigned ? ".CHANCE" : ""); Path=/; HttpOnly; SameSite=Lax")
        }
        return cookies.sorted()
    }

    /// Hex digits that the gateway made up or signed with.
    private static func withoutChance(_ cookie: String) -> String {
        cookie.replacing(/\.[0-9a-f]{64};/, with: ".CHANCE;").replacing(/=[0-9a-f]{8};/, with: "=CHANCE;")
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        return String(start[..<(start.lastIndex { $0 != " " }.map(start.index(after:)) ?? start.startIndex)])
    }
}
