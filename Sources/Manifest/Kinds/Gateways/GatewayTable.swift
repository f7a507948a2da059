internal import Model

struct GatewaySpec: Sendable {
    enum Driver: String, CaseIterable, Sendable { case haproxy, configFileMap, traefikLabels }

    var node: Reference?
    var driver = Driver.haproxy
    var baseDomain: Located<String>?
    /// `nil` where nothing is said of them.
    var listeners: [Located<ListenerSpec>]?
    var selection: [Located<SelectionSpec>]?
    var injects: [Located<InjectionWord>]?
    var responseHeaders = ResponseHeaders()
    var configFileMap: ConfigFileMap?
    var traefikLabels = TraefikLabels()
}

extension GatewaySpec {
    /// A machine has some thousand ports; nobody writes this many down.
    private static let mostListeners = 64

    static let table = KindTable(
        .gateway, "The proxy that sends requests to sandboxes.", GatewaySpec(),
        [
            Field("node", .reference, default: "the only node", "The machine it runs on.") { $0.node = $1 },
            Field("driver", Shape<Driver>.choice, default: "haproxy", "The program that does it.") { $0.driver = $1 },
            Field(
                "listeners", ListenerSpec.shape.located.list(atLeast: 1, atMost: mostListeners),
                "Where it listens; driver haproxy needs at least one."
            ) { $0.listeners = $1 },
            Field(
                "baseDomain", Shape<String>.host.located,
                "Host names below it name sandboxes: <sandbox>.<baseDomain>, <service>.<sandbox>.<baseDomain>."
            ) { $0.baseDomain = $1 },
            Field(
                "selection", SelectionSpec.list,
                default: "port, sourceNetwork, host, header, baggage, tracestate, query, cookie",
                "How a request names its sandbox, in order of precedence; what is not listed is not looked at."
            ) { $0.selection = $1 },
            Field("propagation", propagation, "What a request of a sandbox carries on.") { $0.injects = $1 },
            Field("responseHeaders", answers, "The headers in which answers say who served.") {
                $0.responseHeaders = $1
            },
            Field("configFileMap", ConfigFileMap.shape, "What is patched, for driver configFileMap.") {
                $0.configFileMap = $1
            },
            Field("traefikLabels", TraefikLabels.shape, "What labels say, for driver traefikLabels.") {
                $0.traefikLabels = $1
            },
        ],
        instead: [
            "repository": "a gateway that is deployed for each sandbox is a service with a recipe of type phpGateway"
        ],
        check: { gateway, node, reader in
            gateway.checkDriver(node, &reader)
            gateway.checkListeners(&reader)
            gateway.checkSelection(node, &reader)
        },
        wrap: Spec.gateway)

    private static let propagation = Shape<[Located<InjectionWord>]?>.record(
        "propagation", nil,
        [
            Field(
                "inject", Shape<InjectionWord>.choice.located.list(), default: "header, baggage, tracestate",
                "What names the sandbox to the next hop; header is the header of the selection, x-sandbox is the same."
            ) { $0 = $1 }
        ],
        instead: [
            "stripUntrusted":
                "write \"public: true\" at the listener that strangers reach, and what they claim is stripped there"
        ])

    private static let answers = Shape<ResponseHeaders>.record(
        "responseHeaders", ResponseHeaders(),
        [
            Field("route", answer, default: "x-sandbox-route", "Says who served, and why; none says nothing.") {
                $0.route = $1
            },
            Field(
                "conflict", answer, default: "x-sandbox-conflict",
                "Says what named another sandbox than the one that was chosen; none says nothing."
            ) { $0.conflict = $1 },
        ], instead: ["generation": "the header of \"route\" says which commit or branch served"]
    ) { headers, node, reader in
        if let route = headers.route, route == headers.conflict {
            reader.report(
                node.mark, "exclusive", "\"route\" and \"conflict\" are one header; give one of them another name")
        }
    }

    /// `none`, or the name of a header.
    private static let answer = Shape<String?>(Shape<String>.freeHeaderName.schema) { node, reader in
        if node.scalar == "none" { return .some(nil) }
        return Shape<String>.freeHeaderName.read(node, &reader).map(Optional.some)
    }

    var domains: [Located<String>] {
        [baseDomain].compactMap(\.self) + (listeners ?? []).compactMap(\.value.baseDomain)
    }

