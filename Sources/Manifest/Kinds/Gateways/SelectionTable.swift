internal import Model

/// One way in which requests name their sandbox, as it is written.
struct SelectionSpec: Sendable {
    enum Sort: String, CaseIterable, Sendable {
        case port, sourceNetwork, host, header, baggage, tracestate, query, cookie

        /// The keys that say more of it.
        fileprivate var keys: Set<String> {
            switch self {
            case .port, .sourceNetwork: []
            case .host: ["pattern"]
            case .header: ["name"]
            case .baggage, .tracestate: ["key"]
            case .query: ["name", "setCookie"]
            case .cookie: ["name", "signed"]
            }
        }

        fileprivate static func owners(of key: String) -> String {
            allCases.filter { $0.keys.contains(key) }.map(\.rawValue).joined(separator: ", ")
        }
    }

    private enum HostPattern: String, CaseIterable, Sendable { case standard = "{sandbox}.{baseDomain}" }

    /// Selectors of one gateway.
    private static let most = 32

    var sort = Sort.port
    /// Header names are lower case.
    var name: String?
    var setsCookie: Bool?
    var isSigned = true

    static let list = Shape<[Located<SelectionSpec>]>(shape.list(atLeast: 1).schema) { node, reader in
        guard let entries = shape.located.list(atLeast: 1, atMost: most).read(node, &reader) else { return nil }
        EnvironmentSpec.rejectTwins(entries.map { ($0.value.title, $0.mark) }, "selection", &reader)
        if !entries.contains(where: { $0.value.sort == .cookie }),
            let query = entries.first(where: { $0.value.setsCookie == true })
        {
            reader.report(
                query.mark, "missing-key",
                "\"setCookie\" needs a cookie that is looked at; add {type: cookie} to the selection")
        }
        return entries
    }

    static func selectors(_ entries: [Located<SelectionSpec>]) -> [Selector] {
        let hasCookie = entries.contains { $0.value.sort == .cookie }
        return entries.map { entry in
            let spec = entry.value
            return switch spec.sort {
            case .port: .port
            case .sourceNetwork: .sourceNetwork
            case .host: .host
            case .header: .header(spec.effectiveName)
            case .baggage: .baggage(key: spec.effectiveName)
            case .tracestate: .tracestate(key: spec.effectiveName)
            case .query: .query(spec.effectiveName, setsCookie: spec.setsCookie ?? hasCookie)
            case .cookie: .cookie(spec.effectiveName, isSigned: spec.isSigned)
            }
        }
    }

    private var effectiveName: String {
        let standard =
            switch sort {
            case .port, .sourceNetwork, .host: ""
            case .header: "x-sandbox"
            case .baggage, .tracestate: "sandbox"
            case .query, .cookie: "__sandbox"
            }
        return name ?? standard
    }

    private var title: String { sort.rawValue + (effectiveName.isEmpty ? "" : " \(effectiveName)") }

    private static let shape = Shape<SelectionSpec>.record(
        "selection", SelectionSpec(),
        [
            Field("type", Shape<Sort>.choice, required: true, "What of a request names the sandbox.") { $0.sort = $1 },
            Field(
                "name", .token("a header, query parameter or cookie"),
                default: "x-sandbox for a header, else __sandbox", "The name, for types header, query and cookie."
            ) { $0.name = $1 },
            Field("key", .token("a member"), default: "sandbox", "The member, for types baggage and tracestate.") {
                $0.name = $1
            },
            Field(
                "pattern", Shape<HostPattern>.choice, default: "{sandbox}.{baseDomain}",
                "Where the host has the name, for type host; there is no other place yet."
            ) { _, _ in },
            Field(
                "setCookie", .boolean, default: "true where a cookie is looked at too",
                "Whether the sandbox is kept in that cookie, for type query."
            ) { $0.setsCookie = $1 },
            Field(
                "signed", .boolean, default: "true",
                "Whether only a cookie that the gateway has set counts, for type cookie."
            ) { $0.isSigned = $1 },
        ]
    ) { selection, node, reader in
        let idle = ["name", "key", "pattern", "setCookie", "signed"].first {
            node[$0] != nil && !selection.sort.keys.contains($0)
        }
        if let idle {
            reader.report(
                node.mark, "exclusive", "\"\(idle)\" belongs to type \(Sort.owners(of: idle)); remove it here")
        }
        guard selection.sort == .header, let name = selection.name?.lowercased() else { return }
        selection.name = name
        if HeaderName.reserved.union(HeaderName.taken).contains(name) {
            reader.report(
                node["name"]?.mark ?? node.mark, "reserved",
                "header \(quoted(name)) has a meaning of its own and cannot name a sandbox; take another")
        }
    }
}
