internal import Model
internal import Planner

/// How the headers that the target sees differ from those that were sent, beside `x-forwarded-…`. A host that is not
/// among them stays.
enum HeaderChange: Hashable, Sendable {
    case set(String, String)
    case removed(String)

    var name: String {
        switch self {
        case .set(let name, _), .removed(let name): name
        }
    }

    var sentence: String {
        switch self {
        case .set(let name, let value): "\(name): \(value)"
        case .removed(let name): "\(name) is taken out"
        }
    }

    /// Of who is sent on, in order of name; refused requests have none.
    static func all(
        of request: GatewayRequest, at gateway: DesiredGateway, _ decision: Decision, _ outcome: Decision.Outcome
    ) -> [HeaderChange] {
        guard case .forward(let endpoint, _, _, _) = outcome.answer else { return [] }
        var sent = Headers(request)
        carry(decision.selection, of: gateway, in: &sent)
        if gateway.listener(of: request, decision.selection)?.isPublic == true { sent.strip(gateway.bareCookies) }
        sent.put("via", sent.value("via").map { "\($0),\(mark(gateway))" } ?? mark(gateway))
        if let rule = decision.rule {
            for name in rule.requestHeaders.remove { sent.remove(name) }
            for (name, value) in rule.requestHeaders.set { sent.put(name, value) }
        }
        if let host = host(for: endpoint) { sent.put("host", host) }
        return sent.changes(from: request)
    }

    private static func mark(_ gateway: DesiredGateway) -> String { "1.1 berth-\(gateway.name)" }

    /// `nil` leaves the client's.
    private static func host(for endpoint: Endpoint) -> String? {
        switch endpoint.hostHeader {
        case .target:
            guard IPv4(endpoint.host) == nil else { return nil }
            return endpoint.port == endpoint.scheme.usualPort ? endpoint.host : "\(endpoint.host):\(endpoint.port)"
        case .preserve: return nil
        case .literal(let name): return name
        }
    }

    /// Who is of a sandbox carries it on; who is of none carries none on.
    private static func carry(_ selection: Selection, of gateway: DesiredGateway, in sent: inout Headers) {
        var headers: [String] = []
        var keys: [Injection: Set<String>] = [:]
        var first: [Injection: String] = [:]
        for selector in gateway.selection {
            switch selector {
            case .header(let name): headers.append(name)
            case .baggage(let key):
                keys[.baggage, default: []].insert(key)
                first[.baggage] = first[.baggage] ?? key
            case .tracestate(let key):
                keys[.tracestate, default: []].insert(key)
                first[.tracestate] = first[.tracestate] ?? key
            case .port, .sourceNetwork, .host, .query, .cookie: break
            }
        }
        for name in headers { sent.remove(name) }
        if let sandbox = selection.sandbox, gateway.injects.contains(.header), let name = headers.first {
            sent.put(name, sandbox.text)
        }
        for list in [Injection.baggage, .tracestate] {
            let isCarried = gateway.injects.contains(list)
            let key = first[list] ?? standardKey
            let ours = isCarried ? selection.sandbox.map { "\(key)=\($0)" } : nil
            sent.carry(ours, insteadOf: keys[list] ?? (isCarried ? [key] : []), in: list.rawValue)
        }
    }

    /// The member that carries a sandbox on where the gateway itself does not read one.
    private static let standardKey = "sandbox"
}

extension DesiredGateway {
    fileprivate var bareCookies: Set<String> {
        Set(
            selection.compactMap { selector in
                if case .cookie(let name, isSigned: false) = selector { name } else { nil }
            })
    }
}

/// The headers of a request, of which some are about to change.
private struct Headers {
    private var values: [String: [String]]

    init(_ request: GatewayRequest) {
        values = Dictionary(grouping: request.headers, by: \.name).mapValues { $0.map(\.value) }
    }

    func value(_ name: String) -> String? { values[name]?.joined(separator: ",") }

    mutating func put(_ name: String, _ value: String) { values[name] = [value] }
    mutating func remove(_ name: String) { values[name] = nil }

    /// Only ours comes and goes; the members of others stay.
    mutating func carry(_ ours: String?, insteadOf keys: Set<String>, in list: String) {
        let members = values[list].map { $0.joined(separator: ",").split(separator: ",") } ?? []
        let others = members.filter { !keys.contains(Self.key(of: $0)) }
        guard ours != nil || others.count < members.count else { return }
        let kept = (ours.map { [$0] } ?? []) + others.map(String.init)
        values[list] = kept.isEmpty ? nil : [kept.joined(separator: ",")]
    }

    mutating func strip(_ cookies: Set<String>) {
        let parts = values["cookie"].map { $0.joined(separator: ";").split(separator: ";") } ?? []
        let kept = parts.filter { !cookies.contains(Self.key(of: $0)) }
        guard kept.count < parts.count else { return }
        let text = kept.map { String($0.drop { $0 == " " }) }.joined(separator: "; ")
        values["cookie"] = kept.isEmpty ? nil : [text]
    }

    private static func key(of member: Substring) -> String {
        String(member.prefix { $0 != "=" }.filter { $0 != " " && $0 != "\t" })
    }

    func changes(from request: GatewayRequest) -> [HeaderChange] {
        let before = Headers(request).values
        let names = Set(before.keys).union(values.keys).sorted()
        return names.compactMap { name in
            guard let now = values[name] else { return .removed(name) }
            return now == before[name] ? nil : .set(name, now.joined(separator: ", "))
        }
    }
}