    // MARK: What must fit together

    private func checkDriver(_ node: Node, _ reader: inout Reader) {
        for (key, owner) in [("configFileMap", Driver.configFileMap), ("traefikLabels", .traefikLabels)] {
            guard let mark = node[key]?.mark, owner != driver else { continue }
            reader.report(mark, "exclusive", "\"\(key)\" belongs to driver \(owner.rawValue); remove it")
        }
        guard driver != .haproxy else {
            if listeners == nil {
                reader.report(node.mark, "missing-key", "key \"listeners\" is missing; write it: Where it listens.")
            }
            return
        }
        for key in ["selection", "propagation", "responseHeaders"] {
            guard let mark = node[key]?.mark else { continue }
            reader.report(mark, "exclusive", "\"\(key)\" belongs to driver haproxy; remove it")
        }
        for listener in listeners ?? [] where !listener.value.isPlainWeb {
            reader.report(
                listener.mark, "exclusive",
                "with driver \(driver.rawValue) a listener has only \"port\" and \"baseDomain\"; remove the rest")
        }
        if driver == .configFileMap, configFileMap == nil {
            reader.report(
                node.mark, "missing-key",
                "key \"configFileMap\" is missing; write it: What is patched, such as {folder: /srv/gateway/{sandbox}}")
        }
        if driver == .traefikLabels, traefikLabels.hostPattern.contains("{baseDomain}"), domains.isEmpty {
            reader.report(
                node.mark, "missing-key",
                "key \"baseDomain\" is missing, and the host names \(traefikLabels.hostPattern) need it; write it")
        }
    }

    private func checkListeners(_ reader: inout Reader) {
        let listeners = listeners ?? []
        EnvironmentSpec.rejectTwins(listeners.map { ($0.value.name, $0.mark) }, "listener", &reader)
        for (index, listener) in listeners.enumerated() {
            guard let ports = listener.value.ownPorts else { continue }
            guard let other = listeners[..<index].first(where: { $0.value.ownPorts?.overlaps(ports) == true }) else {
                continue
            }
            reader.report(
                listener.mark, "range",
                "listeners \(quoted(listener.value.name)) and \(quoted(other.value.name)) at line \(other.mark.line) "
                    + "have port \(max(ports.lowerBound, other.value.ownPorts?.lowerBound ?? 0)) in common; "
                    + "move one of them")
        }
        let sorts: [(words: String, remedy: String, isOne: (ListenerSpec) -> Bool)] = [
            ("a range of sandboxes' ports", "make one range of them", { $0.from != nil }),
            ("calls out of sandboxes", "list its ports under the first", { $0.selects == .sourceNetwork }),
        ]
        for sort in sorts {
            guard let second = listeners.filter({ sort.isOne($0.value) }).dropFirst().first else { continue }
            reader.report(
                second.mark, "listeners", "a second listener for \(sort.words); \(sort.remedy)")
        }
        guard let first = domains.first, let other = domains.first(where: { $0.value != first.value }) else { return }
        reader.report(
            other.mark, "exclusive",
            "a gateway has one base domain, and \(quoted(first.value)) is it at line \(first.mark.line); "
                + "write that here too, or declare a second gateway")
    }

    private func checkSelection(_ node: Node, _ reader: inout Reader) {
        let selectors = selection.map(SelectionSpec.selectors) ?? Selector.standard
        let headers = selectors.compactMap { if case .header(let name) = $0 { name } else { nil } }
        if let taken = headers.first(where: { $0 == responseHeaders.route || $0 == responseHeaders.conflict }) {
            reader.report(
                (node["selection"] ?? node["responseHeaders"] ?? node).mark, "exclusive",
                "header \(quoted(taken)) says who served and cannot name a sandbox too; rename one of them")
        }
        if headers.isEmpty, let header = injects?.first(where: { $0.value.injection == .header }) {
            reader.report(
                header.mark, "exclusive",
                "the selection has no header to inject; add {type: header} to it, or remove this")
        }
    }
}

/// What of a request of a sandbox names it to the next hop.
enum InjectionWord: String, CaseIterable, Sendable {
    case selection = "x-sandbox"
    case header, baggage, tracestate

    var injection: Injection {
        switch self {
        case .selection, .header: .header
        case .baggage: .baggage
        case .tracestate: .tracestate
        }
    }
}
